import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newKey } from "../../../src/auth/api-keys/format";
import {
  KeyLookup,
  LIVES,
  type KeyLookupOptions,
  type LookupResult,
} from "../../../src/auth/api-keys/lookup";
import { StoredApiKeys } from "../../../src/auth/api-keys/store";
import type { RedisStore } from "../../../src/auth/redis/connection";
import { directory, keys } from "../world";
import { connected, principal, RealRedis, tenantOf, untilDown } from "../redis/real";

const MX = tenantOf("mx");
const MINUTE = 60_000;

describe("looking up self-service keys", () => {
  let redis: RealRedis;
  let store: RedisStore;
  let apiKeys: StoredApiKeys;
  /** One fake clock for both kinds of time. */
  let now = 0;
  let results: LookupResult[] = [];
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    results = [];
    await redis.asTester((tester) => tester.flushall());
    store = await connected(redis.settings);
    apiKeys = new StoredApiKeys({ redis: store, ring: () => keys, clock: () => now });
  });
  const replica = (options: Partial<KeyLookupOptions> = {}): KeyLookup =>
    new KeyLookup({
      ...{ redis: store, directory: () => directory, ring: () => keys, now: () => now, clock: () => now },
      onLookup: (result) => results.push(result),
      ...options,
    });
  const create = async (expiresAt?: string, of = "mx") =>
    apiKeys.create(principal(of), {
      ...{ label: "x", rights: ["logs:read"] },
      ...(expiresAt !== undefined && { expiresAt }),
    });
  /** How many commands of this name Redis was sent. */
  const calls = (command: string): Promise<number> =>
    redis.asTester(async (tester) => {
      const stats = await tester.info("commandstats");
      return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0);
    });

  it("finds a key with its tenant and rights, and asks Redis once in ten seconds", async () => {
    const { key, record } = await create();
    const found = { kind: "key", key: { id: record.id, orgId: "tenant-mx", rights: ["logs:read"] } };
    const lookup = replica();
    for (const step of [0, LIVES.fresh - 1, 1]) {
      now += step;
      expect(await lookup.find(key)).toEqual(found);
    }
    expect(results).toEqual(["found", "fresh", "found"]);
  });

  it("does not ask about a text without a key's checksum, nor about a tenant that is none", async () => {
    const before = await calls("hget");
    const lookup = replica();
    const stranger = newKey({ ...MX, id: "zz" as typeof MX.id });
    for (const text of ["", "atl_mx_reader", `${newKey(MX)}x`, `atl_mx_${"a".repeat(36)}`, stranger])
      expect(await lookup.find(text)).toEqual({ kind: "absent" });
    expect(results).toEqual([]);
    expect(await calls("hget")).toBe(before);
  });

  it("asks once about a well-formed key that is none, until a while has passed", async () => {
    const lookup = replica();
    const key = newKey(MX);
    const before = await calls("hget");
    for (const step of [0, LIVES.absent - 1, 1]) {
      now += step;
      expect(await lookup.find(key)).toEqual({ kind: "absent" });
    }
    expect(await calls("hget")).toBe(before + 2);
  });

  it("asks about few unknown keys at a time, and a flood of them is not in the way of known ones", async () => {
    const { key } = await create();
    const lookup = replica();
    expect((await lookup.find(key)).kind).toBe("key");
    now += LIVES.fresh;
    const before = await calls("hget");
    const flood = Promise.all(Array.from({ length: 500 }, () => lookup.find(newKey(MX))));
    const [known, strangers] = await Promise.all([lookup.find(key), flood]);
    expect(known.kind).toBe("key");
    const kinds = strangers.map(({ kind }) => kind);
    expect([...new Set(kinds)].sort()).toEqual(["absent", "unknown"]);
    expect(kinds.filter((kind) => kind === "absent")).toHaveLength(64);
    expect(await calls("hget")).toBe(before + 65);
    // Those places are free again.
    expect(await lookup.find(newKey(MX))).toEqual({ kind: "absent" });
  });

  it("asks once for many requests with one key", async () => {
    const { key } = await create();
    const before = await calls("hget");
    const lookup = replica();
    const found = await Promise.all(Array.from({ length: 100 }, () => lookup.find(key)));
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["key"]));
    expect(await calls("hget")).toBe(before + 1);
  });

  it("sees a revocation on every replica within ten seconds", async () => {
    const { key, record } = await create();
    const replicas = [replica(), replica({ redis: await connected(redis.settings) })];
    const kinds = () => Promise.all(replicas.map(async (one) => (await one.find(key)).kind));
    expect(await kinds()).toEqual(["key", "key"]);
    await apiKeys.revoke(MX, record.id);
    now += LIVES.fresh;
    expect(await kinds()).toEqual(["absent", "absent"]);
    expect(LIVES.fresh).toBe(10_000);
  });

  it("refuses an expired key at its second, whatever is remembered", async () => {
    const { key } = await create(new Date(now + 5_000).toISOString());
    const lookup = replica();
    expect((await lookup.find(key)).kind).toBe("key");
    now += 4_999;
    expect((await lookup.find(key)).kind).toBe("key");
    now += 1;
    expect(await lookup.find(key)).toEqual({ kind: "absent" });
    expect(await replica().find(key)).toEqual({ kind: "absent" });
  });

  it("answers for good keys for five minutes while Redis is away, then for none, and denies nobody", async () => {
    const { key, record } = await create();
    const other = await create();
    const lookup = replica();
    await lookup.find(key);
    await redis.kill();
    await untilDown(store);
    now += LIVES.fresh;
    expect((await lookup.find(key)).kind).toBe("key");
    // Never seen here: it may be good.
    expect(await lookup.find(other.key)).toEqual({ kind: "unknown" });
    expect(await lookup.find(newKey(MX))).toEqual({ kind: "unknown" });
    now += LIVES.stale - LIVES.fresh - 1;
    expect((await lookup.find(key)).kind).toBe("key");
    now += 1;
    expect(await lookup.find(key)).toEqual({ kind: "unknown" });
    expect(results).toEqual(["found", "stale", "unknown", "unknown", "stale", "unknown"]);
    await redis.back();
    store = await connected(redis.settings);
    // By itself, because the store connects again.
    await vi.waitFor(async () => {
      expect((await lookup.find(key)).kind).toBe("key");
    }, 5_000);
    expect(LIVES.stale).toBe(300_000);
    expect(await apiKeysOf(store).revoke(MX, record.id)).toBe(true);
  });
  const apiKeysOf = (of: RedisStore) => new StoredApiKeys({ redis: of, ring: () => keys, clock: () => now });

  it("knows nobody's key while the directory or the pepper was never read", async () => {
    const { key } = await create();
    expect(await replica({ directory: () => undefined }).find(key)).toEqual({ kind: "unknown" });
    expect(await replica({ ring: () => undefined }).find(key)).toEqual({ kind: "unknown" });
  });

  it("notes the minute of the last use, once a minute, of active tenants' keys", async () => {
    const { key, record } = await create();
    const suspended = await create(undefined, "co");
    const lookup = replica();
    const used = async () => (await apiKeys.get(MX, record.id))?.lastUsedAt;
    const before = await calls("hset");
    for (let n = 0; n < 20; n++) {
      await lookup.find(key);
      await lookup.find(suspended.key);
      now += 1_000;
    }
    await vi.waitFor(async () => {
      expect(await used()).toBe("2026-01-01T00:00:00.000Z");
    });
    expect(await calls("hset")).toBe(before + 1);
    now += MINUTE;
    await lookup.find(key);
    await vi.waitFor(async () => {
      expect(await used()).toBe("2026-01-01T00:01:00.000Z");
    });
    expect((await apiKeys.get(tenantOf("co"), suspended.record.id))?.lastUsedAt).toBeUndefined();
    // Nothing stays of a key that was revoked.
    await apiKeys.revoke(MX, record.id);
    now += 5_000;
    await lookup.find(key);
    expect(await redis.asTester((tester) => tester.hlen("t:{tenant-mx}:api-keys:used"))).toBe(0);
  });

  it("ends a rotated key when its successor is used, on every replica, and at its deadline", async () => {
    const { key: old, record } = await create();
    const rotated = await apiKeys.rotate(principal(), record.id, 3_600);
    const replicas = [replica(), replica()];
    const kinds = (key: string) => Promise.all(replicas.map(async (one) => (await one.find(key)).kind));
    expect(await kinds(old)).toEqual(["key", "key"]);
    expect((await replicas[0]?.find(rotated?.key ?? ""))?.kind).toBe("key");
    await vi.waitFor(async () => {
      expect(await apiKeys.get(MX, record.id)).toBeUndefined();
    });
    now += LIVES.fresh;
    expect(await kinds(old)).toEqual(["absent", "absent"]);
    expect(await kinds(rotated?.key ?? "")).toEqual(["key", "key"]);

    const third = await apiKeys.rotate(principal(), rotated?.record.id ?? "", 60);
    now += MINUTE;
    expect(await kinds(rotated?.key ?? "")).toEqual(["absent", "absent"]);
    expect(await kinds(third?.key ?? "")).toEqual(["key", "key"]);
  });

  it("does not end a key for a successor that was itself replaced before anybody used it", async () => {
    const { key: old, record } = await create();
    const lost = await apiKeys.rotate(principal(), record.id, 3_600);
    const lookup = replica({
      // The other replica replaces it after this one read it, and before it acts on it.
      redis: Object.assign(Object.create(store) as RedisStore, {
        read: <T>(ask: Parameters<RedisStore["read"]>[0]) => store.read(ask) as Promise<T>,
        write: async (...args: Parameters<RedisStore["write"]>) => {
          await apiKeys.rotate(principal(), record.id, 3_600);
          return store.write(...args);
        },
      }),
    });
    expect((await lookup.find(lost?.key ?? "")).kind).toBe("key");
    await vi.waitFor(async () => {
      expect(await apiKeys.get(MX, lost?.record.id ?? "")).toBeUndefined();
    });
    await new Promise((done) => setTimeout(done, 100));
    expect((await replica().find(old)).kind).toBe("key");
  });
});
