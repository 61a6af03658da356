import type { Signal } from "./names";
import type { SharedService } from "./services";
import { duration, size, type Bytes, type Seconds } from "./units";

/**
 * Who decides: Envoy itself on an agent's JWT, or the auth service on everything else. `nobody` is for the few exact paths of
 * {@link OPEN_ROUTES}, which hold nothing of any tenant's.
 */
export type Verifier = "agentJwt" | "authService" | "nobody";
export type Verb = "read" | "write";
/** What a credential must be allowed to do. The tenant API judges itself what somebody may do there, per operation. */
export type Right =
  | { readonly signal: Signal; readonly verb: Verb }
  | { readonly api: "tenant" | "open" }
  /** Of a service, for an upstream that the environment adds (upstreams.ts). */
  | { readonly scope: string };
export type Method = "GET" | "POST" | "PUT" | "DELETE";
/** `otlpGrpc` and `otlpHttp` face agents and programs; `query` faces Grafana alone. */
export type Listener = "otlpGrpc" | "otlpHttp" | "query";
export const LISTENERS: readonly Listener[] = ["otlpGrpc", "otlpHttp", "query"];

export interface Upstream {
  readonly service: SharedService;
  readonly port: string;
  readonly http2: boolean;
  /** How a body may be packed that it unpacks: what the header of this name may say. Absent: it decides itself. */
  readonly packed?: { readonly header: string; readonly as: readonly string[] };
}

/**
 * What the collector knows, but for zstd: it takes 512 MiB at once for whoever sends ten bytes that say so, and refuses
 * everybody's data meanwhile.
 */
const PACKED_HTTP = {
  header: "content-encoding",
  as: ["gzip", "deflate", "zlib", "snappy", "x-snappy-framed", "lz4"],
} as const;
const PACKED_GRPC = { header: "grpc-encoding", as: ["identity", "gzip", "snappy"] } as const;

/** Every place that a route may lead to. */
export const UPSTREAMS = {
  collectorGrpc: { service: "alloy-gateway", port: "otlpGrpc", http2: true, packed: PACKED_GRPC },
  collectorHttp: { service: "alloy-gateway", port: "otlpHttp", http2: false, packed: PACKED_HTTP },
  mimir: { service: "mimir", port: "http", http2: false },
  loki: { service: "loki", port: "http", http2: false },
  tempo: { service: "tempo", port: "http", http2: false },
  auth: { service: "auth", port: "http", http2: false },
} as const satisfies Record<string, Upstream>;
export type UpstreamId = keyof typeof UPSTREAMS;

export interface RouteLimits {
  /** Of the whole request; for streams 0, and `stream` bounds them. */
  readonly timeout: Seconds;
  /** The longest a gRPC stream or a log tail may live: at most a token's life, so that suspension reaches it. */
  readonly stream?: Seconds;
  /** Largest request body. */
  readonly body: Bytes;
}

export interface Route {
  readonly id: string;
  readonly listeners: readonly Listener[];
  /** Exact, with `{name}` for one segment that is not empty; `prefix` also takes everything below. */
  readonly path: string;
  readonly prefix?: true;
  readonly methods: readonly Method[];
  /**
   * `apiKey`: only requests that carry an API key (`X-API-Key`, `Bearer atl_...`, or basic auth). Stands before the same
   * path without it.
   */
  readonly credential?: "apiKey";
  readonly verifier: Verifier;
  readonly right: Right;
  readonly upstream: UpstreamId;
  /** Path sent on: the matched path, with this prefix exchanged. */
  readonly rewrite?: { readonly from: string; readonly to: string };
  readonly websocket?: true;
  /** What "too much" is answered here, in place of 429: its senders drop what that answers. */
  readonly tooMuch?: 503;
  readonly limits: RouteLimits;
}

/** A token's life (DESIGN 4): streams are cut at this age. */
export const TOKEN_LIFE = duration("5m");

const WRITE = { timeout: duration("30s"), body: size("16MiB") };
const READ = { timeout: duration("2m"), body: size("1MiB") };
/**
 * To the collector, which all tenants share, and which unpacks a request before it looks at its own memory: a nested or an empty
 * one of 16 MiB takes more than a gigabyte (opentelemetry-collector #15301). Collectors take no more over gRPC by themselves.
 */
const OTLP_BODY = size("4MiB");
const OTLP = { ...WRITE, body: OTLP_BODY };
const STREAM = { timeout: duration("0s"), stream: TOKEN_LIFE, body: OTLP_BODY };
const GET: readonly Method[] = ["GET"];
const POST: readonly Method[] = ["POST"];
const QUERY: readonly Method[] = ["GET", "POST"];

type Write = Pick<Route, "id" | "path" | "upstream" | "limits"> & {
  signal: Signal;
  listener: Listener;
  rewrite?: Route["rewrite"];
  tooMuch?: 503;
};

/** A write is an agent's JWT, checked by Envoy itself, or a declared API key, decided by the auth service. */
function write({ signal, listener, rewrite, ...route }: Write): readonly Route[] {
  const common = {
    ...route,
    listeners: [listener],
    methods: POST,
    right: { signal, verb: "write" },
    ...(rewrite === undefined ? {} : { rewrite }),
  } as const;
  return [
    { ...common, id: `${route.id}-key`, credential: "apiKey", verifier: "authService" },
    { ...common, verifier: "agentJwt" },
  ];
}

const grpc = (signal: Signal, service: string): readonly Route[] =>
  write({
    id: `otlp-grpc-${signal}`,
    listener: "otlpGrpc",
    path: `/opentelemetry.proto.collector.${service}/Export`,
    signal,
    upstream: "collectorGrpc",
    limits: STREAM,
  });

