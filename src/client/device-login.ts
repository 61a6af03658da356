import { setTimeout as sleep } from "node:timers/promises";
import { PEOPLE_CLIENT, REALM } from "../model/names";
import { ClientError } from "./error";
import { unreachable } from "./reach";
import { TOKEN_PATH } from "./token";

/** What a person needs to log in on any device with a browser. */
export interface DeviceCode {
  readonly verificationUri: string;
  readonly userCode: string;
  /** With the code in it, where the server offers that. */
  readonly verificationUriComplete?: string;
  /** Seconds. */
  readonly expiresIn: number;
}

export interface DeviceLogin {
  /** Shows the person where to go. */
  readonly show: (code: DeviceCode) => void;
  /** Milliseconds; for tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const DEVICE_PATH = `/realms/${REALM}/protocol/openid-connect/auth/device`;
const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const TIMEOUT_MS = 10_000;
/** RFC 8628, 3.2 and 3.5: seconds between two questions, and how many more after `slow_down`. */
const INTERVAL_S = 5;
const SLOWER_S = 5;

/**
 * Logs a person in by a code that is typed into a browser (RFC 8628) and returns the access token. Throws ClientError when
 * the person refuses, the code expires, or Keycloak does.
 */
export async function deviceLogin(keycloak: string, { show, wait = sleep }: DeviceLogin): Promise<string> {
  const { status, answer } = await post(keycloak, DEVICE_PATH, { client_id: PEOPLE_CLIENT });
  const deviceCode = text(answer, "device_code");
  const verificationUri = text(answer, "verification_uri");
  const userCode = text(answer, "user_code");
  if (deviceCode === undefined || verificationUri === undefined || userCode === undefined)
    throw new ClientError(
      `Keycloak starts no login by code: ${status} ${errorOf(answer)}. Is the client ${PEOPLE_CLIENT} declared in this environment?`,
    );
  const expiresIn = seconds(answer, "expires_in", 600);
  const complete = text(answer, "verification_uri_complete");
  show({
    ...{ verificationUri, userCode, expiresIn },
    ...(complete !== undefined && { verificationUriComplete: complete }),
  });
  let interval = seconds(answer, "interval", INTERVAL_S);
  for (let waited = 0; waited < expiresIn; waited += interval) {
    await wait(interval * 1_000);
    const given = await ask(keycloak, deviceCode);
    if (given.token !== undefined) return given.token;
    if (given.slower) interval += SLOWER_S;
  }
  throw expired();
}

const expired = (): ClientError =>
  new ClientError("The code has expired before anybody logged in with it. Run this again.");

/** Asks once whether the person has logged in. Throws when that will not happen any more. */
async function ask(
  keycloak: string,
  deviceCode: string,
): Promise<{ readonly token?: string; readonly slower: boolean }> {
  const form = { grant_type: GRANT, client_id: PEOPLE_CLIENT, device_code: deviceCode };
  const { status, answer } = await post(keycloak, TOKEN_PATH, form);
  const token = text(answer, "access_token");
  if (token !== undefined) return { token, slower: false };
  const error = errorOf(answer);
  switch (error) {
    case "authorization_pending":
    case "slow_down":
      return { slower: error === "slow_down" };
    case "access_denied":
      throw new ClientError("The login was refused in the browser.");
    case "expired_token":
      throw expired();
    default:
      // A server that is busy for a moment; the code's own life ends this.
      if (status >= 500) return { slower: true };
      throw new ClientError(`Keycloak gives no token for the code: ${status} ${error}`);
  }
}

type Answer = Readonly<Record<string, unknown>>;

async function post(
  keycloak: string,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly answer: Answer }> {
  try {
    const response = await fetch(`${keycloak}${path}`, {
      method: "POST",
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, answer: parsed(await response.text()) };
  } catch (error) {
    throw unreachable("Keycloak", keycloak, error);
  }
}

function parsed(body: string): Answer {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null ? (answer as Answer) : {};
  } catch {
    return {};
  }
}

const text = (answer: Answer, name: string): string | undefined =>
  typeof answer[name] === "string" ? answer[name] : undefined;
const seconds = (answer: Answer, name: string, otherwise: number): number =>
  typeof answer[name] === "number" && answer[name] > 0 ? answer[name] : otherwise;
const errorOf = (answer: Answer): string => text(answer, "error") ?? "";
