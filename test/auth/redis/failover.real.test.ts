import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { StoredData } from "../../../src/auth/data/store";
import type { RedisStore } from "../../../src/auth/redis/connection";
import { waitUntil } from "../../servers";
import { connected, principal, tenantOf } from "./real";
import { Replicated } from "./sentinels";

/**
 * Milliseconds from the master's end to the next acknowledged write: stated, and measured here. Sentinels that agreed on one
 * failover wait a while before they agree on the next.
 */
const WRITES_GO_ON = 15_000;
const MX = tenantOf("mx");

describe("Redis with replicas and Sentinels", () => {
  let redis: Replicated;
  beforeAll(async () => {
    redis = await Replicated.start();
    // The Sentinels must know each other and the replicas before they can do anything.
    await waitUntil("the Sentinels to know each other", () => redis.complete(), { timeoutMs: 30_000 });
  }, 60_000);
  afterAll(() => redis[Symbol.asyncDispose]());

  it("acknowledges no write that only the master has", async () => {
    const store = await connected(redis.settings);
    await waitUntil("the replicas", () => writes(store, "first"));
    const replicas = redis.nodes.slice(1);
    for (const { running } of replicas) process.kill(running?.pid ?? 0, "SIGSTOP");
    try {
      expect(await writes(store, "alone")).toBe(false);
    } finally {
      for (const { running } of replicas) process.kill(running?.pid ?? 0, "SIGCONT");
    }
    await waitUntil("the replicas", () => writes(store, "second"));
  });

  it.each(["is killed", "hangs"] as const)(
    "loses no acknowledged write when the master %s under writes, which go on by themselves",
    async (end) => {
      const store = await connected(redis.settings);
      await waitUntil("a replica", () => writes(store, `before the master ${end}`));
      const master = await redis.masterOf(store);
      const storm = new Storm(store, end);
      await sleep(1_000);
      const before = storm.acknowledged.length;
      if (end === "is killed") await redis.kill(master);
      else process.kill(master.running?.pid ?? 0, "SIGSTOP");
      const ended = performance.now();
      await waitUntil("writes", () => storm.latest > ended + 1_000, { timeoutMs: 30_000 });
      const took = storm.firstAfter(ended + 1_000) - ended;
      await waitUntil("both connections", () => store.up);
      expect(await redis.masterOf(store)).not.toBe(master);
      // The old one comes back while others write, and becomes a replica.
      if (end === "is killed") await redis.run(master);
      else process.kill(master.running?.pid ?? 0, "SIGCONT");
      await sleep(3_000);
      await storm.stop();
      const after = storm.acknowledged.length - before;
      process.stdout.write(`the master ${end}: ${before} writes, ${Math.round(took)} ms without (${storm.refused} refused), ${after} writes\n`); // prettier-ignore
      expect(before).toBeGreaterThan(20);
      expect(after).toBeGreaterThan(20);
      expect(took).toBeLessThan(WRITES_GO_ON);
      expect(await storm.lost()).toEqual([]);
    },
    90_000,
  );
});

async function writes(store: RedisStore, key: string): Promise<boolean> {
  try {
    return (await new StoredData({ redis: store }).put(principal(), key, key, {})).kind === "written";
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return false;
  }
}

/** Eight who write without a pause, each a new entry. */
class Storm {
  readonly acknowledged: { readonly key: string; readonly at: number }[] = [];
  refused = 0;
  #running = true;
  readonly #writers: Promise<unknown>;

  constructor(
    private readonly store: RedisStore,
    private readonly name: string,
  ) {
    this.#writers = Promise.all(Array.from({ length: 8 }, (_, writer) => this.#write(writer)));
  }

  async #write(writer: number): Promise<void> {
    for (let n = 0; this.#running; n++) {
      const key = `${this.name} ${writer} ${n}`;
      if (await writes(this.store, key)) this.acknowledged.push({ key, at: performance.now() });
      else {
        this.refused++;
        await sleep(20);
      }
    }
  }

  get latest(): number {
    return this.acknowledged.at(-1)?.at ?? 0;
  }

  firstAfter = (time: number): number => this.acknowledged.find(({ at }) => at > time)?.at ?? Infinity;

  async stop(): Promise<void> {
    this.#running = false;
    await this.#writers;
  }

  /** Keys of entries that were acknowledged and are not there. */
  async lost(): Promise<readonly string[]> {
    const data = new StoredData({ redis: this.store });
    const found = await Promise.all(
      this.acknowledged.map(async ({ key }) => ({ key, there: (await data.get(MX, key))?.value === key })),
    );
    return found.filter(({ there }) => !there).map(({ key }) => key);
  }
}
