import {
  CREDENTIAL_HEADERS,
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  TRUSTED_HEADERS,
  UNTRUSTED_HEADERS,
  USER_HEADER,
} from "../../model/headers";
import { FILTERS } from "./names";
import { any, extension, remove, set, type Message } from "./protobuf";

const HEADER_MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
const LUA = "envoy.extensions.filters.http.lua.v3";

/** Of the router's own, which is missing where an upstream answers before it has the whole request. */
const UPSTREAM_TIME = "x-envoy-upstream-service-time";
/** Set on what an upstream answered, and on nothing that Envoy answers itself, for the filters after it; goes no further. */
const FROM_UPSTREAM = "x-atalaya-from-upstream";
/** Seconds; for senders that were told "not now" without being told when. */
export const RETRY_AFTER = 5;

export const TOO_LARGE_MESSAGE = "The request is too large.";

const cel = (expression: string): string => `%CEL(${expression})%`;

/**
 * The last word on every response: when to come back, and nothing about what runs here. And on a request's trailers, which
 * nobody judges: no header that carries trust or a credential stands there.
 */
export const finishFilter = (): Message =>
  extension(FILTERS.finish, HEADER_MUTATION, {
    mutations: {
      request_trailers_mutations: [
        ...TRUSTED_HEADERS,
        ...UNTRUSTED_HEADERS,
        REQUESTED_TENANT_HEADER,
        ...CREDENTIAL_HEADERS,
      ].map(remove),
      response_mutations: [
        set(
          "retry-after",
          cel(`response.code in [429, 502, 503, 504] ? '${RETRY_AFTER}' : ''`),
          "ADD_IF_ABSENT",
        ),
        ...["server", "x-powered-by", UPSTREAM_TIME, FROM_UPSTREAM, TENANT_HEADER, USER_HEADER].map(remove),
      ],
    },
  });

/** The first to see a response. */
export const fromUpstreamFilter = (): Message =>
  extension(FILTERS.fromUpstream, HEADER_MUTATION, {
    mutations: {
      response_mutations: [
        remove(FROM_UPSTREAM),
        set(FROM_UPSTREAM, cel("response.code_details == 'via_upstream' ? 'yes' : ''")),
      ],
    },
  });

/** gRPC codes that OTLP senders retry: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRIED = ["1", "4", "10", "11", "14", "15"];

/** UNKNOWN, RESOURCE_EXHAUSTED (without RetryInfo) and INTERNAL make senders drop what another attempt would bring through. */
const MENDED = ["2", "8", "13"];
/** What the collector's gRPC server says of a message that can never pass, whatever its code: that code stays. */
const NEVER = [
  "larger than max",
  "error unmarshalling request",
  "failed to decompress",
  "failed to read decompressed data",
  "compressed flag set",
  "unexpected payload format",
  // A backend's; the collector makes UNKNOWN of them.
  "HTTP Status Code 413",
  "HTTP Status Code 415",
  "HTTP Status Code 422",
] as const;
const [TOO_LARGE] = NEVER;
const REFUSED = "The backend refused this.";
const REFUSED_CODE = "backend_refused";

/**
 * What the collector answers over gRPC. What may pass later becomes UNAVAILABLE, which senders retry. Messages name internal
 * addresses and are replaced; the details hold both again and go.
 */
export const mendGrpcFilter = (): Message =>
  extension(FILTERS.mendGrpc, HEADER_MUTATION, {
    mutations: { response_mutations: mended("headers"), response_trailers_mutations: mended("trailers") },
  });

function mended(where: "headers" | "trailers"): readonly Message[] {
  const value = (name: string) => `response.${where}['${name}']`;
  const status = value("grpc-status");
  // Trailers are always the upstream's: what Envoy answers itself has its status in the headers, and is well as it is.
  const ours = where === "headers" ? `!('${FROM_UPSTREAM}' in response.headers)` : "false";
  const message = value("grpc-message");
  const says = (text: string): string =>
    `'grpc-message' in response.${where} && ${message}.contains('${text}')`;
  const never = NEVER.map((text) => `(${says(text)})`).join(" || ");
  const refused = `${status} == '8' && ${says(TOO_LARGE)} ? '${TOO_LARGE_MESSAGE}' : '${REFUSED}'`;
  const words = `${status} in ${celList(RETRIED)} ? 'The backend cannot take this now.' : (${refused})`;
  // The status first, from the original message; then the words, from what it is now.
  return [
    set(
      "grpc-status",
      cel(`!(${ours}) && ${status} in ${celList(MENDED)} && !(${never}) ? '14' : ${status}`),
      "OVERWRITE_IF_EXISTS",
    ),
    set("grpc-message", cel(`${ours} || ${status} == '0' ? ${message} : (${words})`), "OVERWRITE_IF_EXISTS"),
    remove("grpc-status-details-bin"),
  ];
}

