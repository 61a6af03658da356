import type { Signal } from "../../model/names";
import { formatGoDuration as time, formatSize } from "../../model/units";
import {
  percent,
  type Auth,
  type Component,
  type DiskQueue,
  type FileLogReceiver,
  type JaegerReceiver,
  type MemoryLimiter,
  type OtlpHttpExporter,
  type OtlpReceiver,
  type ServiceGraph,
  type SpanMetrics,
  type Storage,
  type TailSampling,
  type Transform,
  type ZipkinReceiver,
} from "../pipeline";
import { attrs, block, ref, type Block, type Reference, type Statement } from "./syntax";

/** Components that are one block. Their names and arguments: Alloy's docs/sources/reference/components/otelcol. */
export type Plain = Exclude<Component, { kind: "ownTelemetry" | "hostMetrics" }>;

const NAMES = {
  otlpReceiver: "otelcol.receiver.otlp",
  zipkinReceiver: "otelcol.receiver.zipkin",
  jaegerReceiver: "otelcol.receiver.jaeger",
  fileLogReceiver: "otelcol.receiver.filelog",
  memoryLimiter: "otelcol.processor.memory_limiter",
  transform: "otelcol.processor.transform",
  tailSampling: "otelcol.processor.tail_sampling",
  spanMetrics: "otelcol.connector.spanmetrics",
  serviceGraph: "otelcol.connector.servicegraph",
  otlpHttpExporter: "otelcol.exporter.otlphttp",
} as const satisfies Record<Plain["kind"], string>;

/** Where others send what is for this component. */
export const inputOf = (id: string, { kind }: Plain): Reference => ref(`${NAMES[kind]}.${id}.input`);

/** `output { traces = [...] }`; nothing for what has no output. */
export function output(next: Partial<Record<Signal, readonly Reference[]>>): readonly Block[] {
  const lists = attrs({ traces: next.traces, metrics: next.metrics, logs: next.logs });
  return lists.length === 0 ? [] : [block("output", lists)];
}

export const componentBlock = (id: string, of: Plain, next: readonly Block[]): Block =>
  block(NAMES[of.kind], id, [body(id, of), next]);

function body(id: string, of: Plain): readonly Statement[] {
  switch (of.kind) {
    case "otlpReceiver":
      return receiver(of);
    case "zipkinReceiver":
      return zipkin(of);
    case "jaegerReceiver":
      return jaeger(of);
    case "fileLogReceiver":
      return fileLog(id, of);
    case "memoryLimiter":
      return limiter(of);
    case "transform":
      return transform(of);
    case "tailSampling":
      return sampling(of);
    case "spanMetrics":
      return spanMetrics(of);
    case "serviceGraph":
      return serviceGraph(of);
    case "otlpHttpExporter":
      return exporter(id, of);
    default:
      return of satisfies never;
  }
}

const receiver = ({ grpc, http, metadata, largestRequest }: OtlpReceiver): readonly Statement[] => [
  block(
    "grpc",
    attrs({ endpoint: grpc, include_metadata: metadata, max_recv_msg_size: formatSize(largestRequest) }),
  ),
  block(
    "http",
    attrs({ endpoint: http, include_metadata: metadata, max_request_body_size: formatSize(largestRequest) }),
  ),
];

const zipkin = ({ endpoint, largestRequest }: ZipkinReceiver): readonly Statement[] =>
  attrs({ endpoint, max_request_body_size: formatSize(largestRequest) });

const jaeger = ({ grpc, http, largestRequest }: JaegerReceiver): readonly Statement[] => [
  block("protocols", [
    block("grpc", attrs({ endpoint: grpc, max_recv_msg_size: formatSize(largestRequest) })),
    block("thrift_http", attrs({ endpoint: http, max_request_body_size: formatSize(largestRequest) })),
  ]),
];

/** A public preview, as the storage. */
const fileLog = (id: string, { path, exclude, resource }: FileLogReceiver): readonly Statement[] => [
  ...attrs({
    include: [path],
    exclude: [exclude],
    start_at: "beginning",
    storage: ref(`${STORAGE}.${id}.handler`),
    resource: { ...resource },
  }),
  block("retry_on_failure", attrs({ enabled: true, max_elapsed_time: "0s" })),
];

const limiter = ({ limit, spike }: MemoryLimiter): readonly Statement[] =>
  attrs({ check_interval: "1s", limit: formatSize(limit), spike_limit: formatSize(spike) });

const TRANSFORMED = {
  traces: "trace_statements",
  metrics: "metric_statements",
  logs: "log_statements",
} as const;

