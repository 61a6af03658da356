import {
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  TRUSTED_HEADERS,
  UNTRUSTED_HEADERS,
} from "../../model/headers";
import { LISTENERS, TOKEN_LIFE, type Listener } from "../../model/routes";
import type { RenderInput } from "../input";
import { accessLog } from "./access-log";
import { BUFFER, HTTP2_WINDOWS } from "./clusters";
import { httpFilters } from "./filters";
import { localReplies } from "./local-replies";
import { CERTIFICATE, CLUSTERS, STATIC_FILES } from "./names";
import { any, extension, remove, seconds, set, type Message } from "./protobuf";
import { routeTable } from "./routes";

/** The listeners of the route table, and the one that says whether Envoy is well. */
export const listeners = (input: RenderInput): readonly Message[] => [
  ...LISTENERS.map((id) => edgeListener(input, id)),
  healthListener(input),
];

const address = ({ topology }: RenderInput, port: Listener | "health"): Message => {
  const { bind, ports } = topology.services.envoy;
  return { socket_address: { address: bind, port_value: ports[port] } };
};

function edgeListener(input: RenderInput, id: Listener): Message {
  const grpc = id === "otlpGrpc";
  return {
    name: id,
    address: address(input, id),
    per_connection_buffer_limit_bytes: BUFFER,
    filter_chains: [
      {
        name: id,
        transport_socket: tls(input, grpc ? ["h2"] : ["h2", "http/1.1"]),
        transport_socket_connect_timeout: "10s",
        filters: [
          manager({
            ...strict(input),
            stat_prefix: id,
            codec_type: grpc ? "HTTP2" : "AUTO",
            access_log: accessLog(),
            local_reply_config: localReplies(id),
            route_config: routeTable(id, input.environment.upstreams),
            http_filters: httpFilters(input, id),
          }),
        ],
      },
    ],
  };
}

const manager = (config: Message): Message =>
  extension(
    "envoy.filters.network.http_connection_manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    config,
  );

/** The certificate comes by a file (`sds.yaml`) whose certificate and key Envoy reads again when they change. */
const tls = ({ topology }: RenderInput, protocols: readonly string[]): Message =>
  extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
    common_tls_context: {
      alpn_protocols: protocols,
      tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
      tls_certificate_sds_secret_configs: [
        {
          name: CERTIFICATE,
          sds_config: {
            path_config_source: {
              path: `${topology.services.envoy.directories.config}/${STATIC_FILES.certificate}`,
            },
            resource_api_version: "V3",
          },
        },
      ],
    },
  });

/** Before routing, where no route can switch it off: only what we set ourselves is trusted. */
const strip = (): Message =>
  extension(
    "envoy.http.early_header_mutation.header_mutation",
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
    {
      mutations: [
        // A forged copy first, then the copy, then the original.
        remove(REQUESTED_TENANT_HEADER),
        set(REQUESTED_TENANT_HEADER, `%REQ(${TENANT_HEADER})%`),
        ...[...TRUSTED_HEADERS, ...UNTRUSTED_HEADERS].map(remove),
      ],
    },
  );

/** What every connection manager refuses, limits and hides. Numbers without a source are Envoy's edge best practice. */
const strict = ({ environment }: RenderInput): Message => ({
  early_header_mutation_extensions: [strip()],
  // Two spellings of one path or header must not be two things to us and one to a backend.
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "REJECT_REQUEST",
  use_remote_address: true,
  xff_num_trusted_hops: environment.trustedProxies,
  // Nobody is internal: `x-envoy-*` headers, which steer retries and timeouts, are ours alone. An empty list would mean all
  // private addresses, so it holds one that nobody can send from.
  internal_address_config: { cidr_ranges: [{ address_prefix: "255.255.255.255", prefix_len: 32 }] },
  generate_request_id: true,
  always_set_request_id_in_response: true,
  server_header_transformation: "PASS_THROUGH",
  max_request_headers_kb: 32,
  request_headers_timeout: "10s",
  stream_idle_timeout: "300s",
  // Of receiving the whole body: 16 MiB at 2 Mbit/s. A body that drips holds a connection to the upstream as well.
  request_timeout: "60s",
  delayed_close_timeout: "1s",
  common_http_protocol_options: {
    headers_with_underscores_action: "REJECT_REQUEST",
    max_headers_count: 100,
    // Above what clients keep an idle connection for (Go: 90 s), or their next request meets a closed one.
    idle_timeout: "120s",
    // No request outlives a token; routes set shorter ones.
    max_stream_duration: seconds(TOKEN_LIFE),
  },
  http2_protocol_options: {
    max_concurrent_streams: 100,
    ...HTTP2_WINDOWS,
  },
});

/** Paths of the admin interface that may be asked, and the only ones it answers (bootstrap.ts). */
export const HEALTH_PATHS = ["/ready", "/stats/prometheus"] as const;
/**
 * What it may be asked besides, by who owns its socket alone: before Envoy is stopped, connections are to be closed after their
 * next answer, and nobody new is to come. SIGTERM does neither.
 */
export const DRAIN_PATHS = ["/drain_listeners?graceful", "/healthcheck/fail"] as const;

/** Readiness and metrics, without TLS: they name no tenant. Answers also when Envoy takes no more connections. */
const healthListener = (input: RenderInput): Message => ({
  name: "health",
  address: address(input, "health"),
  per_connection_buffer_limit_bytes: BUFFER,
  ignore_global_conn_limit: true,
  bypass_overload_manager: true,
  filter_chains: [
    {
      name: "health",
      filters: [
        manager({
          ...strict(input),
          stat_prefix: "health",
          route_config: HEALTH_ROUTES,
          http_filters: [
            extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
          ],
        }),
      ],
    },
  ],
});

const exactly = (name: string, exact: string): Message => ({ name, string_match: { exact } });

const HEALTH_ROUTES: Message = {
  name: "health",
  response_headers_to_remove: ["server", "x-envoy-upstream-service-time"],
  virtual_hosts: [
    {
      name: "health",
      domains: ["*"],
      routes: [
        ...HEALTH_PATHS.map((path) => ({
          name: path.slice(1).replaceAll("/", "-"),
          // With `:path`, which holds the query: there is nothing to ask for.
          match: { path, headers: [exactly(":method", "GET"), exactly(":path", path)] },
          route: { cluster: CLUSTERS.admin, timeout: "5s" },
        })),
        { name: "route-unknown", match: { prefix: "/" }, direct_response: { status: 404 } },
      ],
    },
  ],
};

/** What `sds.yaml` holds. */
export const certificateSecret = (directory: string, files: { certificate: string; key: string }): Message =>
  any("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name: CERTIFICATE,
    tls_certificate: {
      certificate_chain: { filename: `${directory}/${files.certificate}` },
      private_key: { filename: `${directory}/${files.key}` },
      watched_directory: { path: directory },
    },
  });
