import { UPSTREAMS, type UpstreamId } from "../../model/routes";
import type { Place } from "../../model/topology";
import { extraUpstreamId } from "../../model/upstreams";
import type { ServiceKind } from "../../model/services";
import type { RenderInput } from "../input";
import { CLUSTERS, upstreamCluster } from "./names";
import { any, extension, type Message } from "./protobuf";

/** Envoy's edge best practice. */
export const BUFFER = 32 * 1024;
/** What one stream, and all of a connection, may have on the way before somebody takes it: Envoy's edge best practice. */
export const HTTP2_WINDOWS = {
  initial_stream_window_size: 64 * 1024,
  initial_connection_window_size: 1024 * 1024,
} as const;

export const adminSocket = ({ topology }: RenderInput): string =>
  `${topology.services.envoy.directories.data}/admin.sock`;

/** Below the shortest at which an upstream closes an idle connection itself, or a request meets a closed one: Node has 5 s. */
const IDLE = { node: "4s", go: "50s" } as const;

interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly http2?: boolean;
  readonly idle: string;
}

/** Everything Envoy may connect to: the route table's upstreams and the environment's own, who decides, Keycloak's keys, and its own admin socket. */
export function clusters(input: RenderInput): readonly Message[] {
  const { auth, keycloak } = input.topology.services;
  return [
    ...(Object.keys(UPSTREAMS) as UpstreamId[]).map((id) => cluster(upstream(input, id))),
    ...input.environment.upstreams.map((extra) =>
      // Nobody knows when it closes an idle connection.
      cluster({ name: extraUpstreamId(extra), host: extra.host, port: extra.port, idle: IDLE.node }),
    ),
    cluster({ name: CLUSTERS.decisions, host: auth.host, port: auth.ports.http, idle: IDLE.node }),
    cluster({ name: CLUSTERS.keycloak, host: keycloak.host, port: keycloak.ports.http, idle: IDLE.go }),
    {
      name: CLUSTERS.admin,
      type: "STATIC",
      connect_timeout: "1s",
      load_assignment: assignment(CLUSTERS.admin, { pipe: { path: adminSocket(input) } }),
    },
  ];
}

function upstream({ topology }: RenderInput, id: UpstreamId): Target {
  const { service, port, http2 } = UPSTREAMS[id];
  const place: Place<ServiceKind> = topology.services[service];
  const number = (place.ports as Readonly<Record<string, number>>)[port];
  if (number === undefined) throw new Error(`topology: ${service} has no port "${port}"`);
  const idle = service === "auth" ? IDLE.node : IDLE.go;
  return { name: upstreamCluster(id), host: place.host, port: number, http2, idle };
}

const assignment = (name: string, address: Message): Message => ({
  cluster_name: name,
  endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
});

const cluster = ({ name, host, port, http2, idle }: Target): Message => ({
  name,
  // Every address of the name, asked for again and again: a restarted service has another one.
  cluster_type: extension("envoy.cluster.dns", "envoy.extensions.clusters.dns.v3.DnsCluster", {
    dns_lookup_family: "V4_PREFERRED",
    dns_refresh_rate: "5s",
    dns_failure_refresh_rate: { base_interval: "1s", max_interval: "5s" },
  }),
  connect_timeout: "2s",
  per_connection_buffer_limit_bytes: BUFFER,
  load_assignment: assignment(name, { socket_address: { address: host, port_value: port } }),
  upstream_connection_options: {
    tcp_keepalive: { keepalive_time: 30, keepalive_interval: 10, keepalive_probes: 3 },
  },
  circuit_breakers: {
    thresholds: [{ max_connections: 4096, max_pending_requests: 4096, max_requests: 4096, max_retries: 16 }],
  },
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any(
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      {
        common_http_protocol_options: { idle_timeout: idle },
        explicit_http_config:
          http2 === true
            ? {
                http2_protocol_options: {
                  ...HTTP2_WINDOWS,
                  connection_keepalive: { interval: "30s", timeout: "5s" },
                },
              }
            : { http_protocol_options: {} },
      },
    ),
  },
});
