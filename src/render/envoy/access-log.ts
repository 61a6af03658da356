import { TENANT_HEADER, USER_HEADER } from "../../model/headers";
import { claim, ROUTE_METADATA } from "./names";
import { extension, type Message } from "./protobuf";

/** Of a path: a longer one says nothing more. */
const LONGEST_PATH = 256;

/**
 * One line of JSON per request, on standard output: the audit of what the edge let through and refused. Values come from
 * what was verified (`tenant`, `user`, the claims), never from what a client claims; no credential and no query string.
 */
const FIELDS = {
  time: "%START_TIME%",
  request_id: "%REQ(x-request-id)%",
  listener: "%FILTER_CHAIN_NAME%",
  source: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  protocol: "%PROTOCOL%",
  tls: "%DOWNSTREAM_TLS_VERSION%",
  method: "%REQ(:method)%",
  path: `%PATH(NQ:ORIG_OR_PATH):${LONGEST_PATH}%`,
  route: "%ROUTE_NAME%",
  verifier: `%METADATA(ROUTE:${ROUTE_METADATA}:verifier)%`,
  tenant: `%REQ(${TENANT_HEADER})%`,
  user: `%REQ(${USER_HEADER})%`,
  client: claim("azp"),
  claimed_tenant: claim("tenant_id"),
  status: "%RESPONSE_CODE%",
  grpc_status: "%GRPC_STATUS_NUMBER%",
  details: "%RESPONSE_CODE_DETAILS%",
  flags: "%RESPONSE_FLAGS%",
  upstream: "%UPSTREAM_CLUSTER%",
  duration_ms: "%DURATION%",
  upstream_ms: "%RESPONSE_DURATION%",
  bytes_in: "%BYTES_RECEIVED%",
  bytes_out: "%BYTES_SENT%",
} as const;

export const accessLog = (): readonly Message[] => [
  extension("envoy.access_loggers.stdout", "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", {
    log_format: { json_format: FIELDS, omit_empty_values: true },
  }),
];
