import { ClientError } from "./error";
import { fetchToken, type ClientCredentials } from "./token";

/** What `fetch` throws when nobody answers, as one clear message. Other errors stay what they are. */
export function unreachable(what: string, url: string, error: unknown): unknown {
  const { origin } = new URL(url);
  if (error instanceof SyntaxError) return new ClientError(`What answers at ${origin} is not ${what}.`);
  if (!(error instanceof Error)) return error;
  if (error.name === "TimeoutError") return new ClientError(`${what} at ${origin} did not answer in time.`);
  if (!(error instanceof TypeError)) return error;
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  return new ClientError(
    `${what} at ${origin} cannot be reached: ${code ?? message}. Does the environment run?`,
  );
}

/** As {@link fetchToken}; throws ClientError also when Keycloak cannot be reached. */
export async function tokenOf(
  keycloak: string,
  client: ClientCredentials,
  timeoutMs?: number,
): Promise<string> {
  try {
    return await fetchToken(keycloak, client, timeoutMs);
  } catch (error) {
    throw unreachable("Keycloak", keycloak, error);
  }
}