const otlp = (signal: Signal): readonly Route[] =>
  write({
    id: `otlp-http-${signal}`,
    listener: "otlpHttp",
    path: `/v1/${signal}`,
    signal,
    upstream: "collectorHttp",
    limits: OTLP,
  });

type Reads = { signal: Signal; base: string; upstream: UpstreamId; rewrite?: Route["rewrite"] };

/** Reads, on the listener for programs and on Grafana's: a person's token or a key with the right to read. */
const reads =
  ({ signal, base, upstream, rewrite }: Reads) =>
  (methods: readonly Method[], ...paths: readonly string[]): readonly Route[] =>
    paths.map((path) => ({
      id: `${upstream}-${path.replaceAll(/[/_]/g, "-").replaceAll(/[{}]/g, "")}`,
      listeners: ["otlpHttp", "query"],
      path: `${base}/${path}`,
      methods,
      verifier: "authService",
      right: { signal, verb: "read" },
      upstream,
      ...(rewrite === undefined ? {} : { rewrite }),
      limits: READ,
    }));

const mimir = reads({ signal: "metrics", base: "/prometheus/api/v1", upstream: "mimir" });
const loki = reads({ signal: "logs", base: "/loki/api/v1", upstream: "loki" });
const tempo = reads({
  signal: "traces",
  base: "/tempo/api",
  upstream: "tempo",
  rewrite: { from: "/tempo", to: "" },
});

const LOKI_TAIL: Route = {
  id: "loki-tail",
  listeners: ["otlpHttp", "query"],
  path: "/loki/api/v1/tail",
  methods: GET,
  verifier: "authService",
  right: { signal: "logs", verb: "read" },
  upstream: "loki",
  websocket: true,
  limits: { ...READ, timeout: duration("0s"), stream: TOKEN_LIFE },
};

type Open = Pick<Route, "id" | "path" | "methods"> & { body: Bytes };

/** A part of the tenant API for those who have no token yet. */
const open = ({ body, ...route }: Open): Route => ({
  ...route,
  listeners: ["otlpHttp"],
  verifier: "nobody",
  right: { api: "open" },
  upstream: "auth",
  limits: { timeout: duration("30s"), body },
});

/** All that is answered without a credential: to get a token, and the API's description. A policy holds that there is no more. */
export const OPEN_ROUTES: readonly Route[] = [
  // The client's secret is in the form, or in basic authentication, which therefore is not taken away here.
  open({ id: "tenant-api-token", path: "/api/token", methods: POST, body: size("16KiB") }),
  open({ id: "tenant-api-description", path: "/api/openapi.json", methods: GET, body: size("1KiB") }),
  open({ id: "tenant-api-docs", path: "/api/docs", methods: GET, body: size("1KiB") }),
];

const TENANT_API: Route = {
  id: "tenant-api",
  listeners: ["otlpHttp"],
  path: "/api",
  prefix: true,
  methods: ["GET", "POST", "PUT", "DELETE"],
  verifier: "authService",
  right: { api: "tenant" },
  upstream: "auth",
  limits: { timeout: duration("30s"), body: size("1MiB") },
};

/**
 * The route table: all that passes the edge. Envoy's routes, the auth service's rights and the isolation tests are derived
 * from it. What is not here is 404: deletes, flushes, configuration, rules writing, admin.
 */
export const ROUTES: readonly Route[] = [
  ...grpc("traces", "trace.v1.TraceService"),
  ...grpc("metrics", "metrics.v1.MetricsService"),
  ...grpc("logs", "logs.v1.LogsService"),
  ...otlp("traces"),
  ...otlp("metrics"),
  ...otlp("logs"),
  ...write({
    id: "loki-push",
    listener: "otlpHttp",
    path: "/loki/api/v1/push",
    signal: "logs",
    upstream: "loki",
    limits: WRITE,
  }),
  ...write({
    id: "prometheus-push",
    listener: "otlpHttp",
    path: "/prometheus/api/v1/push",
    signal: "metrics",
    upstream: "mimir",
    rewrite: { from: "/prometheus/api/v1/push", to: "/api/v1/push" },
    // Prometheus itself and the OpenTelemetry Collector, unless somebody tells them otherwise.
    tooMuch: 503,
    limits: WRITE,
  }),
  ...loki(
    QUERY,
    "query",
    "query_range",
    "labels",
    "series",
    "index/stats",
    "index/volume",
    "index/volume_range",
  ),
  ...loki(QUERY, "patterns", "detected_fields", "detected_labels", "format_query"),
  ...loki(
    GET,
    "label",
    "label/{name}/values",
    "detected_field/{name}/values",
    "status/buildinfo",
    "drilldown-limits",
  ),
  LOKI_TAIL,
  ...mimir(QUERY, "query", "query_range", "query_exemplars", "labels", "series", "format_query"),
  ...mimir(QUERY, "cardinality/label_names", "cardinality/label_values"),
  ...mimir(GET, "label/{name}/values", "metadata", "status/buildinfo", "rules", "alerts"),
  ...mimir(POST, "read"),
  ...tempo(
    GET,
    "search",
    "search/tags",
    "search/tag/{name}/values",
    "v2/search",
    "v2/search/tags",
    "v2/search/tag/{name}/values",
  ),
  ...tempo(
    GET,
    "traces/{id}",
    "v2/traces/{id}",
    "metrics/query",
    "metrics/query_range",
    "echo",
    "status/buildinfo",
  ),
  ...OPEN_ROUTES,
  TENANT_API,
];