const celList = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(", ")}]`;

/** How an upstream's errors are answered in our words. */
interface Errors {
  /** The lowest status whose body is replaced. */
  readonly from: number;
  /** Statuses that become 503. */
  readonly unavailable: readonly number[];
  /** What is known of a refusal by what its body says; the first that is there. */
  readonly known?: readonly Known[];
}

interface Known {
  /** In a body of that status. */
  readonly when: number;
  readonly says: string;
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A backend's 4xx about a query is the asker's to read. */
const BACKEND: Errors = { from: 500, unavailable: [] };
/** Prometheus and the collector's exporter drop what remote write answers 429, unless they are told otherwise. */
const REMOTE_WRITE: Errors = { from: 500, unavailable: [429] };

const MALFORMED = {
  status: 400,
  code: "body_malformed",
  message: "The body is not what its Content-Type and Content-Encoding say.",
};
const TOO_LARGE_BODY = { status: 413, code: "body_too_large", message: TOO_LARGE_MESSAGE };
/** What the collector's receiver says itself; all other refusals are a backend's. */
const RECEIVER: readonly Known[] = [
  // Of a backend's refusals the collector makes 500 of those that it does not know.
  { when: 500, says: "HTTP Status Code 413", ...TOO_LARGE_BODY },
  { when: 500, says: "HTTP Status Code 415", status: 400, code: REFUSED_CODE, message: REFUSED },
  { when: 500, says: "HTTP Status Code 422", status: 400, code: REFUSED_CODE, message: REFUSED },
  { when: 400, says: "error exporting items", status: 400, code: REFUSED_CODE, message: REFUSED },
  { when: 400, says: "request body too large", ...TOO_LARGE_BODY },
  { when: 400, says: "exceeds max request body size", ...TOO_LARGE_BODY },
  { when: 400, says: "", ...MALFORMED },
  { when: 415, says: "", status: 415, code: "content_type_unsupported", message: "OTLP is application/x-protobuf or application/json." },
  // Of a body that is no text it cannot even say so.
  { when: 500, says: "failed to marshal error message", ...MALFORMED },
]; // prettier-ignore
/** Its refusals name its backends whatever their status. OTLP senders drop what 408 and 500 answer, though it may pass later. */
const COLLECTOR: Errors = { from: 400, unavailable: [408, 500], known: RECEIVER };

/** Upstreams' error bodies name internal addresses. The status, which says whether to try again, stays where senders heed it. */
export const upstreamErrorsFilter = (): Message =>
  extension(FILTERS.upstreamErrors, `${LUA}.Lua`, {
    default_source_code: { inline_string: replaceErrors(BACKEND) },
    source_codes: {
      collector: { inline_string: replaceErrors(COLLECTOR) },
      remote_write: { inline_string: replaceErrors(REMOTE_WRITE) },
    },
  });

/** For routes to the collector. */
export const collectorErrors: Message = any(`${LUA}.LuaPerRoute`, { name: "collector" });
/** For routes whose senders drop what is answered 429. */
export const remoteWriteErrors: Message = any(`${LUA}.LuaPerRoute`, { name: "remote_write" });
/** For our own service, which names nobody. */
export const keepErrors: Message = any(`${LUA}.LuaPerRoute`, { disabled: true });

/**
 * Lua, because `custom_response` is not covered by Envoy's threat model. Bodies of statuses below `from` pass untouched. Waiting
 * for the body ends the life of the headers' handle, so that it is taken anew.
 */
const replaceErrors = ({ from, unavailable, known = [] }: Errors): string => `
local unavailable = {${unavailable.map((status) => `[${status}] = true`).join(", ")}}
local known = {${known.map(knownInLua).join(", ")}}
local failed = '${errorBody("backend_failed", "The backend could not answer this.")}'
local refused = '${errorBody(REFUSED_CODE, REFUSED)}'
function envoy_on_response(handle)
  local headers = handle:headers()
  local status = tonumber(headers:get(":status"))
  if headers:get("${FROM_UPSTREAM}") == nil then
    return
  end
  if status < ${from} then
    if unavailable[status] then
      headers:replace(":status", "503")
    end
    return
  end
  local body = handle:body(true)
  local said = body:getBytes(0, body:length())
  headers = handle:headers()
  local text = nil
  for _, one in ipairs(known) do
    if text == nil and one[1] == status and string.find(said, one[2], 1, true) then
      status = one[3]
      text = one[4]
    end
  end
  if unavailable[status] then
    status = 503
    headers:replace("retry-after", "${RETRY_AFTER}")
  end
  if text == nil then
    text = status < 500 and refused or failed
  end
  headers:replace(":status", tostring(status))
  headers:replace("content-length", body:setBytes(text))
  headers:replace("content-type", "application/json")
  headers:remove("content-encoding")
end
`;

const knownInLua = ({ when, says, status, code, message }: Known): string =>
  `{${when}, '${says}', ${status}, '${errorBody(code, message)}'}`;

/** The JSON of our own errors: `code` is stable. */
const errorBody = (code: string, message: string): string => JSON.stringify({ code, message });
