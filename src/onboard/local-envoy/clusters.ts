import { addressOf, isAddress, type KitHost } from "../kit/host";
import { any, extension, type Message } from "../../render/envoy/protobuf";
import type { EnvoyPlace } from "./setting";

export const CLUSTERS = { edgeGrpc: "edge-grpc", edgeHttp: "edge-http", keycloak: "keycloak" } as const;

/** As the edge's own (render/envoy/clusters.ts). */
const BUFFER = 32 * 1024;
const WINDOWS = {
  initial_stream_window_size: 64 * 1024,
  initial_connection_window_size: 1024 * 1024,
} as const;

type Protocol = "http1" | "http2" | "either";

interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly tls?: Message;
}

/** The edge's two listeners, and Keycloak under its public URL: all that it may connect to. */
export function clusters({ endpoints }: KitHost, place: EnvoyPlace): readonly Message[] {
  const keycloak = new URL(endpoints.tokenUrl);
  const target = (name: string, at: string, protocol: Protocol, authority: string | undefined): Target => {
    const address = addressOf(at);
    const socket = tls(address.host, protocol, authority ?? place.systemAuthorities);
    return { name, ...address, protocol, ...(!at.startsWith("http://") && { tls: socket }) };
  };
  return [
    target(CLUSTERS.edgeGrpc, endpoints.otlpGrpc, "http2", place.authority),
    target(CLUSTERS.edgeHttp, endpoints.otlpHttp, "either", place.authority),
    target(CLUSTERS.keycloak, keycloak.origin, "http1", place.keycloakAuthority),
  ].map(cluster);
}

const ALPN: Readonly<Record<Protocol, readonly string[]>> = {
  http1: ["http/1.1"],
  http2: ["h2"],
  either: ["h2", "http/1.1"],
};

/** Nobody is believed by his certificate's authority alone: it must be for this very host. */
const tls = (host: string, protocol: Protocol, authorities: string): Message =>
  extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
    ...(!isAddress(host) && { sni: host }),
    common_tls_context: {
      // Left to the protocol's own choice where both will do.
      ...(protocol !== "either" && { alpn_protocols: ALPN[protocol] }),
      tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
      validation_context: {
        trusted_ca: { filename: authorities },
        match_typed_subject_alt_names: [
          { san_type: isAddress(host) ? "IP_ADDRESS" : "DNS", matcher: { exact: host } },
        ],
      },
    },
  });

const HTTP2: Message = { ...WINDOWS, connection_keepalive: { interval: "30s", timeout: "5s" } };

const protocolOptions = (protocol: Protocol): Message => {
  switch (protocol) {
    case "http1":
      return { explicit_http_config: { http_protocol_options: {} } };
    case "http2":
      return { explicit_http_config: { http2_protocol_options: HTTP2 } };
    case "either":
      return { auto_config: { http_protocol_options: {}, http2_protocol_options: HTTP2 } };
    default:
      return protocol satisfies never;
  }
};

const OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const cluster = ({ name, host, port, protocol, tls: socket }: Target): Message => ({
  name,
  // Asked for again and again: who moves the environment changes a name, and nothing here.
  cluster_type: extension("envoy.cluster.dns", "envoy.extensions.clusters.dns.v3.DnsCluster", {
    dns_lookup_family: "V4_PREFERRED",
    dns_refresh_rate: "30s",
    dns_failure_refresh_rate: { base_interval: "1s", max_interval: "10s" },
  }),
  connect_timeout: "5s",
  per_connection_buffer_limit_bytes: BUFFER,
  load_assignment: {
    cluster_name: name,
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
    ],
  },
  upstream_connection_options: {
    tcp_keepalive: { keepalive_time: 30, keepalive_interval: 10, keepalive_probes: 3 },
  },
  circuit_breakers: {
    thresholds: [
      {
        max_connections: 64,
        max_pending_requests: 1024,
        max_requests: 1024,
        // An edge that cannot keep up is not asked three times as much.
        retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: 3 },
      },
    ],
  },
  typed_extension_protocol_options: {
    [OPTIONS]: any(OPTIONS, {
      // Below the edge's own (render/envoy/listeners.ts), or a request would meet a closed connection.
      common_http_protocol_options: { idle_timeout: "50s" },
      ...protocolOptions(protocol),
    }),
  },
  ...(socket !== undefined && { transport_socket: socket }),
});
