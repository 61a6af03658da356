import { createRoute, z } from "@hono/zod-openapi";
import { type AuditEvent, outcomeOf } from "./audit";
import type { Api, TenantApiPorts } from "./context";
import { bodyWithin, LARGEST_BODY, told } from "./guard";
import { limiter, nameOf, TOKENS } from "./limits";
import { bare, json } from "./openapi";
import { Problem } from "./problems";
import type { Grant, IssuedToken } from "./token-issuer";

const text = z.string().min(1).max(1_024);
const requestSchema = z
  .strictObject({
    grant_type: z.string().min(1).max(100),
    client_id: text.optional(),
    client_secret: text.optional(),
    username: text.optional().meta({ description: "Of the password grant, which development alone has." }),
    password: text.optional(),
  })
  .openapi("TokenRequest", {
    example: {
      grant_type: "client_credentials",
      client_id: "service-mx-shop",
      client_secret: "the client's secret",
    },
  });
type Asked = z.infer<typeof requestSchema>;

const issuedSchema = z
  .strictObject({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds. There is no refresh token: ask again." }),
  })
  .openapi("IssuedToken", {
    example: { access_token: "eyJhbGciOi...", token_type: "Bearer", expires_in: 300 },
  });

export function addToken(api: Api, ports: TenantApiPorts): void {
  const issue = createRoute({
    ...{ method: "post", path: "/api/token", operationId: "issueToken", tags: ["Tokens"], security: [] },
    summary: "Get a token for a program",
    description: [
      "OAuth 2.0 client credentials (RFC 6749, 4.4). The client's id and secret stand in the form, or in basic authentication.",
      ports.passwordGrant ? "The password grant is open here: this is a development environment." : "",
    ].join(" ").trim(),
    middleware: [bodyWithin(LARGEST_BODY)],
    request: {
      body: { content: { "application/x-www-form-urlencoded": { schema: requestSchema } }, required: true },
    },
    responses: {
      200: json(issuedSchema, "The token."),
      ...bare("invalid_request", "unsupported_grant_type", "invalid_client", "body_too_large", "unsupported_media_type", "fault", "tokens_unavailable", "store_unavailable", "storage_full", "too_many_requests", "keys_unavailable", "directory_unavailable", "internal"), // prettier-ignore
    },
  } as const); // prettier-ignore
  const within = limiter(TOKENS);
  api.openapi(issue, async (c) => {
    const grant = grantOf(withBasic(c.req.valid("form"), c.req.header("authorization")), ports.passwordGrant);
    if (ports.full?.() === true) throw new Problem("storage_full");
    const issued = await ports.tokens(grant);
    const status = { issued: 200, refused: 401, unavailable: 503 }[issued.kind];
    const whose = await issuedTo(ports, issued.kind === "issued" ? issued.token : undefined);
    // Counted when it is known who asks: whoever only names a client takes nothing of what that client may have.
    if (issued.kind === "issued" && !within(whose.name)) throw new Problem("too_many_requests");
    await told(ports, {
      ...whose.event,
      action: "issue_token",
      outcome: outcomeOf(status),
      requestId: c.var.requestId,
    });
    if (issued.kind === "refused") throw new Problem("invalid_client");
    if (issued.kind === "unavailable") throw new Problem("tokens_unavailable");
    return c.json(issued.token, 200);
  });
}

interface Whose {
  /** What is counted: all that are of no one tenant are one. */
  readonly name: string;
  readonly event: Pick<AuditEvent, "tenant" | "user">;
}
const NOBODY: Whose = { name: "", event: { tenant: undefined, user: undefined } };

/**
 * Whose token was issued, as the token itself says: what the form says of a client is merely claimed. Throws a Problem when that
 * cannot be found out now: a token that nobody would know of is not handed out.
 */
async function issuedTo({ identify }: TenantApiPorts, token: IssuedToken | undefined): Promise<Whose> {
  if (token === undefined) return NOBODY;
  const authorization = `Bearer ${token.access_token}`;
  const identity = await identify({ authorization, apiKey: undefined, requestedTenant: undefined });
  switch (identity.kind) {
    case "undecided":
      throw new Problem(identity.code);
    case "deny":
      // Of a person of several tenants, or of an operator: it is good for one at a time.
      return { name: identity.user ?? "", event: { tenant: undefined, user: identity.user } };
    case "principal": {
      const { principal } = identity;
      return { name: nameOf(principal), event: { tenant: principal.tenant.orgId, user: principal.user } };
    }
    default:
      return identity satisfies never;
  }
}

/** The client of basic authentication (RFC 6749, 2.3.1): both parts are encoded as in a form. */
function withBasic(asked: Asked, authorization: string | undefined): Asked {
  if (authorization === undefined) return asked;
  const both = "The client stands in the form or in basic authentication, once and whole.";
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  if (
    id === undefined ||
    secret === undefined ||
    asked.client_id !== undefined ||
    asked.client_secret !== undefined
  )
    throw wrong("header", "authorization", both);
  return { ...asked, client_id: decoded(id), client_secret: decoded(secret) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    throw wrong("header", "authorization", "The client's id or secret is not encoded as in a form.");
  }
}

function grantOf(asked: Asked, passwordGrant: boolean): Grant {
  const { grant_type: kind, client_secret: clientSecret } = asked;
  if (kind === "client_credentials")
    return { kind, clientId: needed(asked, "client_id"), clientSecret: needed(asked, "client_secret") };
  if (kind !== "password" || !passwordGrant) throw new Problem("unsupported_grant_type");
  return {
    kind,
    clientId: needed(asked, "client_id"),
    ...(clientSecret !== undefined && { clientSecret }),
    username: needed(asked, "username"),
    password: needed(asked, "password"),
  };
}

function needed(asked: Asked, field: Exclude<keyof Asked, "grant_type">): string {
  const value = asked[field];
  if (value === undefined) throw wrong("body", field, "It is missing.");
  return value;
}

const wrong = (place: string, field: string, message: string): Problem =>
  new Problem("invalid_request", { errors: [{ in: place, field, message }] });
