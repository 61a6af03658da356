import { StoreUnavailable } from "../api/ports";
import { StoreFull } from "../redis/connection";
import { Lane, type Rate } from "./lane";
import type { Refusal, Refused } from "./refusal";
import type { StoredRefusals } from "./store";

/** What became of refusals. */
export const REFUSAL_RESULTS = [
  "kept",
  /** Another one of this request id is kept. */
  "repeated",
  /** The request had no id that could be asked for. */
  "no_id",
  /** More a second than are kept: of nobody known, and of somebody who is. */
  "rate_unknown",
  "rate_known",
  /** Redis is away for longer than they can wait. */
  "queue_full",
  /** Redis did not take them: it is full, or it is a mistake of ours. */
  "failed",
] as const;
export type RefusalResult = (typeof REFUSAL_RESULTS)[number];
/** Refusals since the start. */
export type RefusalCounts = Readonly<Record<RefusalResult, number>>;

/**
 * Per replica. Those of a verified user or tenant have a lane of their own, which noise from outside cannot fill.
 *
 * With the six hours that they are kept (store.ts) this is the bound of what Redis, which evicts nothing, holds of one replica:
 * 10,800 + 300 records that are known and 4,320 + 200 that are not, 15,620 in all. One takes {@link LARGEST} bytes of Redis'
 * memory at most (a test measures it), so 24 MiB, and about half a KiB as requests are, so 8 MiB.
 */
export const RATES = {
  known: { rate: 0.5, burst: 300 },
  unknown: { rate: 0.2, burst: 200 },
} as const satisfies Readonly<Record<string, Rate>>;

/** Bytes of Redis' memory that one record takes, its name and all around it. */
export const LARGEST = 1_600;

/** Milliseconds between writes. */
const PERIOD = 1_000;
/** Of one write. */
const BATCH = 100;

export interface RecorderOptions {
  readonly store: Pick<StoredRefusals, "keep">;
  /** Told of a batch that Redis did not take and that is not tried again. */
  readonly onFailure?: (error: unknown) => void;
  /** Milliseconds, of no certain beginning. */
  readonly now?: () => number;
}

/** Takes refusals without waiting, and writes them together. Nothing here fails or delays who was refused. */
export class RefusalRecorder {
  readonly #known: Lane;
  readonly #unknown: Lane;
  readonly #counts = Object.fromEntries(REFUSAL_RESULTS.map((result) => [result, 0])) as Record<RefusalResult, number>; // prettier-ignore
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | undefined;

  constructor(private readonly options: RecorderOptions) {
    const { now = () => performance.now() } = options;
    this.#known = new Lane(RATES.known, now);
    this.#unknown = new Lane(RATES.unknown, now);
  }

  record(refused: Refused | undefined): void {
    if (refused === undefined) return;
    const { request_id } = refused;
    if (request_id === undefined) {
      this.#counts.no_id++;
      return;
    }
    const isKnown = refused.user !== undefined || refused.tenant !== undefined;
    const result = (isKnown ? this.#known : this.#unknown).add({ ...refused, request_id });
    if (result === "rate") this.#counts[isKnown ? "rate_known" : "rate_unknown"]++;
    else if (result === "queue_full") this.#counts.queue_full++;
  }

  get counts(): RefusalCounts {
    return { ...this.#counts };
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), PERIOD).unref();
  }

  /** Writes what waits. False while Redis is away, of which it is told within a second; never throws. */
  flush(): Promise<boolean> {
    return (this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    }));
  }

  /** Writes what waits, and nothing after it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    // Not again where it is away: the end does not wait twice.
    if ((await this.#flushing) !== false) await this.flush();
  }

  async #flushAll(): Promise<boolean> {
    for (const { waiting } of [this.#known, this.#unknown])
      while (waiting.length > 0) {
        const batch = waiting.slice(0, BATCH);
        if (!(await this.#write(batch))) return false;
        waiting.splice(0, batch.length);
      }
    return true;
  }

  /** False when it is to be tried again. */
  async #write(batch: readonly Refusal[]): Promise<boolean> {
    try {
      const kept = await this.options.store.keep(batch);
      this.#counts.kept += kept;
      this.#counts.repeated += batch.length - kept;
      return true;
    } catch (error) {
      // A Redis that is full does not get emptier by asking again.
      if (error instanceof StoreUnavailable && !(error instanceof StoreFull)) return false;
      this.#counts.failed += batch.length;
      this.options.onFailure?.(error);
      return true;
    }
  }
}
