import type { SpanAttributes, SpanName } from "./attributes";
import { type SpanCounts, Counts } from "./counts";
import type { TraceHeaders } from "./propagation";

/** A span that has not ended. */
export interface ActiveSpan {
  /** A status of 500 and above and an `undecided` make it a failure; a denial does not. */
  readonly set: (attributes: SpanAttributes) => void;
  /** A failure, of which the kind is told and nothing else. */
  readonly failed: (error: unknown) => void;
}

export interface IncomingRequest extends TraceHeaders {
  readonly name: Extract<SpanName, "authz" | "tenant_api">;
  readonly attributes?: SpanAttributes;
}

/** Spans of what the service does. Nothing here waits for the collector, and nothing of it ever throws but what `work` throws. */
export interface Tracing {
  /** A request that came in. It has failed when `work` throws. */
  readonly request: <T>(request: IncomingRequest, work: (span: ActiveSpan) => Promise<T>) => Promise<T>;
  /** Something that another process is asked for on the way; outside a request, and after its end, a trace of its own. */
  readonly span: <T>(
    name: Exclude<SpanName, IncomingRequest["name"]>,
    attributes: SpanAttributes,
    work: (span: ActiveSpan) => Promise<T>,
  ) => Promise<T>;
  /** The span that `work` is in has failed, although nothing was thrown. */
  readonly failed: (error: unknown) => void;
  /** Headers to pass on to who is asked: none outside a span. */
  readonly inject: () => Readonly<Record<string, string>>;
  /** For metrics. */
  readonly counts: () => SpanCounts;
  /** Exports what waits. Done within the bound (milliseconds), whatever the collector does; nothing is recorded after it. */
  readonly close: (milliseconds?: number) => Promise<void>;
}

const NOTHING = Object.freeze({});
const none = new Counts();
const noSpan: ActiveSpan = { set: () => undefined, failed: () => undefined };

/** Where there is no collector. */
export const noTracing: Tracing = {
  request: (_request, work) => work(noSpan),
  span: (_name, _attributes, work) => work(noSpan),
  failed: () => undefined,
  inject: () => NOTHING,
  counts: () => none.all,
  close: () => Promise.resolve(),
};
