import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { StoreFull, TIMES } from "../../../src/auth/redis/connection";
import { connected, open, PASSWORD, RealRedis, untilDown, untilUp } from "./real";

const SET = "return redis.call('SET', KEYS[1], ARGV[1])";

describe("Redis, as the auth service uses it", () => {
  let redis: RealRedis;
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(() => redis.asTester((tester) => tester.flushall()));

  it("runs scripts and the commands of the stores under the rendered rights", async () => {
    const store = await connected(redis.settings);
    expect(await store.write(SET, ["a"], ["1"])).toBe("OK");
    expect(await store.read((client) => client.get("a"))).toBe("1");
    const refused = store.read((client) => client.keys("*"));
    // A mistake of ours: not that Redis is away.
    await expect(refused).rejects.toThrow(/^NOPERM/);
    await expect(refused).rejects.not.toBeInstanceOf(StoreUnavailable);
    await expect(store.write("return x.y", [], [])).rejects.not.toBeInstanceOf(StoreUnavailable);
  });

  it("lets nobody in without a password, nor as the default user with any", async () => {
    for (const [auth, answer] of [
      [[], /^NOAUTH/],
      [["default", ""], /^WRONGPASS/],
      [["default", PASSWORD], /^WRONGPASS/],
    ] as const) {
      const client = new Redis(redis.port, "127.0.0.1", { lazyConnect: true, disableClientInfo: true, enableReadyCheck: false, protocol: 2 }); // prettier-ignore
      const asked = auth.length === 0 ? client.get("a") : client.call("AUTH", ...auth);
      await expect(asked).rejects.toThrow(answer);
      client.disconnect();
    }
  });

  it("takes the newest password with each attempt", async () => {
    let password: string | undefined;
    const told: string[] = [];
    const store = open(
      redis.settings,
      (up, problem) => told.push(up ? "up" : (problem ?? "")),
      () => password,
    );
    await new Promise((done) => setTimeout(done, 200));
    expect(store.up).toBe(false);
    await expect(store.read((client) => client.get("a"))).rejects.toBeInstanceOf(StoreUnavailable);
    password = "wrong";
    await new Promise((done) => setTimeout(done, 1_000));
    password = PASSWORD;
    expect(await untilUp(store, 5_000)).toBe(true);
    expect(new Set(told)).toEqual(
      new Set(["WRONGPASS invalid username-password pair or user is disabled.", "up"]),
    );
    expect(told.join()).not.toContain(PASSWORD);
  });

  it("says at once that it is away, keeps nothing for later, and comes back by itself", async () => {
    const told: boolean[] = [];
    const store = await connected(redis.settings, (up) => told.push(up));
    await redis.kill();
    await untilDown(store);
    const began = performance.now();
    await expect(store.read((client) => client.get("a"))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.write(SET, ["late"], ["1"])).rejects.toBeInstanceOf(StoreUnavailable);
    expect(performance.now() - began).toBeLessThan(100);
    await redis.back();
    expect(await untilUp(store, 5_000)).toBe(true);
    expect(await store.read((client) => client.get("late"))).toBeNull();
    expect([told[0], told.at(-1)]).toEqual([true, true]);
  });

  it("does not wait for one that hangs, and fails what it was asked", async () => {
    const store = await connected(redis.settings);
    redis.signal("SIGSTOP");
    try {
      const began = performance.now();
      await expect(store.read((client) => client.get("a"))).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.write(SET, ["a"], ["1"])).rejects.toBeInstanceOf(StoreUnavailable);
      expect(performance.now() - began).toBeLessThan(2 * TIMES.command + 200);
      await untilDown(store);
      const again = performance.now();
      await expect(store.read((client) => client.get("a"))).rejects.toBeInstanceOf(StoreUnavailable);
      expect(performance.now() - again).toBeLessThan(100);
    } finally {
      redis.signal("SIGCONT");
    }
    expect(await untilUp(store, 5_000)).toBe(true);
    expect(await store.write(SET, ["b"], ["1"])).toBe("OK");
  });

  it("is full, not broken, when no memory is left", async () => {
    const store = await connected(redis.settings);
    await store.write(SET, ["a"], ["1"]);
    await redis.asTester((tester) => tester.config("SET", "maxmemory", "1"));
    try {
      await expect(store.write(SET, ["a"], ["2"])).rejects.toBeInstanceOf(StoreFull);
      expect(await store.read((client) => client.get("a"))).toBe("1");
    } finally {
      await redis.asTester((tester) => tester.config("SET", "maxmemory", "100mb"));
    }
  });
});
