import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions"; // prettier-ignore
import type { SpanAttributes, SpanName } from "./attributes";
import { Counts } from "./counts";
import { errorType } from "./errors";
import { CountingExporter } from "./exporter";
import { type KeeperBounds, TraceKeeper } from "./keeper";
import { extracted, injected } from "./propagation";
import { ShareSampler } from "./sampler";
import type { ActiveSpan, Tracing } from "./tracing";

/** How the service calls itself, as traces and logs find it. */
export const SERVICE_NAME = "atalaya-auth";
/** Spans of a batch. */
const BATCH = 512;
/** Milliseconds. */
const TIMES = {
  /** Between batches. */
  batch: 1_000,
  /** For a batch, with all attempts. */
  export: 2_000,
  /** For a batch whose attempts do not end by themselves: a collector that answers byte by byte. */
  stuck: 5_000,
  close: 2_000,
};
const BOUNDS: KeeperBounds = {
  ...{ spans: 64, open: 2_000, age: 60_000, queue: 2_048 },
  ...{ failedPerSecond: 10, sampledPerSecond: 100 },
};

export interface TracingOptions {
  /** The collector's, without `/v1/traces`. */
  readonly endpoint: URL;
  /** Of requests that did not fail, which are all exported: 0 to 1. */
  readonly share: number;
  /** The organisation that the traces belong to: the platform's. */
  readonly orgId: string;
  readonly replica?: string;
  readonly version?: string;
  /** Told once for every time that the collector goes away. */
  readonly onFailure: (problem: string) => void;
  readonly bounds?: Partial<KeeperBounds>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Nothing of it is global: several of them may live in one process. */
export function createTracing(options: TracingOptions): Tracing {
  const counts = new Counts();
  const contexts = new AsyncLocalStorageContextManager();
  const { provider, keeper } = createProvider(options, counts);
  const tracer = provider.getTracer("atalaya.auth");

  const run = <T>(
    { name, kind, attributes }: Wanted,
    parent: Context,
    work: (span: ActiveSpan) => Promise<T>,
  ): Promise<T> => {
    const span = tracer.startSpan(name, { kind }, parent);
    setOn(span, attributes);
    return contexts.with(trace.setSpan(parent, span), () => ending(span, work));
  };
  return {
    request: ({ name, attributes = {}, ...headers }, work) =>
      run({ name, kind: SpanKind.SERVER, attributes }, extracted(headers), work),
    span: (name, attributes, work) =>
      run({ name, kind: SpanKind.CLIENT, attributes }, unended(contexts.active()), work),
    failed: (error) => {
      const span = trace.getSpan(contexts.active());
      if (span !== undefined) fail(span, error);
    },
    inject: () => injected(contexts.active()),
    counts: () => counts.all,
    // What the exporter does from here on belongs to no request.
    close: (milliseconds = TIMES.close) =>
      contexts.with(ROOT_CONTEXT, () => within(milliseconds, keeper.shutdown())),
  };
}

/** What a request has set going and goes on after it, such as the next fetch of keys, is not a part of it for ever. */
const unended = (active: Context): Context =>
  trace.getSpan(active)?.isRecording() === true ? active : ROOT_CONTEXT;

interface Wanted {
  readonly name: SpanName;
  readonly kind: SpanKind;
  readonly attributes: SpanAttributes;
}

function createProvider({ share, replica, version, now, ...options }: TracingOptions, counts: Counts) {
  const bounds = { ...BOUNDS, ...options.bounds };
  // At the end all batches go out at once, and one may be on its way.
  const concurrency = Math.ceil(bounds.queue / BATCH) + 1;
  const exporter = new CountingExporter({ ...options, patience: TIMES.export, concurrency, counts });
  const next = new BatchSpanProcessor(exporter, {
    maxQueueSize: bounds.queue,
    maxExportBatchSize: Math.min(BATCH, bounds.queue),
    scheduledDelayMillis: TIMES.batch,
    exportTimeoutMillis: TIMES.stuck,
  });
  const keeper = new TraceKeeper({
    ...{ bounds, counts, next },
    taken: () => exporter.taken,
    now: now ?? (() => performance.now()),
  });
  const provider = new BasicTracerProvider({
    sampler: new ShareSampler(share),
    spanProcessors: [keeper],
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: SERVICE_NAME,
      [ATTR_SERVICE_INSTANCE_ID]: replica,
      [ATTR_SERVICE_VERSION]: version,
    }),
  });
  return { provider, keeper };
}

async function ending<T>(span: Span, work: (span: ActiveSpan) => Promise<T>): Promise<T> {
  try {
    return await work({
      set: (attributes) => {
        setOn(span, attributes);
      },
      failed: (error) => {
        fail(span, error);
      },
    });
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function setOn(span: Span, attributes: SpanAttributes): void {
  for (const [name, value] of Object.entries(attributes) as [string, string | number | undefined][])
    if (value !== undefined) span.setAttribute(name, value);
  const { "http.response.status_code": status = 0, "atalaya.decision": decision } = attributes;
  if (status >= 500 || decision === "undecided") span.setStatus({ code: SpanStatusCode.ERROR });
}

function fail(span: Span, error: unknown): void {
  span.setAttribute("error.type", errorType(error)).setStatus({ code: SpanStatusCode.ERROR });
}

/** What fails by then has been counted. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const late = setTimeout(resolve, milliseconds);
  await Promise.race([work.catch(() => undefined), promise]);
  clearTimeout(late);
}
