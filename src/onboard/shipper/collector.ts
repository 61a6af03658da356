import type { Signal } from "../../model/names";
import type { Onboarding } from "../model";

/** What both distributions of the OpenTelemetry Collector have in their configurations. */
export type Node = Readonly<Record<string, unknown>>;

/** A text as it is: the Collector takes `$` for the beginning of a reference. */
export const text = (value: string): string => value.replaceAll("$", "$$$$");

/** A file's content, where a setting takes no file. */
export const fileReference = (path: string): string => {
  if (!/^[\w./@+=,-]+$/.test(path)) throw new Error(`collector: no reference to ${path}`);
  return `\${file:${path}}`;
};

/** A variable of its process, and what stands there without one. */
const variable = (name: string, otherwise: string): string => `\${env:${name}:-${otherwise}}`;

/** OTLP from programs on the same machine. */
export const otlpReceiver = ({ listen }: Onboarding): Node => ({
  protocols: {
    grpc: { endpoint: variable("ATALAYA_OTLP_GRPC", listen.grpc) },
    http: { endpoint: variable("ATALAYA_OTLP_HTTP", listen.http) },
  },
});

/** Before the limiter refuses anything, senders are told to wait; what is in the queue is not in memory. */
export const MEMORY_LIMITER: Node = { check_interval: "1s", limit_mib: 400, spike_limit_mib: 100 };

const KIBIBYTE = 1024;
/** Batches well below the smallest burst that a plan allows: a larger one is answered 429 for ever. */
const BATCH: Node = {
  sizer: "bytes",
  min_size: 256 * KIBIBYTE,
  max_size: 512 * KIBIBYTE,
  flush_timeout: "1s",
};
const QUEUE_BYTES = 256 * KIBIBYTE * KIBIBYTE;

/** Batching inside the queue and no end to retries: outside of it, or given up after minutes, a restart or an outage loses data. */
export const delivery = (storage: string | undefined): Node => ({
  sending_queue: {
    ...(storage !== undefined && { storage }),
    sizer: "bytes",
    queue_size: storage === undefined ? QUEUE_BYTES / 4 : QUEUE_BYTES,
    num_consumers: 4,
    batch: BATCH,
  },
  retry_on_failure: { initial_interval: "1s", max_interval: "30s", max_elapsed_time: "0s" },
});

/** Longer than the edge takes, so that its answer is heard. */
export const TIMEOUT = "40s";

export const service = (
  extensions: readonly string[],
  pipelines: ReadonlyMap<Signal, readonly string[]>,
  exporter: string,
): Node => ({
  ...(extensions.length > 0 && { extensions }),
  pipelines: Object.fromEntries(
    [...pipelines].map(([signal, receivers]) => [
      signal,
      { receivers, processors: ["memory_limiter"], exporters: [exporter] },
    ]),
  ),
  telemetry: { metrics: { level: "none" } },
});
