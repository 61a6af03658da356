import { type Context, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Budget } from "./budget";
import { cleaned } from "./cleaned";
import type { Counts } from "./counts";

export interface KeeperBounds {
  /** Spans of one trace, without its root. */
  readonly spans: number;
  /** Requests at once of which spans are held. */
  readonly open: number;
  /** Milliseconds until a request without an end is let go. */
  readonly age: number;
  /** Traces a second in which something failed: whoever makes requests fail must not fill the collector. */
  readonly failedPerSecond: number;
  /** The others: a caller may mark all of his, or choose their ids. */
  readonly sampledPerSecond: number;
  /** Spans that wait for the collector. */
  readonly queue: number;
}

export interface KeeperOptions {
  readonly bounds: KeeperBounds;
  readonly counts: Counts;
  /** Where spans go that are kept. */
  readonly next: SpanProcessor;
  /** Spans that wait there no longer. */
  readonly taken: () => number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What this process knows of one request. */
interface Held {
  readonly root: Span;
  readonly since: number;
  readonly ended: ReadableSpan[];
  outcome: "open" | "kept" | "left";
}

const HELD = Symbol("held");
type Marked = object & { [HELD]?: Held };
/** On the span itself, so that a request that nobody refers to any more takes its spans along; a WeakMap costs twice the time. */
const mark = (span: Marked, held: Held): void => {
  span[HELD] = held;
};
const heldOf = (span: Marked): Held | undefined => span[HELD];

/** Holds the spans of a request until it has ended, and then passes on all of them or none: it failed, or belongs to the share. */
export class TraceKeeper implements SpanProcessor {
  /** The oldest first. */
  readonly #open = new Set<Held>();
  readonly #failed: Budget;
  readonly #sampled: Budget;
  #passed = 0;
  #closed = false;

  constructor(private readonly options: KeeperOptions) {
    const { bounds, now } = options;
    this.#failed = new Budget(bounds.failedPerSecond, now);
    this.#sampled = new Budget(bounds.sampledPerSecond, now);
  }

  /** Requests of which spans are held. */
  get open(): number {
    return this.#open.size;
  }

  onStart(span: Span, context: Context): void {
    const parent = trace.getSpan(context);
    // Not by the id of the trace: several requests may be parts of one.
    mark(span, (parent && heldOf(parent)) ?? this.#begin(span));
  }

  onEnd(span: ReadableSpan): void {
    const held = heldOf(span);
    if (held === undefined) return;
    if (held.root === span) this.#end(held, span);
    else if (held.outcome !== "open") this.#late(held, span);
    else if (held.ended.length < this.options.bounds.spans) held.ended.push(span);
    else this.options.counts.add("too_large", 1);
  }

  forceFlush(): Promise<void> {
    return this.options.next.forceFlush();
  }

  shutdown(): Promise<void> {
    this.#closed = true;
    this.#open.clear();
    return this.options.next.shutdown();
  }

  #begin(root: Span): Held {
    const { bounds, now } = this.options;
    const since = now();
    // Only as many as there may be are ever here, so that nothing needs a clock of its own.
    for (const oldest of this.#open) {
      if (since - oldest.since > bounds.age) this.#letGo(oldest, "too_old");
      else if (this.#open.size >= bounds.open) this.#letGo(oldest, "too_many_open");
      else break;
    }
    const held: Held = { root, since, ended: [], outcome: "open" };
    // Of what begins after the end, nothing is exported.
    if (!this.#closed) this.#open.add(held);
    return held;
  }

  #letGo(held: Held, reason: "too_old" | "too_many_open"): void {
    this.#open.delete(held);
    held.outcome = "left";
    // Its root as well, which has not ended.
    this.options.counts.add(reason, held.ended.splice(0).length + 1);
  }

  #end(held: Held, root: ReadableSpan): void {
    if (!this.#open.delete(held)) return;
    const spans = [...held.ended.splice(0), root];
    held.outcome = this.#pass(spans) ? "kept" : "left";
  }

  /** What ends after its request goes where that went, but for a failure, which nobody else tells. */
  #late(held: Held, span: ReadableSpan): void {
    if (held.outcome === "kept") this.#passAll([span]);
    else if (hasFailed(span)) this.#pass([span]);
  }

  #pass(spans: readonly ReadableSpan[]): boolean {
    const failed = spans.some(hasFailed);
    if (!failed && !spans.some(isSampled)) return false;
    if ((failed ? this.#failed : this.#sampled).take()) return this.#passAll(spans);
    this.options.counts.add("rate", spans.length);
    return false;
  }

  #passAll(spans: readonly ReadableSpan[]): boolean {
    const { bounds, counts, next, taken } = this.options;
    if (this.#passed - taken() + spans.length > bounds.queue) {
      counts.add("queue_full", spans.length);
      return false;
    }
    this.#passed += spans.length;
    for (const span of spans) next.onEnd(cleaned(span));
    return true;
  }
}

const hasFailed = ({ status }: ReadableSpan): boolean => status.code === SpanStatusCode.ERROR;
const isSampled = (span: ReadableSpan): boolean => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
