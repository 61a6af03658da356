import { setTimeout as sleep } from "node:timers/promises";

/** So many at a time, in order; the first that throws ends all. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of rest) await run(item);
    }),
  );
}

/** Lets through so many a second, evenly: others share the limits that requests count for. */
export class Pace {
  #next = 0;

  constructor(private readonly perSecond: number) {}

  async turn(): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#next);
    this.#next = at + 1_000 / this.perSecond;
    if (at > now) await sleep(at - now);
  }
}
