import { addressOf, type KitHost } from "../kit/host";
import { any, extension, type Message } from "../../render/envoy/protobuf";
import { share } from "../../render/memory";
import { toYaml } from "../../render/yaml";
import { clusters } from "./clusters";
import { routes, type LocalListener } from "./routes";
import { LOCAL_MEMORY, type EnvoyPlace } from "./setting";
import { localReplies, refusedTokenFilter, secretResource, strip, tokenFilter } from "./token";

/** `envoy.yaml`. Checked against Envoy 1.40. */
export const envoyYaml = (host: KitHost, place: EnvoyPlace): string => toYaml(bootstrap(host, place));

/** `sds.yaml`, beside it. */
export const sdsYaml = (place: EnvoyPlace): string => toYaml(secretResource(place));

const bootstrap = (host: KitHost, place: EnvoyPlace): Message => ({
  node: { id: host.clientId, cluster: "local-envoy" },
  admin: {
    // The owner's alone, and only to be read.
    address: { pipe: { path: place.adminSocket, mode: 0o600 } },
    allow_paths: ["/ready", "/stats/prometheus"].map((exact) => ({ exact })),
  },
  overload_manager: OVERLOAD,
  static_resources: {
    listeners: (["otlpGrpc", "otlpHttp"] as const).map((id) => listener(id, host, place)),
    clusters: clusters(host, place),
  },
});

const listener = (id: LocalListener, host: KitHost, place: EnvoyPlace): Message => ({
  name: id,
  address: { socket_address: { address: place.bind, port_value: portOf(id, host) } },
  per_connection_buffer_limit_bytes: 1024 * 1024,
  filter_chains: [
    {
      name: id,
      filters: [
        extension(
          "envoy.filters.network.http_connection_manager",
          "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          manager(id, host, place),
        ),
      ],
    },
  ],
});

/** Where programs of the host send to. */
export const portOf = (id: LocalListener, { listen }: Pick<KitHost, "listen">): number =>
  addressOf(id === "otlpGrpc" ? listen.grpc : listen.http).port;

const manager = (id: LocalListener, host: KitHost, place: EnvoyPlace): Message => ({
  stat_prefix: id,
  // HTTP/1 and HTTP/2 without TLS alike, by what the connection begins with.
  codec_type: id === "otlpGrpc" ? "HTTP2" : "AUTO",
  early_header_mutation_extensions: [strip()],
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "REJECT_REQUEST",
  use_remote_address: true,
  // Where they come from is this host's own matter.
  skip_xff_append: true,
  internal_address_config: { cidr_ranges: [{ address_prefix: "255.255.255.255", prefix_len: 32 }] },
  server_header_transformation: "PASS_THROUGH",
  max_request_headers_kb: 32,
  request_headers_timeout: "10s",
  stream_idle_timeout: "300s",
  request_timeout: "60s",
  common_http_protocol_options: { idle_timeout: "120s", headers_with_underscores_action: "REJECT_REQUEST" },
  http2_protocol_options: { max_concurrent_streams: 100 },
  access_log: [failures(id)],
  local_reply_config: localReplies(),
  route_config: routes(id, authority(id, host)),
  http_filters: [
    refusedTokenFilter(id === "otlpGrpc"),
    tokenFilter(host, place),
    extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
  ],
});

/** What the edge, or a proxy before it, is to read as its own name. */
function authority(id: LocalListener, { endpoints }: KitHost): string {
  const { host, port } = addressOf(id === "otlpGrpc" ? endpoints.otlpGrpc : endpoints.otlpHttp);
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** One line for every request that failed; no header, no query. */
const failures = (id: LocalListener): Message => ({
  ...extension("envoy.access_loggers.stdout", "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", {
    log_format: {
      json_format: {
        time: "%START_TIME%",
        listener: "%FILTER_CHAIN_NAME%",
        route: "%ROUTE_NAME%",
        status: "%RESPONSE_CODE%",
        grpc_status: "%GRPC_STATUS_NUMBER%",
        details: "%RESPONSE_CODE_DETAILS%",
        flags: "%RESPONSE_FLAGS%",
        upstream_failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
      },
      omit_empty_values: true,
    },
  }),
  filter: id === "otlpGrpc" ? { grpc_status_filter: { statuses: ["OK"], exclude: true } } : FROM_400,
});

const FROM_400: Message = {
  status_code_filter: {
    comparison: { op: "GE", value: { default_value: 400, runtime_key: "atalaya.logged_from" } },
  },
};

const HEAP = "envoy.resource_monitors.fixed_heap";

/** It refuses with 503 what would end it. */
const OVERLOAD: Message = {
  refresh_interval: "0.25s",
  resource_monitors: [
    extension(HEAP, "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
      max_heap_size_bytes: share(LOCAL_MEMORY, 0.75),
    }),
    {
      name: "envoy.resource_monitors.global_downstream_max_connections",
      typed_config: any(
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        { max_active_downstream_connections: 512 },
      ),
    },
  ],
  actions: [
    { name: "envoy.overload_actions.shrink_heap", triggers: [{ name: HEAP, threshold: { value: 0.9 } }] },
    {
      name: "envoy.overload_actions.stop_accepting_requests",
      triggers: [{ name: HEAP, threshold: { value: 0.95 } }],
    },
  ],
};
