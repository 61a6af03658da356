import { formatGoDuration as time } from "../model/units";
import { MEBIBYTE } from "./memory";
import {
  auths,
  component,
  percent,
  SIGNALS,
  storages,
  type Auth,
  type Component,
  type DiskQueue,
  type FileLogReceiver,
  type Flow,
  type JaegerReceiver,
  type OtlpHttpExporter,
  type Pipeline,
  type Storage,
} from "./pipeline";
import { toYaml } from "./yaml";

type Group = "receivers" | "processors" | "exporters" | "connectors";
type Node = Readonly<Record<string, unknown>>;

/**
 * The same pipeline for the OpenTelemetry Collector (0.158): tests and the lab start this where Alloy cannot be had. Not
 * among the rendered files. Alloy's own telemetry is left out, because this program's is another.
 */
export function toCollector(pipeline: Pipeline): string {
  const flows = pipeline.flows.filter(({ from }) => !from.some((id) => isOwn(pipeline, id)));
  const used = new Set(flows.flatMap(({ from, through, to }) => [...from, ...through, ...to]));
  const groups: Record<Group, Record<string, Node>> = {
    receivers: {},
    processors: {},
    exporters: {},
    connectors: {},
  };
  for (const id of used) {
    const of = component(pipeline, id);
    groups[GROUPS[of.kind][0]][name(pipeline, id)] = settings(id, of);
  }
  const extensions = Object.fromEntries([
    ...auths(pipeline).map(authExtension),
    ...storages(pipeline).map(storage),
  ]);
  return toYaml({
    ...groups,
    extensions,
    service: {
      extensions: Object.keys(extensions),
      pipelines: Object.fromEntries(
        flows.map((flow) => [`${flow.signal}/${flow.id}`, wired(pipeline, flow)]),
      ),
      telemetry: { metrics: { level: "none" } },
    },
  });
}

const GROUPS: Readonly<Record<Component["kind"], readonly [Group, string]>> = {
  otlpReceiver: ["receivers", "otlp"],
  zipkinReceiver: ["receivers", "zipkin"],
  jaegerReceiver: ["receivers", "jaeger"],
  fileLogReceiver: ["receivers", "file_log"],
  hostMetrics: ["receivers", "host_metrics"],
  ownTelemetry: ["receivers", "none"],
  memoryLimiter: ["processors", "memory_limiter"],
  transform: ["processors", "transform"],
  tailSampling: ["processors", "tail_sampling"],
  spanMetrics: ["connectors", "spanmetrics"],
  serviceGraph: ["connectors", "servicegraph"],
  otlpHttpExporter: ["exporters", "otlp_http"],
};

const isOwn = (pipeline: Pipeline, id: string): boolean => component(pipeline, id).kind === "ownTelemetry";
const name = (pipeline: Pipeline, id: string): string => `${GROUPS[component(pipeline, id).kind][1]}/${id}`;

function wired(pipeline: Pipeline, { from, through, to }: Flow) {
  const names = (ids: readonly string[]) => ids.map((id) => name(pipeline, id));
  return { receivers: names(from), processors: names(through), exporters: names(to) };
}

