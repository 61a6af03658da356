/** The processes of an environment, the zones they live in and the ports they listen on. */
export type Zone = "edge" | "control" | "data" | "view";
export const ZONES: readonly Zone[] = ["edge", "control", "data", "view"];

/**
 * Ports by service, as in DESIGN 7. Which of them are published on the host, and where, is the environment's.
 * Tempo's receivers keep OTLP's own ports; every container has its own address, so they do not meet Envoy's.
 */
export const PORTS = {
  envoy: { otlpGrpc: 4317, otlpHttp: 4318, query: 4320, health: 9901 },
  auth: { http: 8000 },
  keycloak: { http: 8090, management: 9000 },
  postgres: { sql: 5432 },
  redis: { redis: 6379 },
  "alloy-gateway": { otlpGrpc: 14317, otlpHttp: 14318, http: 5000 },
  mimir: { http: 9009, grpc: 9095 },
  loki: { http: 3100, grpc: 9095 },
  tempo: { http: 3200, grpc: 9095, otlpGrpc: 4317, otlpHttp: 4318 },
  grafana: { http: 3000 },
  // Zipkin's and Jaeger's are those that their clients know: each agent has an address of its own.
  agent: {
    otlpGrpc: 24317,
    otlpHttp: 24318,
    zipkin: 9411,
    jaegerGrpc: 14250,
    jaegerHttp: 14268,
    http: 25000,
  },
} as const;

export type SharedService = Exclude<keyof typeof PORTS, "agent">;
export type ServiceKind = keyof typeof PORTS;
export type PortName<S extends ServiceKind> = keyof (typeof PORTS)[S] & string;

export const SHARED_SERVICES = Object.keys(PORTS).filter((id): id is SharedService => id !== "agent");

/** The zones whose network a service joins; the first is its own. */
export const SERVICE_ZONES: Readonly<Record<SharedService, readonly Zone[]>> = {
  // The edge is the only one that sees all zones: every request of somebody outside is one of its checked routes.
  envoy: ["edge", "control", "data", "view"],
  // It hands its audit to Loki and its traces to the collector.
  auth: ["control", "data"],
  // Published for browsers and agents (edge), reached by Envoy and the auth service (control) and by Grafana (view).
  keycloak: ["control", "edge", "view"],
  postgres: ["control"],
  redis: ["control"],
  "alloy-gateway": ["data"],
  mimir: ["data"],
  loki: ["data"],
  tempo: ["data"],
  // Its tenants' Editors choose where it sends alerts, so it is not on the edge's network: it shares this one alone with others.
  grafana: ["view"],
};

/**
 * Published from internal zones. A container on internal networks alone cannot publish a port, so each of these also has a
 * network of its own that leads out and that nobody else joins.
 */
export const PUBLISHED_ALONE: readonly SharedService[] = ["grafana"];
/** What such a network is called after its service: `atalaya-dev-grafana.publish`. */
export const PUBLISH = "publish";

/** Zones with no way out and no published port. `edge` has one, because what publishes a port must. */
export const INTERNAL_ZONES: readonly Zone[] = ["control", "data", "view"];
