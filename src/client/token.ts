import { REALM } from "../model/names";
import { ClientError } from "./error";

/** A tenant's client, as the stack's outputs have it. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Where Keycloak gives out tokens, below its URL. */
export const TOKEN_PATH = `/realms/${REALM}/protocol/openid-connect/token`;

const TIMEOUT_MS = 10_000;

/** A new access token by a client's own secret. Throws ClientError with what Keycloak says when it refuses. */
export async function fetchToken(
  keycloak: string,
  { clientId, clientSecret }: ClientCredentials,
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  const response = await fetch(`${keycloak}${TOKEN_PATH}`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = (await response.json()) as { access_token?: string; error?: string };
  if (answer.access_token !== undefined) return answer.access_token;
  const { error = "" } = answer;
  const why = Object.hasOwn(REASONS, error) ? `. ${REASONS[error] ?? ""}` : "";
  throw new ClientError(`Keycloak gives ${clientId} no token: ${response.status} ${error}${why}`);
}

/** By what Keycloak answers, of a client's secret. */
const REASONS: Readonly<Record<string, string>> = {
  unauthorized_client:
    "The secret in the outputs is not its own: are they this environment's, and of its last update?",
  invalid_client: "It is suspended, or is not in this environment.",
};
