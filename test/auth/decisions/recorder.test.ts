import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { LARGEST, REFUSAL_RESULTS, type RefusalCounts, RefusalRecorder } from "../../../src/auth/decisions/recorder"; // prettier-ignore
import type { Refusal, Refused } from "../../../src/auth/decisions/refusal";
import { StoreFull } from "../../../src/auth/redis/connection";

const refused = (request_id: string | undefined, changes: Partial<Refused> = {}): Refused => ({
  ...{ time: "2026-11-02T09:30:00.123Z", method: "GET", path: "/prometheus/api/v1/query", routes: [] },
  ...{ credential: "none", outcome: "deny", code: "credential_missing", request_id },
  ...changes,
});
const known = (id: string) => refused(id, { user: "grafana-mx", tenant: "tenant-mx", code: "right_missing" });
const counts = (changes: Partial<RefusalCounts>): RefusalCounts => ({
  ...(Object.fromEntries(REFUSAL_RESULTS.map((result) => [result, 0])) as unknown as RefusalCounts),
  ...changes,
});

class World {
  now = 0;
  readonly kept = new Map<string, Refusal>();
  readonly batches: number[] = [];
  readonly failures: unknown[] = [];
  problem: Error | undefined;
  readonly recorder = new RefusalRecorder({
    now: () => this.now,
    onFailure: (error) => this.failures.push(error),
    store: {
      keep: (refusals) => {
        if (this.problem !== undefined) return Promise.reject(this.problem);
        this.batches.push(refusals.length);
        const fresh = refusals.filter(({ request_id }) => !this.kept.has(request_id));
        for (const refusal of fresh) this.kept.set(refusal.request_id, refusal);
        return Promise.resolve(fresh.length);
      },
    },
  });

  flood(name: string, count: number, of: (id: string) => Refused = refused): void {
    for (let n = 0; n < count; n++) this.recorder.record(of(`${name}-${n}`));
  }
}

describe("what is kept of refusals", () => {
  it("is written together, those of somebody known first", async () => {
    const world = new World();
    world.recorder.record(refused("a"));
    world.recorder.record(known("b"));
    expect(world.batches).toEqual([]);
    await world.recorder.flush();
    expect([...world.kept.values()]).toEqual([known("b"), refused("a")]);
    expect(world.recorder.counts).toEqual(counts({ kept: 2 }));
  });

  it("is bounded: of 1,000 of nobody known 200 are kept, and all of somebody known", async () => {
    const world = new World();
    world.flood("noise", 1_000);
    world.flood("known", 300, known);
    await world.recorder.flush();
    expect(world.batches).toEqual([100, 100, 100, 100, 100]);
    expect([...world.kept.keys()].filter((id) => id.startsWith("known")).length).toBe(300);
    expect([...world.kept.keys()].filter((id) => id.startsWith("noise"))).toEqual(
      Array.from({ length: 200 }, (_, n) => `noise-${n}`),
    );
    expect(world.recorder.counts).toEqual(counts({ kept: 500, rate_unknown: 800 }));
    world.flood("more", 7, known);
    expect(world.recorder.counts.rate_known).toBe(7);
    // One in five seconds of those, one in two of these.
    world.now = 10_000;
    world.flood("later", 100);
    world.flood("known-later", 100, known);
    await world.recorder.flush();
    expect(world.recorder.counts).toEqual(counts({ kept: 507, rate_unknown: 898, rate_known: 102 }));
  });

  it("is never more than its bound: of six hours of a flood on both", async () => {
    const world = new World();
    for (let second = 0; second < 6 * 3_600; second++) {
      world.now = second * 1_000;
      // More than the whole burst only in the first second.
      world.flood(`noise-${second}`, second === 0 ? 400 : 3);
      world.flood(`known-${second}`, second === 0 ? 400 : 3, known);
      if (second % 60 === 0) await world.recorder.flush();
    }
    await world.recorder.flush();
    expect(world.kept.size).toBe(10_799 + 300 + 4_319 + 200);
    expect(world.kept.size * LARGEST).toBeLessThan(24 * 1024 ** 2);
  });

  it("is the first of a request id, and nothing of a request without one", async () => {
    const world = new World();
    world.recorder.record(known("same"));
    await world.recorder.flush();
    world.recorder.record(refused("same"));
    world.recorder.record(refused(undefined));
    world.recorder.record(undefined);
    await world.recorder.flush();
    expect([...world.kept.values()]).toEqual([known("same")]);
    expect(world.recorder.counts).toEqual(counts({ kept: 1, repeated: 1, no_id: 1 }));
  });

  it("waits while Redis is away, up to its bound, and is written when it is back", async () => {
    const world = new World();
    world.problem = new StoreUnavailable("away");
    world.flood("first", 200);
    await world.recorder.flush();
    world.now = 25_000;
    world.flood("second", 7);
    await world.recorder.flush();
    // As many as could have been taken are tokens; there is no room.
    expect(world.recorder.counts).toEqual(counts({ queue_full: 7 }));
    world.problem = undefined;
    await world.recorder.flush();
    expect(world.kept.size).toBe(200);
    expect(world.recorder.counts).toEqual(counts({ kept: 200, queue_full: 7 }));
    expect(world.failures).toEqual([]);
  });

  it.each([new StoreFull("full"), new Error("ERR of ours")])(
    "is not tried again after %s",
    async (problem) => {
      const world = new World();
      world.problem = problem;
      world.flood("first", 3);
      await world.recorder.flush();
      world.problem = undefined;
      await world.recorder.flush();
      expect(world.recorder.counts).toEqual(counts({ failed: 3 }));
      expect(world.failures).toEqual([problem]);
    },
  );

  it("holds nobody up: a store that does not answer is asked once at a time", async () => {
    let asked = 0;
    const answer = Promise.withResolvers<number>();
    const recorder = new RefusalRecorder({
      store: {
        keep: () => {
          asked++;
          return answer.promise;
        },
      },
    });
    recorder.record(refused("a"));
    const first = recorder.flush();
    expect(recorder.flush()).toBe(first);
    recorder.record(refused("b"));
    expect([asked, recorder.counts]).toEqual([1, counts({})]);
    answer.resolve(1);
    await recorder.close();
    expect([asked, recorder.counts]).toEqual([2, counts({ kept: 2 })]);
  });
});