function settings(id: string, of: Component): Node {
  switch (of.kind) {
    case "otlpReceiver": {
      const common = { include_metadata: of.metadata };
      const grpc = { ...common, endpoint: of.grpc, max_recv_msg_size_mib: mebibytes(of.largestRequest) };
      const http = { ...common, endpoint: of.http, max_request_body_size: of.largestRequest };
      return { protocols: { grpc, http } };
    }
    case "zipkinReceiver":
      return { endpoint: of.endpoint, max_request_body_size: of.largestRequest };
    case "jaegerReceiver":
      return jaeger(of);
    case "fileLogReceiver":
      return fileLog(id, of);
    case "hostMetrics":
      return {
        collection_interval: time(of.every),
        ...(of.root === "" ? {} : { root_path: of.root }),
        scrapers: Object.fromEntries(SCRAPERS.map((scraper) => [scraper, {}])),
      };
    case "memoryLimiter":
      return { check_interval: "1s", limit_mib: mebibytes(of.limit), spike_limit_mib: mebibytes(of.spike) };
    case "transform":
      return {
        error_mode: of.onError ?? "propagate",
        ...Object.fromEntries(
          SIGNALS.flatMap((signal) => {
            const block = of.statements[signal];
            return block === undefined ? [] : [[TRANSFORMED[signal], block] as const];
          }),
        ),
      };
    case "tailSampling":
      return {
        decision_wait: time(of.decisionWait),
        num_traces: of.traces,
        decision_cache: { sampled_cache_size: of.traces * 4, non_sampled_cache_size: of.traces * 4 },
        policies: [
          { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
          { name: "slow", type: "latency", latency: { threshold_ms: of.slowerThan * 1000 } },
          { name: "share", type: "probabilistic", probabilistic: { sampling_percentage: percent(of.keep) } },
        ],
      };
    case "spanMetrics":
      return {
        metrics_flush_interval: time(of.flush),
        metrics_expiration: time(of.expiry),
        aggregation_cardinality_limit: of.cardinality,
        resource_metrics_key_attributes: of.resourceKey,
        dimensions: of.dimensions.map((dimension) => ({ name: dimension })),
        // Alloy's own default; here it is on.
        exclude_dimensions: ["collector.instance.id"],
        namespace: "traces.span.metrics",
        histogram: { unit: "s", explicit: {} },
        exemplars: { enabled: true },
      };
    case "serviceGraph":
      return { metrics_flush_interval: time(of.flush) };
    case "otlpHttpExporter":
      return exporter(id, of);
    case "ownTelemetry":
      return {};
    default:
      return of satisfies never;
  }
}

const jaeger = ({ grpc, http, largestRequest }: JaegerReceiver): Node => ({
  protocols: {
    grpc: { endpoint: grpc, max_recv_msg_size_mib: mebibytes(largestRequest) },
    thrift_http: { endpoint: http, max_request_body_size: largestRequest },
  },
});

const fileLog = (id: string, { path, exclude, resource }: FileLogReceiver): Node => ({
  include: [path],
  exclude: [exclude],
  start_at: "beginning",
  storage: `file_storage/${id}`,
  resource,
  retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
});

/** Of the machine as a whole; not of single processes. */
const SCRAPERS = ["cpu", "disk", "filesystem", "load", "memory", "network", "paging"];

const mebibytes = (bytes: number): number => Math.floor(bytes / MEBIBYTE);
const TRANSFORMED = {
  traces: "trace_statements",
  metrics: "metric_statements",
  logs: "log_statements",
} as const;

function exporter(
  id: string,
  { endpoint, timeout, caFile, idleConnections, auth, queue }: OtlpHttpExporter,
): Node {
  return {
    endpoint,
    timeout: time(timeout),
    auth: { authenticator: authName(auth) },
    ...(idleConnections === undefined ? {} : { max_idle_conns_per_host: idleConnections }),
    ...(caFile === undefined ? {} : { tls: { ca_file: caFile } }),
    ...delivery(id, queue),
  };
}

function delivery(id: string, queue: DiskQueue | undefined): Node {
  if (queue === undefined) return { sending_queue: { enabled: false }, retry_on_failure: { enabled: false } };
  const { capacity, batch, consumers, retry } = queue;
  return {
    sending_queue: {
      storage: `file_storage/${id}`,
      sizer: "bytes",
      queue_size: capacity,
      num_consumers: consumers,
      block_on_overflow: false,
      batch: { flush_timeout: time(batch.after), min_size: batch.from, max_size: batch.to, sizer: "bytes" },
    },
    retry_on_failure: {
      initial_interval: time(retry.first),
      max_interval: time(retry.longest),
      max_elapsed_time: "0s",
    },
  };
}

const authName = ({ kind, name: of }: Auth): string =>
  `${kind === "requestHeader" ? "headers_setter" : "oauth2client"}/${of}`;

const authExtension = (auth: Auth): readonly [string, Node] => [
  authName(auth),
  auth.kind === "requestHeader"
    ? { headers: [{ key: auth.header, action: "upsert", from_context: auth.header }] }
    : {
        client_id: auth.clientId,
        client_secret_file: auth.secretFile,
        token_url: auth.tokenUrl,
        expiry_buffer: time(auth.expiryBuffer),
        timeout: time(auth.timeout),
      },
];

const storage = ({ id, directory, grows }: Storage): readonly [string, Node] => [
  `file_storage/${id}`,
  {
    directory,
    create_directory: true,
    fsync: true,
    ...(grows && { compaction: { directory, on_rebound: true, cleanup_on_start: true } }),
  },
];
