import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { waitUntil } from "../../servers";
import { PASSWORD, RealRedis } from "../redis/real";
import { Replicated } from "../redis/sentinels";
import { FakeLoki } from "./loki";
import { drained, event, recorded, recording, SHORT, started } from "./world";

describe("the trail while Redis comes and goes", () => {
  let redis: RealRedis;
  let loki: FakeLoki;
  beforeEach(async () => {
    redis = await RealRedis.start();
    loki = await FakeLoki.listen();
  });
  afterEach(async () => {
    await loki.close();
    await redis[Symbol.asyncDispose]();
  });

  it.each(["is gone", "hangs"] as const)("takes no record while it %s, says so within a second, and goes on", async (how) => {
    const trail = started(redis.settings, loki.url);
    await recording(trail);
    await recorded(trail, 20);
    if (how === "is gone") await redis.kill();
    else redis.signal("SIGSTOP");
    const began = performance.now();
    const refused = Array.from({ length: 5 }, () => trail.record(event({ requestId: "refused" })));
    for (const one of await Promise.allSettled(refused))
      expect(one).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailable) as unknown });
    expect(performance.now() - began).toBeLessThan(1_300);
    expect(Object.values(await trail.backlog())).toEqual([NaN, NaN, NaN, NaN, NaN]);
    if (how === "is gone") await redis.back();
    else redis.signal("SIGCONT");
    await recording(trail);
    const after = await recorded(trail, 20);
    await drained(trail);
    const ids = new Set(loki.entries.map(({ line }) => line["request_id"]));
    ids.delete("refused"); // They may have been queued all the same.
    expect(ids.size).toBe(40);
    expect(after.every((id) => ids.has(id))).toBe(true);
  }, 30_000); // prettier-ignore

  it("begins although Redis is not there yet, or has another password", async () => {
    await redis.kill();
    let password = "wrong";
    const trail = started(redis.settings, loki.url, { password: () => password });
    await sleep(500);
    await expect(trail.record(event())).rejects.toThrow(StoreUnavailable);
    await redis.back();
    await sleep(500);
    await expect(trail.record(event())).rejects.toThrow(StoreUnavailable);
    password = PASSWORD;
    await recording(trail);
    await recorded(trail, 3);
    await drained(trail);
    expect(loki.entries).toHaveLength(3);
    // Its worker as well has the new one for both connections.
    await redis.kill();
    await redis.back();
    await recording(trail);
    await recorded(trail, 3);
    await drained(trail);
    expect(loki.entries).toHaveLength(6);
  }, 30_000);

  it("ends within its bound while nobody answers", async () => {
    const trail = started(redis.settings, loki.url, { times: { ...SHORT, push: 60_000, close: 500 } });
    await recording(trail);
    loki.respond = () => undefined;
    await recorded(trail, 2);
    await waitUntil("a delivery", () => loki.pushes === 2);
    await redis.kill();
    const began = performance.now();
    await trail.close();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("refuses a record that Redis has no room for", async () => {
    const trail = started(redis.settings, loki.url);
    await recording(trail);
    await redis.asTester((client) => client.config("SET", "maxmemory", "1"));
    await expect(trail.record(event())).rejects.toMatchObject({ message: "Redis is full." });
  });
});

describe("the trail with replicas and Sentinels", () => {
  it("takes no record that only the master has, and loses none when it is killed", async () => {
    await using redis = await Replicated.start();
    await using loki = await FakeLoki.listen();
    await waitUntil("the Sentinels to know each other", () => redis.complete(), { timeoutMs: 30_000 });
    const trails = [started(redis.settings, loki.url), started(redis.settings, loki.url)];
    for (const trail of trails) await recording(trail);
    const [trail] = trails;
    if (trail === undefined) throw new Error("there is none");
    await waitUntil("the replicas", () => trail.record(event({ requestId: "first" })).then(() => true, () => false)); // prettier-ignore
    const [master, ...replicas] = redis.nodes;
    if (master === undefined) throw new Error("there is no master");
    for (const { running } of replicas) process.kill(running?.pid ?? 0, "SIGSTOP");
    await expect(trail.record(event({ requestId: "alone" }))).rejects.toThrow(StoreUnavailable);
    for (const { running } of replicas) process.kill(running?.pid ?? 0, "SIGCONT");

    const acknowledged = new Set<string>();
    let refused = 0;
    let running = true;
    const writers = [...trails, ...trails].map(async (one) => {
      while (running) {
        const act = event();
        await one.record(act).then(() => acknowledged.add(act.requestId), () => refused++); // prettier-ignore
        await sleep(5);
      }
    });
    await waitUntil("records", () => acknowledged.size > 100);
    await redis.kill(master);
    const before = acknowledged.size;
    await waitUntil("records after the failover", () => acknowledged.size > before + 100, {
      timeoutMs: 30_000,
    });
    running = false;
    await Promise.all(writers);
    await drained(trail, 60_000);
    const ids = new Set(loki.entries.map(({ line }) => line["request_id"]));
    expect(refused).toBeGreaterThan(0);
    expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
    await Promise.all(trails.map((one) => one.close()));
    // Whatever came twice says so.
    const seen = new Set<unknown>();
    const unmarked = loki.entries.filter(({ line }) => {
      const again = seen.has(line["id"]) && line["redelivered"] !== true;
      seen.add(line["id"]);
      return again;
    });
    expect(unmarked).toEqual([]);
  }, 120_000);
});
