import { setTimeout as sleep } from "node:timers/promises";

/** Something that is written once, under a name of its own. Resolves when it is acknowledged. */
export type Write = (name: string) => Promise<string>;

/** What became of everything that was tried. */
export interface Written {
  readonly attempted: number;
  /** By which each can be found again, and when it was acknowledged (milliseconds). */
  readonly acknowledged: readonly { readonly id: string; readonly at: number }[];
  readonly refused: number;
  /** Milliseconds. */
  readonly longestPause: number;
}

/** Several who write as fast as they are told, in all, and go on after every refusal. */
export class Writers {
  readonly #acknowledged: { id: string; at: number }[] = [];
  readonly #began = performance.now();
  #attempted = 0;
  #refused = 0;
  #running = true;
  #ended: number | undefined;
  readonly #done: Promise<unknown>;

  /**
   * @param perSecond of all of them together
   */
  constructor(
    private readonly kind: string,
    writes: readonly Write[],
    private readonly perSecond: number,
  ) {
    this.#done = Promise.all(writes.map((write, writer) => this.#run(write, writer, writes.length)));
  }

  /** When the newest acknowledged write was, in milliseconds. */
  get latest(): number {
    return this.#acknowledged.at(-1)?.at ?? 0;
  }

  async #run(write: Write, writer: number, writers: number): Promise<void> {
    const every = (1_000 * writers) / this.perSecond;
    let next = performance.now() + (every * writer) / writers;
    for (let n = 0; this.#running; n++) {
      await sleep(Math.max(0, next - performance.now()));
      // Whoever was held up does not make up for it.
      next = Math.max(next + every, performance.now());
      this.#attempted++;
      try {
        const id = await write(`${this.kind}-${writer}-${n}`);
        this.#acknowledged.push({ id, at: performance.now() });
      } catch {
        this.#refused++;
      }
    }
  }

  /** The second time, it only says again what became of them. */
  async stop(): Promise<Written> {
    this.#running = false;
    await this.#done;
    this.#ended ??= performance.now();
    const times = [this.#began, ...this.#acknowledged.map(({ at }) => at)];
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? at));
    return {
      attempted: this.#attempted,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      longestPause: Math.max(0, ...pauses, this.#ended - (times.at(-1) ?? 0)),
    };
  }
}