const transform = ({ statements, onError = "propagate" }: Transform): readonly Statement[] => [
  ...attrs({ error_mode: onError }),
  ...(["traces", "metrics", "logs"] as const).flatMap((signal) => {
    return (statements[signal] ?? []).map((of) =>
      // No name for Alloy, which has it found by the statements' own paths.
      of.context === "exemplar"
        ? block("statements", attrs({ metric: of.statements }))
        : block(TRANSFORMED[signal], attrs({ ...of })),
    );
  }),
];

function sampling({ decisionWait, slowerThan, keep, traces }: TailSampling): readonly Statement[] {
  const policy = (name: string, type: string, argument: Record<string, number | readonly string[]>) =>
    block("policy", [attrs({ name, type }), block(type, attrs(argument))]);
  return [
    ...attrs({
      decision_wait: time(decisionWait),
      num_traces: traces,
      // Spans that come after the decision follow it.
      decision_cache: { sampled_cache_size: traces * 4, non_sampled_cache_size: traces * 4 },
    }),
    policy("errors", "status_code", { status_codes: ["ERROR"] }),
    policy("slow", "latency", { threshold_ms: slowerThan * 1000 }),
    policy("share", "probabilistic", { sampling_percentage: percent(keep) }),
  ];
}

const spanMetrics = ({
  flush,
  expiry,
  cardinality,
  dimensions,
  resourceKey,
}: SpanMetrics): readonly Statement[] => [
  ...attrs({
    metrics_flush_interval: time(flush),
    metrics_expiration: time(expiry),
    aggregation_cardinality_limit: cardinality,
    resource_metrics_key_attributes: resourceKey,
  }),
  ...dimensions.map((name) => block("dimension", attrs({ name }))),
  block("histogram", [attrs({ unit: "s" }), block("explicit", [])]),
  block("exemplars", attrs({ enabled: true })),
];

const serviceGraph = ({ flush }: ServiceGraph): readonly Statement[] =>
  attrs({ metrics_flush_interval: time(flush) });

function exporter(id: string, of: OtlpHttpExporter): readonly Statement[] {
  const { endpoint, timeout, caFile, idleConnections, auth, queue } = of;
  const client = attrs({
    endpoint,
    timeout: time(timeout),
    max_idle_conns_per_host: idleConnections,
    auth: ref(`${AUTHS[auth.kind]}.${auth.name}.handler`),
  });
  const tls = caFile === undefined ? [] : [block("tls", attrs({ ca_file: caFile }))];
  return [block("client", [client, tls]), ...delivery(id, queue)];
}

function delivery(id: string, queue: DiskQueue | undefined): readonly Block[] {
  const off = attrs({ enabled: false });
  if (queue === undefined) return [block("sending_queue", off), block("retry_on_failure", off)];
  const { capacity, batch, consumers, retry } = queue;
  return [
    block("sending_queue", [
      attrs({
        storage: ref(`${STORAGE}.${id}.handler`),
        sizer: "bytes",
        queue_size: capacity,
        num_consumers: consumers,
        block_on_overflow: false,
      }),
      block(
        "batch",
        attrs({ flush_timeout: time(batch.after), min_size: batch.from, max_size: batch.to, sizer: "bytes" }),
      ),
    ]),
    block(
      "retry_on_failure",
      attrs({
        initial_interval: time(retry.first),
        max_interval: time(retry.longest),
        max_elapsed_time: "0s",
      }),
    ),
  ];
}

const STORAGE = "otelcol.storage.file";
const AUTHS = { requestHeader: "otelcol.auth.headers", clientCredentials: "otelcol.auth.oauth2" } as const;

/**
 * A public preview: Alloy wants `--stability.level=public-preview`. A file that was full once gives its space back when the
 * queue has drained.
 */
export const storageBlock = ({ id, directory, grows }: Storage): Block =>
  block(STORAGE, id, [
    attrs({ directory, fsync: true }),
    grows && block("compaction", attrs({ directory, on_rebound: true, cleanup_on_start: true })),
  ]);

export function authBlock(auth: Auth): Block {
  const name = AUTHS[auth.kind];
  if (auth.kind === "requestHeader")
    return block(name, auth.name, [
      block("header", attrs({ key: auth.header, action: "upsert", from_context: auth.header })),
    ]);
  return block(
    name,
    auth.name,
    attrs({
      client_id: auth.clientId,
      client_secret_file: auth.secretFile,
      token_url: auth.tokenUrl,
      expiry_buffer: time(auth.expiryBuffer),
      timeout: time(auth.timeout),
    }),
  );
}
