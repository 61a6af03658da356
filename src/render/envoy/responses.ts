import {
  CREDENTIAL_HEADERS,
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  TRUSTED_HEADERS,
  USER_HEADER,
} from "../../model/headers";
import { FILTERS } from "./names";
import { any, extension, remove, set, type Message } from "./protobuf";

const HEADER_MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
const LUA = "envoy.extensions.filters.http.lua.v3";

/** Set by the router on what an upstream answered, and on nothing that Envoy answers itself. */
const FROM_UPSTREAM = "x-envoy-upstream-service-time";
/** Seconds; for senders that were told "not now" without being told when. */
export const RETRY_AFTER = 5;

const cel = (expression: string): string => `%CEL(${expression})%`;

/**
 * The last word on every response: when to come back, and nothing about what runs here. And on a request's trailers, which
 * nobody judges: no header that carries trust or a credential stands there.
 */
export const finishFilter = (): Message =>
  extension(FILTERS.finish, HEADER_MUTATION, {
    mutations: {
      request_trailers_mutations: [...TRUSTED_HEADERS, REQUESTED_TENANT_HEADER, ...CREDENTIAL_HEADERS].map(
        remove,
      ),
      response_mutations: [
        set(
          "retry-after",
          cel(`response.code in [429, 502, 503, 504] ? '${RETRY_AFTER}' : ''`),
          "ADD_IF_ABSENT",
        ),
        ...["server", "x-powered-by", FROM_UPSTREAM, TENANT_HEADER, USER_HEADER].map(remove),
      ],
    },
  });

/** gRPC codes that OTLP senders retry: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRIED = ["1", "4", "10", "11", "14", "15"];

/**
 * What the collector answers over gRPC. RESOURCE_EXHAUSTED without RetryInfo makes senders drop: it becomes UNAVAILABLE. Its
 * messages name internal addresses and are replaced; the details hold both again and go.
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
  const temporary = `${status} in ${celList(["8", ...RETRIED])}`;
  const words = `${temporary} ? 'The backend cannot take this now.' : 'The backend refused this.'`;
  return [
    // Before the status, which it looks at.
    set(
      "grpc-message",
      cel(`${ours} || ${status} == '0' ? ${value("grpc-message")} : (${words})`),
      "OVERWRITE_IF_EXISTS",
    ),
    set("grpc-status", cel(`!(${ours}) && ${status} == '8' ? '14' : ${status}`), "OVERWRITE_IF_EXISTS"),
    remove("grpc-status-details-bin"),
  ];
}

const celList = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(", ")}]`;

/** Which of an upstream's errors are answered in our words: a backend's 4xx about a query is the asker's to read. */
const REPLACED = { default: 500, all: 400 } as const;

/** Upstreams' error bodies name internal addresses. The status, which says whether to try again, stays. */
export const upstreamErrorsFilter = (): Message =>
  extension(FILTERS.upstreamErrors, `${LUA}.Lua`, {
    default_source_code: { inline_string: replaceBodies(REPLACED.default) },
    source_codes: { all: { inline_string: replaceBodies(REPLACED.all) } },
  });

/** For routes whose upstream's refusals name its backends, whatever their status. */
export const replaceAllErrors: Message = any(`${LUA}.LuaPerRoute`, { name: "all" });
/** For our own service, which names nobody. */
export const keepErrors: Message = any(`${LUA}.LuaPerRoute`, { disabled: true });

/**
 * Lua, because `custom_response` is not covered by Envoy's threat model. Statuses below `from` pass untouched. Waiting for the
 * body ends the life of the headers' handle, so that it is taken anew.
 */
const replaceBodies = (from: number): string => `
local failed = '${errorBody("backend_failed", "The backend could not answer this.")}'
local refused = '${errorBody("backend_refused", "The backend refused this.")}'
function envoy_on_response(handle)
  local headers = handle:headers()
  local status = tonumber(headers:get(":status"))
  if status < ${from} or headers:get("${FROM_UPSTREAM}") == nil then
    return
  end
  local text = failed
  if status < 500 then
    text = refused
  end
  local length = handle:body(true):setBytes(text)
  headers = handle:headers()
  headers:replace("content-length", length)
  headers:replace("content-type", "application/json")
  headers:remove("content-encoding")
end
`;

/** The JSON of our own errors: `code` is stable. */
const errorBody = (code: string, message: string): string => JSON.stringify({ code, message });
