/** So many a second, and as many as two seconds' at once. */
export class Budget {
  #left: number;
  #at: number;

  /** @param now milliseconds */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {
    this.#left = this.#most;
    this.#at = now();
  }

  /** Whether one more is within it. */
  take(): boolean {
    const now = this.now();
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1_000) * this.perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  get #most(): number {
    return 2 * this.perSecond;
  }
}
