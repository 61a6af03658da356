import { z } from "zod";
import { noTracing, type Tracing } from "../tracing/tracing";
import { json } from "../directory";

/** What is asked of Keycloak. */
export type Grant =
  | { readonly kind: "client_credentials"; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: "password";
      readonly clientId: string;
      readonly clientSecret?: string;
      readonly username: string;
      readonly password: string;
    };

export interface IssuedToken {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
}

export type Issued =
  | { readonly kind: "issued"; readonly token: IssuedToken }
  /** Keycloak knows no such client, secret or person. */
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable" };

export type TokenIssuer = (grant: Grant) => Promise<Issued>;

/** Milliseconds. */
const PATIENCE = 5_000;
/** Bytes. */
const LARGEST_ANSWER = 64 * 1024;

const answerSchema = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().int().nonnegative(),
});

/** Forwards to Keycloak's token endpoint. Nothing of its answer is passed on but a token: its refusals say who exists. */
export function keycloakIssuer(url: URL, patience = PATIENCE, tracing: Tracing = noTracing): TokenIssuer {
  return (grant) =>
    tracing.span("keycloak.token", {}, async (span) => {
      let response: Response;
      try {
        response = await fetch(url, {
          method: "POST",
          body: formOf(grant),
          headers: { accept: "application/json", ...tracing.inject() },
          redirect: "error",
          signal: AbortSignal.timeout(patience),
        });
        span.set({ "http.response.status_code": response.status });
        const text = await boundedText(response);
        // What is wrong with the credentials is 400 or 401; 403 is a client that may not do this, 429 and 5xx say nothing of it.
        if ([400, 401, 403].includes(response.status)) return { kind: "refused" };
        const answer = response.status === 200 ? answerSchema.safeParse(json(text)) : undefined;
        if (answer?.success !== true) return { kind: "unavailable" };
        return { kind: "issued", token: { ...answer.data, token_type: "Bearer" } };
      } catch (error) {
        span.failed(error);
        return { kind: "unavailable" };
      }
    });
}

function formOf(grant: Grant): URLSearchParams {
  const { clientId: client_id, clientSecret: client_secret } = grant;
  const common = { client_id, ...(client_secret !== undefined && { client_secret }) };
  if (grant.kind === "client_credentials")
    return new URLSearchParams({ grant_type: "client_credentials", ...common });
  const { username, password } = grant;
  return new URLSearchParams({ grant_type: "password", ...common, username, password });
}

async function boundedText({ body }: Response): Promise<string> {
  const parts: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of parts) {
    size += chunk.byteLength;
    if (size > LARGEST_ANSWER) throw new Error(`more than ${LARGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
