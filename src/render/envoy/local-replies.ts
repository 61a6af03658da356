import { pathPattern } from "../../model/match";
import { ROUTES, type Listener } from "../../model/routes";
import { DENIALS } from "./names";
import { extension, type Message } from "./protobuf";
import { RETRY_AFTER, TOO_LARGE_MESSAGE } from "./responses";

/** An answer of Envoy's own: when (CEL), and what instead. First match wins. */
interface Reply {
  readonly when: string;
  /** Also decides the gRPC status: 401 is 16, 403 is 7, 429 and 503 are 14. */
  readonly status?: number;
  /** Where that is not the right one. */
  readonly grpcStatus?: number;
  /** Seconds, with 503. */
  readonly retryAfter?: number;
  readonly code: string;
  /** For people, and the whole answer over gRPC. Names no tenant, client or address. */
  readonly message: string;
}

/** Seconds: buckets fill every second. */
const RATE_LIMITED_FOR = 1;

/** Tokens of our realm begin so: its key algorithm stands first in their header. */
const OUR_TOKENS = `Bearer ${Buffer.from('{"alg":"RS256",').toString("base64url")}`;

const detailsAre = (details: string): string => `response.code_details == '${details}'`;
const detailsBegin = (prefix: string): string => `response.code_details.startsWith('${prefix}')`;
const detailsHold = (part: string): string => `response.code_details.contains("${part}")`;
const TOKEN = detailsBegin("jwt_authn_access_denied");
const RBAC = detailsBegin("rbac_access_denied");
const LIMITED = detailsBegin("local_rate_limited");
/** A key that Envoy does not have yet may be new; that of a token that is not our realm's never comes. */
const STRANGER = `${detailsHold("Jwks_doesn't_have_key")} && !request.headers['authorization'].startsWith('${OUR_TOKENS}')`;

const UNDECIDED = { status: 503, message: "This cannot be checked now. Try again." };
const TOKEN_INVALID = { status: 401, code: "token_invalid", message: "The token is not valid here." };
/** RESOURCE_EXHAUSTED: senders drop it. */
const TOO_LARGE = { grpcStatus: 8, code: "body_too_large", message: TOO_LARGE_MESSAGE };
/** UNIMPLEMENTED, as gRPC says of a packing that it does not know. */
const PACKING = {
  grpcStatus: 12,
  code: "encoding_unsupported",
  message: "This compression is not taken here. Send gzip, or none.",
};
const RATE_LIMITED = { code: "rate_limited", message: "Too many requests. Try again later." };
const UNAVAILABLE = { status: 503, message: "This is not available now. Try again." };

/** What cannot be decided is 503, never 401 or 403: senders drop what those answer. */
const REPLIES: readonly Reply[] = [
  { when: `${TOKEN} && ${detailsHold("Jwt_is_missing")}`, status: 401, code: "credential_missing", message: "A credential is missing." },
  { when: `${TOKEN} && ${detailsHold("Jwks")} && !(${STRANGER})`, code: "keys_unavailable", ...UNDECIDED },
  { when: TOKEN, ...TOKEN_INVALID },
  { when: `${RBAC} && ${detailsHold(DENIALS.tokenTimes)}`, ...TOKEN_INVALID },
  { when: `${RBAC} && ${detailsHold(DENIALS.bodyTooLarge)}`, status: 413, ...TOO_LARGE },
  { when: `${RBAC} && ${detailsHold(DENIALS.packing)}`, status: 415, ...PACKING },
  { when: `${RBAC} && ${detailsHold(DENIALS.bindingsUnavailable)}`, code: "tenants_unavailable", ...UNDECIDED },
  { when: `${RBAC} && ${detailsHold(DENIALS.tenantUndecided)}`, code: "tenant_undecided", ...UNDECIDED },
  { when: RBAC, status: 403, code: "tenant_denied", message: "This credential may not use a tenant here." },
  { when: detailsBegin("ext_authz"), code: "authorization_unavailable", ...UNDECIDED },
  { when: LIMITED, status: 429, ...RATE_LIMITED },
  { when: `${detailsAre("direct_response")} || ${detailsAre("route_not_found")}`, status: 404, code: "route_unknown", message: "There is nothing at this path and method." },
  { when: "response.code == 413", ...TOO_LARGE },
  { when: "response.code == 504", code: "timeout", message: "This took too long. Try again." },
  // 501 is the protocol's own: of a transfer coding that nobody knows. It never passes.
  { when: "response.code >= 500 && response.code != 501 || response.code == 408", code: "unavailable", ...UNAVAILABLE },
]; // prettier-ignore

