import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable, type Written } from "../../../src/auth/api/ports";
import { DATA_BOUNDS, isDataKey, LONGEST_DATA_KEY, StoredData } from "../../../src/auth/data/store";
import type { RedisStore } from "../../../src/auth/redis/connection";
import { connected, principal, RealRedis, tenantOf, untilDown } from "../redis/real";

const [MX, PE] = [tenantOf("mx"), tenantOf("pe")];
const by = principal();
const NOW = "2026-01-01T00:00:00.000Z";

describe("a tenant's data in Redis", () => {
  let redis: RealRedis;
  let store: RedisStore;
  let data: StoredData;
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(async () => {
    await redis.asTester((tester) => tester.flushall());
    store = await connected(redis.settings);
    data = small(DATA_BOUNDS);
  });
  const small = (bounds: typeof DATA_BOUNDS) =>
    new StoredData({ redis: store, clock: () => Date.parse(NOW), bounds });
  const written = async (putting: Promise<Written>) => {
    const result = await putting;
    if (result.kind !== "written") throw new Error(`not written: ${result.kind}`);
    return result;
  };
  const usage = () => redis.asTester((tester) => tester.get("t:{tenant-mx}:data:usage"));

  it("is written, read, replaced and removed, each by its own tenant", async () => {
    const value = { colour: "red", nothing: null, list: [1, "2", { três: true }] };
    const first = await written(data.put(by, "a", value, {}));
    expect(first).toEqual({
      ...{ kind: "written", created: true },
      entry: { key: "a", value, etag: first.entry.etag, updatedAt: NOW, updatedBy: "somebody" },
    });
    expect(first.entry.etag).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await data.get(MX, "a")).toEqual(first.entry);
    expect(await data.get(PE, "a")).toBeUndefined();
    expect(await data.remove(principal("pe"), "a", {})).toBe("absent");
    const second = await written(data.put(principal("mx", { user: "other" }), "a", value, {}));
    expect([second.created, second.entry.updatedBy]).toEqual([false, "other"]);
    // The same value written again is another one: a reader in between must see it.
    expect(second.entry.etag).not.toBe(first.entry.etag);
    expect([await data.remove(by, "a", {}), await data.remove(by, "a", {})]).toEqual(["removed", "absent"]);
    expect(await data.get(MX, "a")).toBeUndefined();
    expect(await usage()).toBe("0");
  });

  it("takes every JSON value", async () => {
    for (const value of [null, false, 0, "", [], {}, "\u0000\u2028\ud83d\ude00", -0.1e-7]) {
      await written(data.put(by, "a", value, {}));
      expect((await data.get(MX, "a"))?.value).toEqual(value);
    }
    await expect(data.put(by, "a", undefined, {})).rejects.toThrow("JSON does not know");
  });

  it("is written only where it is as the writer expects", async () => {
    const stale = { ifMatch: "x".repeat(43) };
    expect(await data.put(by, "a", 1, stale)).toEqual({ kind: "conflict" });
    expect(await data.put(by, "a", 1, { ifMatch: "*" })).toEqual({ kind: "conflict" });
    expect(await data.remove(by, "a", stale)).toBe("conflict");
    const { entry } = await written(data.put(by, "a", 1, { ifNoneMatch: "*" }));
    expect(await data.put(by, "a", 2, { ifNoneMatch: "*" })).toEqual({ kind: "conflict" });
    expect(await data.put(by, "a", 2, stale)).toEqual({ kind: "conflict" });
    expect(await data.remove(by, "a", stale)).toBe("conflict");
    expect(await data.remove(by, "a", { ifNoneMatch: "*" })).toBe("conflict");
    expect(await data.get(MX, "a")).toEqual(entry);
    const next = await written(data.put(by, "a", 2, { ifMatch: entry.etag }));
    expect(await data.remove(by, "a", { ifMatch: entry.etag })).toBe("conflict");
    // Removed and made anew: nobody's old tag is good for it.
    expect(await data.remove(by, "a", { ifMatch: next.entry.etag })).toBe("removed");
    await written(data.put(by, "a", 1, {}));
    expect(await data.put(by, "a", 2, { ifMatch: entry.etag })).toEqual({ kind: "conflict" });
  });

  it("lets one of many win who write over the same version", async () => {
    const { entry } = await written(data.put(by, "a", 0, {}));
    const other = new StoredData({ redis: await connected(redis.settings) });
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? data : other).put(by, "a", n, { ifMatch: entry.etag }),
      ),
    );
    expect(all.filter(({ kind }) => kind === "written")).toHaveLength(1);
    expect(all.filter(({ kind }) => kind === "conflict")).toHaveLength(39);
  });

  it("is listed in order, a page at a time and by prefix, without its values", async () => {
    const keys = ["a", "a:1", "a:2", "aa", "a\ud83d\ude00", "a\uffee", "b", "é", "\ud83d\ude00"];
    for (const key of [...keys].reverse()) await written(data.put(by, key, { key }, {}));
    await written(data.put(principal("pe"), "a:3", 1, {}));
    const all = async (limit: number, prefix?: string) => {
      const found: string[] = [];
      for (let cursor: string | undefined, more = true; more;) {
        const page = await data.list(MX, { limit, ...(cursor !== undefined && { cursor }), ...(prefix !== undefined && { prefix }) }); // prettier-ignore
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items.map(({ key }) => key));
        cursor = page.next;
        more = cursor !== undefined;
      }
      return found;
    };
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const limit of [1, 2, 9, 10]) expect(await all(limit)).toEqual(sorted);
    for (const prefix of ["a", "a:", "é", "c", "\ud83d\ude00"])
      expect(await all(2, prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
    const { items } = await data.list(MX, { limit: 1 });
    const entry = await data.get(MX, "a");
    expect(items).toEqual([{ key: "a", etag: entry?.etag, updatedAt: NOW, updatedBy: "somebody" }]);
    // Where the cursor stands nothing need be any more.
    await data.remove(by, "a:1", {});
    expect((await data.list(MX, { limit: 1, cursor: "a:1" })).items.map(({ key }) => key)).toEqual(["a:2"]);
  });

  it("is bounded by number for each tenant", async () => {
    const two = small({ entries: 2, bytes: 1_000 });
    for (const key of ["a", "b"]) await written(two.put(by, key, 1, {}));
    expect(await two.put(by, "c", 1, {})).toEqual({ kind: "full" });
    expect((await written(two.put(by, "a", 2, {}))).created).toBe(false);
    await written(two.put(principal("pe"), "c", 1, {}));
    await two.remove(by, "a", {});
    await written(two.put(by, "c", 1, {}));
  });

  it("is bounded by bytes, of keys and values in UTF-8", async () => {
    const ten = small({ entries: 10, bytes: 10 });
    // é is two, "ab" with its quotation marks four.
    await written(ten.put(by, "é", "ab", {}));
    expect(await usage()).toBe("6");
    expect(await ten.put(by, "b", "ab", {})).toEqual({ kind: "full" });
    await written(ten.put(by, "b", "a", {}));
    expect(await usage()).toBe("10");
    expect(await ten.put(by, "b", "aa", {})).toEqual({ kind: "full" });
    await written(ten.put(by, "b", 1, {}));
    expect(await usage()).toBe("8");
    await ten.remove(by, "é", {});
    await ten.remove(by, "b", {});
    expect(await usage()).toBe("0");
  });

  it("counts right whatever is written, removed and refused", async () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "é", "\ud83d\ude00"),
      value: fc.option(fc.string({ unit: "binary", maxLength: 20 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await redis.asTester((tester) => tester.flushall());
        const bounded = small({ entries: 3, bytes: 60 });
        const model = new Map<string, string>();
        const bytes = () => [...model].reduce((sum, [key, text]) => sum + Buffer.byteLength(key + text), 0);
        for (const { key, value } of steps) {
          if (value === null) {
            expect(await bounded.remove(by, key, {})).toBe(model.delete(key) ? "removed" : "absent");
            continue;
          }
          const before = model.get(key);
          const used = bytes();
          model.set(key, JSON.stringify(value));
          const fits = model.size <= 3 && (bytes() <= 60 || bytes() <= used);
          expect((await bounded.put(by, key, value, {})).kind).toBe(fits ? "written" : "full");
          if (!fits && before === undefined) model.delete(key);
          else if (!fits && before !== undefined) model.set(key, before);
        }
        expect(Number(await usage())).toBe(bytes());
        const listed = (await bounded.list(MX, { limit: 100 })).items.map(({ key }) => key);
        expect(listed).toEqual([...model.keys()].sort());
      }),
      { numRuns: 60 },
    );
  });

  it("is full when Redis is, and can be removed then", async () => {
    await written(data.put(by, "a", 1, {}));
    await redis.asTester((tester) => tester.config("SET", "maxmemory", "1"));
    try {
      expect(await data.put(by, "b", 1, {})).toEqual({ kind: "full" });
      expect(await data.put(by, "a", 2, {})).toEqual({ kind: "full" });
      expect((await data.get(MX, "a"))?.value).toBe(1);
      expect((await data.list(MX, { limit: 10 })).items).toHaveLength(1);
      expect(await data.remove(by, "a", {})).toBe("removed");
      expect(await usage()).toBe("0");
    } finally {
      await redis.asTester((tester) => tester.config("SET", "maxmemory", "100mb"));
    }
  });

  it("is kept by a Redis that is killed, and nothing is answered meanwhile", async () => {
    const { entry } = await written(data.put(by, "a", "kept", {}));
    await redis.kill();
    await untilDown(store);
    try {
      for (const failing of [
        data.get(MX, "a"),
        data.put(by, "a", 1, {}),
        data.remove(by, "a", {}),
        data.list(MX, { limit: 1 }),
      ])
        // prettier-ignore
        await expect(failing).rejects.toBeInstanceOf(StoreUnavailable);
    } finally {
      await redis.back();
    }
    store = await connected(redis.settings);
    expect(await small(DATA_BOUNDS).get(MX, "a")).toEqual(entry);
  });

  it("takes keys of any characters, and never mixes two of them up", async () => {
    const key = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      fc.string({ unit: fc.constantFrom(":", "{", "}", "%", "*", "[", "..", "/", "é", "e\u0301"), minLength: 1, maxLength: 5 }), // prettier-ignore
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key.filter(isDataKey), { minLength: 1, maxLength: 5 }),
        async (keys) => {
          await redis.asTester((tester) => tester.flushall());
          for (const one of keys) await written(data.put(by, one, one, {}));
          for (const one of keys) expect((await data.get(MX, one))?.value).toBe(one);
          const listed = await data.list(MX, { limit: 10 });
          expect(listed.items.map((entry) => entry.key).sort()).toEqual([...keys].sort());
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("a key of a tenant's data", () => {
  it("has 1 to 512 characters, as people count them, and no controls", () => {
    const good = [
      "a",
      " ",
      "a\u2028b",
      "\ud83d\ude00".repeat(LONGEST_DATA_KEY),
      "é".repeat(LONGEST_DATA_KEY),
    ];
    expect(good.filter((key) => !isDataKey(key))).toEqual([]);
    const bad = [
      "",
      "a\n",
      "\u0000",
      "\u007f",
      "\u0085",
      "\ud800",
      "a\udc00",
      "a".repeat(LONGEST_DATA_KEY + 1),
    ];
    expect(bad.filter(isDataKey)).toEqual([]);
    expect(isDataKey("\ud83d\ude00".repeat(LONGEST_DATA_KEY + 1))).toBe(false);
  });
});
