import type { Refusal } from "./refusal";

export interface Rate {
  /** A second, sustained. */
  readonly rate: number;
  /** At once, and so many wait for Redis at most. */
  readonly burst: number;
}

/** Refusals on their way into the store, bounded in number and in time. */
export class Lane {
  readonly waiting: Refusal[] = [];
  #tokens: number;
  #at: number;

  /** @param now milliseconds */
  constructor(
    private readonly bound: Rate,
    private readonly now: () => number,
  ) {
    this.#tokens = bound.burst;
    this.#at = now();
  }

  /** Whether it is taken, and why not. */
  add(refusal: Refusal): "taken" | "rate" | "queue_full" {
    const { rate, burst } = this.bound;
    const at = this.now();
    this.#tokens = Math.min(burst, this.#tokens + ((at - this.#at) / 1_000) * rate);
    this.#at = at;
    if (this.#tokens < 1) return "rate";
    if (this.waiting.length >= burst) return "queue_full";
    this.#tokens--;
    this.waiting.push(refusal);
    return "taken";
  }
}