/** The auth service's refusals come with their own code, as JSON. */
const DENIED = `${detailsAre("ext_authz_denied")} && response.code in [401, 403]`;
const DENIED_MESSAGE = "The credential is not valid for this.";

const OTHER = { code: "request_refused", message: "The request is not well-formed." };

/** Bodies and statuses of all that Envoy answers itself. The code details, which say more, go to the access log only. */
export const localReplies = (listener: Listener): Message => ({
  mappers: [
    mapper(GRPC, DENIED, {}, text(DENIED_MESSAGE)),
    ...tooMuch(listener).map((only) => mapper(only, LIMITED, TOO_MUCH, json(RATE_LIMITED))),
    ...(listener === TENANT_API ? apiReplies() : []),
    mapper(ANY, DENIED, {}, { ...text("%LOCAL_REPLY_BODY%"), content_type: "application/json" }),
    ...REPLIES.map((reply) => mapper(GRPC, reply.when, reply, text(reply.message))),
    ...REPLIES.map((reply) => mapper(ANY, reply.when, reply, json(reply))),
  ],
  body_format: json(OTHER),
});

const json = ({ code, message }: Pick<Reply, "code" | "message">): Message => ({
  json_format: { code, message },
});
/** Problem details (RFC 9457), as the tenant API's own answers are. */
const PROBLEM = "application/problem+json";
const problem = ({ code, message }: Pick<Reply, "code" | "message">): Message => ({
  json_format: {
    ...{ type: "about:blank", title: message, status: "%RESPONSE_CODE%", code },
    request_id: "%REQ(X-REQUEST-ID)%",
  },
  content_type: PROBLEM,
});
const text = (message: string): Message => ({ text_format_source: { inline_string: message } });

/** The tenant API's refusals come as problem details, and so does what Envoy answers there. */
const apiReplies = (): readonly Message[] => [
  mapper(API, DENIED, {}, { ...text("%LOCAL_REPLY_BODY%"), content_type: PROBLEM }),
  ...REPLIES.map((reply) => mapper(API, reply.when, reply, problem(reply))),
];

/** For gRPC the body is the whole `grpc-message`, so that it is plain text there. */
const GRPC: readonly Message[] = [
  { header_filter: { header: { name: "content-type", string_match: { prefix: "application/grpc" } } } },
];
const pathIs = (regex: string): readonly Message[] => [
  { header_filter: { header: { name: ":path", string_match: { safe_regex: { regex } } } } },
];
/** Where senders drop what is answered 429 (model/routes.ts). */
const TOO_MUCH: Partial<Reply> = { status: 503, retryAfter: RATE_LIMITED_FOR };
const tooMuch = (listener: Listener): readonly (readonly Message[])[] =>
  [
    ...new Set(
      ROUTES.filter(({ listeners, tooMuch }) => tooMuch !== undefined && listeners.includes(listener)).map(
        pathPattern,
      ),
    ),
  ].map((pattern) => pathIs(`${pattern}(\\?.*)?`));
/** The listener that the tenant API is on. */
const TENANT_API: Listener = "otlpHttp";
/** Its paths, whether or not there is something. */
const API = pathIs("/api([/?].*)?");
const ANY: readonly Message[] = [];

function mapper(
  only: readonly Message[],
  when: string,
  { status, grpcStatus, retryAfter }: Partial<Reply>,
  body: Message,
): Message {
  const condition = {
    extension_filter: extension(
      "envoy.access_loggers.extension_filters.cel",
      "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
      { expression: when },
    ),
  };
  return {
    filter: only.length === 0 ? condition : { and_filter: { filters: [...only, condition] } },
    ...(status !== undefined && {
      status_code: status,
      headers_to_add: [...headers(status, retryAfter), ...(only === GRPC ? grpcHeaders(grpcStatus) : [])],
    }),
    body_format_override: body,
  };
}

const grpcHeaders = (status: number | undefined): readonly Message[] =>
  status === undefined ? [] : [overwrite("grpc-status", `${status}`)];

const overwrite = (key: string, value: string): Message => ({
  header: { key, value },
  append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
});

function headers(status: number, retryAfter = RETRY_AFTER): readonly Message[] {
  const added: Readonly<Record<number, Message>> = {
    401: overwrite("www-authenticate", "Bearer"),
    429: overwrite("retry-after", `${RATE_LIMITED_FOR}`),
    503: overwrite("retry-after", `${retryAfter}`),
  };
  const header = added[status];
  return header === undefined ? [] : [header];
}
