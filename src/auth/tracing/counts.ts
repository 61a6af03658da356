/** What became of spans that should have been exported. Why they were not: */
export const SPAN_RESULTS = [
  "exported",
  /** The collector did not take them. */
  "failed",
  /** Too many wait for the collector. */
  "queue_full",
  /** More traces a second than are exported. */
  "rate",
  /** Too many requests at once, or one without an end: nothing of it is held any longer. */
  "too_many_open",
  "too_old",
  /** More spans than a trace may have. */
  "too_large",
] as const;

export type SpanResult = (typeof SPAN_RESULTS)[number];
/** Spans since the start. */
export type SpanCounts = Readonly<Record<SpanResult, number>>;

export class Counts {
  readonly #all = Object.fromEntries(SPAN_RESULTS.map((result) => [result, 0])) as Record<SpanResult, number>;

  add(result: SpanResult, spans: number): void {
    this.#all[result] += spans;
  }

  get all(): SpanCounts {
    return { ...this.#all };
  }
}
