import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { DenialCode, UndecidedCode } from "../decision";

export type ProblemCode =
  | Exclude<DenialCode, "route_unknown">
  | UndecidedCode
  | "invalid_request"
  | "invalid_json"
  | "invalid_cursor"
  | "invalid_client"
  | "unsupported_grant_type"
  | "not_found"
  | "method_not_allowed"
  | "already_exists"
  | "precondition_failed"
  | "body_too_large"
  | "unsupported_media_type"
  | "too_many_requests"
  | "fault"
  | "store_unavailable"
  | "tokens_unavailable"
  | "storage_full";

interface Kind {
  readonly status: ContentfulStatusCode;
  readonly title: string;
}

/** Every problem that the API answers with: `code` is stable, and the description lists them. */
export const PROBLEMS: Readonly<Record<ProblemCode, Kind>> = {
  invalid_request: { status: 400, title: "The request is not one that this operation takes" },
  invalid_json: { status: 400, title: "The body is not the JSON that is taken here" },
  invalid_cursor: { status: 400, title: "The cursor is not one that this list gave" },
  unsupported_grant_type: { status: 400, title: "Tokens are not issued for this grant" },
  credential_missing: { status: 401, title: "The request carries no credential" },
  credential_ambiguous: { status: 401, title: "The request carries several credentials, or one that can be read in two ways" }, // prettier-ignore
  token_invalid: { status: 401, title: "The token is not valid, or not any more" },
  key_invalid: { status: 401, title: "The API key is not valid, or not any more" },
  invalid_client: { status: 401, title: "The client is not known, or its secret is another one" },
  tenant_denied: { status: 403, title: "The credential is not good for this tenant, or the tenant is suspended" },
  tenant_required: { status: 403, title: "The credential is good for several tenants: X-Scope-OrgID must name one" },
  right_missing: { status: 403, title: "The credential has no right to this" },
  not_found: { status: 404, title: "There is no such thing" },
  method_not_allowed: { status: 405, title: "There is something here, but not with this method" },
  already_exists: { status: 409, title: "There is an entry under this key already" },
  precondition_failed: { status: 412, title: "It is not, or not any more, what the condition says" },
  body_too_large: { status: 413, title: "The body is larger than is taken here" },
  unsupported_media_type: { status: 415, title: "The body is of a type that is not taken here" },
  too_many_requests: { status: 429, title: "More requests than one caller may send" },
  fault: { status: 500, title: "A fault of ours" },
  keys_unavailable: { status: 503, title: "Whether the credential is good cannot be said at the moment" },
  directory_unavailable: { status: 503, title: "The tenants are not known at the moment" },
  internal: { status: 503, title: "Whether the credential is good could not be found out" },
  store_unavailable: { status: 503, title: "The store does not answer at the moment; nothing is known to have changed" },
  tokens_unavailable: { status: 503, title: "Tokens are not issued at the moment" },
  storage_full: { status: 507, title: "There is no room for more" },
}; // prettier-ignore

/** Seconds until the caller should try again. */
const RETRY_AFTER: Partial<Record<number, number>> = { 429: 1, 503: 5 };

/** One wrong thing in a request. */
export interface Mistake {
  readonly in: string;
  /** Where in it: `rights.0`; empty for all of it. */
  readonly field: string;
  readonly message: string;
}

export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly Mistake[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere in the API: becomes the answer. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly code: ProblemCode,
    readonly details: ProblemDetails = {},
  ) {
    super(code);
  }
}

const OAUTH: Partial<Record<ProblemCode, string>> = {
  invalid_client: "invalid_client",
  unsupported_grant_type: "unsupported_grant_type",
};

/** Its media type. */
export const PROBLEM_TYPE = "application/problem+json";

/** Problem details as of RFC 9457. `type` leads to the readable page. */
export function problemBody(
  code: ProblemCode,
  requestId: string | undefined,
  { detail, errors }: ProblemDetails = {},
) {
  const { status, title } = PROBLEMS[code];
  return {
    type: `/api/docs#${code}`,
    title,
    status,
    detail: detail ?? `${title}.`,
    code,
    ...(requestId !== undefined && { request_id: requestId }),
    ...(errors !== undefined && { errors }),
    // What clients of OAuth look for (RFC 6749).
    ...(OAUTH[code] !== undefined && { error: OAUTH[code] }),
  };
}

export function problemResponse(
  code: ProblemCode,
  requestId: string,
  { headers, ...details }: ProblemDetails = {},
): Response {
  const { status } = PROBLEMS[code];
  const retry = RETRY_AFTER[status];
  return new Response(JSON.stringify(problemBody(code, requestId, details)), {
    status,
    headers: {
      "content-type": PROBLEM_TYPE,
      ...(status === 401 && { "www-authenticate": 'Bearer realm="atalaya"' }),
      ...(retry !== undefined && { "retry-after": `${retry}` }),
      ...headers,
    },
  });
}
