import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { RightsExceeded, StoredApiKeys, type StoredApiKeysOptions } from "../../../src/auth/api-keys/store";
import { StoreFull, type RedisStore } from "../../../src/auth/redis/connection";
import { keys } from "../world";
import { connected, principal, RealRedis, tenantOf } from "../redis/real";

const [MX, PE] = [tenantOf("mx"), tenantOf("pe")];
const ID = /^key_[0-9a-hjkmnp-tv-z]{16}$/;

describe("API keys in Redis", () => {
  let redis: RealRedis;
  let store: RedisStore;
  let now = Date.UTC(2026, 0, 1);
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    await redis.asTester((tester) => tester.flushall());
    store = await connected(redis.settings);
  });
  const stored = (options: Partial<StoredApiKeysOptions> = {}) =>
    new StoredApiKeys({ redis: store, ring: () => keys, clock: () => now, ...options });
  const create = (label: string, of = "mx", by = stored()) =>
    by.create(principal(of), { label, rights: ["logs:write", "logs:read"] });

  it("are created, listed, shown and revoked, each by its own tenant", async () => {
    const { key, record } = await create("shipper");
    expect(key).toMatch(/^atl_mx_[0-9A-Za-z]{36}$/);
    expect(record).toEqual({
      id: expect.stringMatching(ID) as string,
      label: "shipper",
      rights: ["logs:read", "logs:write"],
      createdBy: "somebody",
      createdAt: "2026-01-01T00:00:00.000Z",
    });
    const apiKeys = stored();
    expect(await apiKeys.get(MX, record.id)).toEqual(record);
    expect(await apiKeys.list(MX, { limit: 10 })).toEqual({ items: [record] });
    expect(await apiKeys.get(PE, record.id)).toBeUndefined();
    expect(await apiKeys.list(PE, { limit: 10 })).toEqual({ items: [] });
    expect(await apiKeys.revoke(PE, record.id)).toBe(false);
    expect(await apiKeys.rotate(principal("pe"), record.id, 60)).toBeUndefined();
    expect(await apiKeys.get(MX, record.id)).toEqual(record);
    expect([await apiKeys.revoke(MX, record.id), await apiKeys.revoke(MX, record.id)]).toEqual([true, false]);
    expect(await apiKeys.get(MX, record.id)).toBeUndefined();
    expect(await redis.asTester((tester) => tester.keys("*"))).toEqual([]);
  });

  it("are not in Redis: only their keyed hashes are", async () => {
    const { key, record } = await create("shipper");
    const all = await redis.asTester(async (tester) => {
      const names = (await tester.keys("*")).sort();
      expect(names).toEqual(["hashes", "order", "records"].map((part) => `t:{tenant-mx}:api-keys:${part}`));
      return `${JSON.stringify(await tester.hgetall(names[0] ?? ""))} ${JSON.stringify(await tester.hgetall(names[2] ?? ""))}`;
    });
    expect(all).toContain(keys.hash(key));
    expect(all).toContain(record.id);
    expect(all).not.toContain(key);
    expect(all).not.toContain(key.slice(7, 37));
  });

  it("are listed in the order of their making, a page at a time, also when one is revoked in between", async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      now += 1;
      made.push((await create(`${n}`)).record.id);
    }
    const apiKeys = stored();
    const first = await apiKeys.list(MX, { limit: 2 });
    expect([first.items.map(({ id }) => id), first.next]).toEqual([made.slice(0, 2), made[1]]);
    await apiKeys.revoke(MX, made[1] ?? "");
    const second = await apiKeys.list(MX, { limit: 3, cursor: first.next ?? "" });
    expect([second.items.map(({ id }) => id), second.next]).toEqual([made.slice(2), undefined]);
    expect(await apiKeys.list(MX, { limit: 3, cursor: "~" })).toEqual({ items: [] });
  });

  it("may do no more than who creates or rotates them", async () => {
    const apiKeys = stored();
    const wanted = { label: "", rights: ["traces:read"] as const };
    await expect(apiKeys.create(principal(), wanted)).rejects.toBeInstanceOf(RightsExceeded);
    await expect(apiKeys.create(principal(), { label: "", rights: [] })).rejects.toBeInstanceOf(
      RightsExceeded,
    );
    const { record } = await create("writer");
    const viewer = principal("mx", { rights: ["logs:read"] });
    await expect(apiKeys.rotate(viewer, record.id, 60)).rejects.toBeInstanceOf(RightsExceeded);
    expect(await apiKeys.list(MX, { limit: 10 })).toEqual({ items: [record] });
  });

  it("are rotated: both work for a while, and again before anybody used the new one", async () => {
    const apiKeys = stored();
    const expiresAt = "2026-06-01T00:00:00.000Z";
    const { record: old } = await apiKeys.create(principal(), {
      label: "x",
      rights: ["logs:read"],
      expiresAt,
    });
    now += 1_000;
    const rotated = await apiKeys.rotate(principal("mx", { user: "other" }), old.id, 3_600);
    const { record: next } = rotated ?? (await create("never"));
    expect(next).toEqual({ ...old, id: next.id, createdBy: "other", createdAt: "2026-01-01T00:00:01.000Z" });
    const worksUntil = "2026-01-01T01:00:01.000Z";
    expect(await apiKeys.get(MX, old.id)).toEqual({ ...old, replacedBy: next.id, worksUntil });
    // Its text was lost on the way: the second one takes its place, and the old one lives no longer for it.
    now += 1_000;
    const again = await apiKeys.rotate(principal(), old.id, 3_600);
    expect(await apiKeys.get(MX, next.id)).toBeUndefined();
    expect(await apiKeys.get(MX, old.id)).toEqual({ ...old, replacedBy: again?.record.id, worksUntil });
    // What has ended cannot be rotated.
    now = Date.parse(worksUntil);
    expect(await apiKeys.rotate(principal(), old.id, 3_600)).toBeUndefined();
    expect(await apiKeys.rotate(principal(), "key_none", 3_600)).toBeUndefined();
  });

  it("are rotated once when two do it at the same time", async () => {
    const { record } = await create("x");
    const twice = await Promise.allSettled([1, 2].map(() => stored().rotate(principal(), record.id, 60)));
    expect(twice.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await stored().list(MX, { limit: 10 })).items).toHaveLength(2);
  });

  it("are as many as a tenant may have, and each tenant has its own share", async () => {
    const apiKeys = stored({ maximum: 2 });
    const { record } = await create("1", "mx", apiKeys);
    await create("2", "mx", apiKeys);
    await expect(create("3", "mx", apiKeys)).rejects.toBeInstanceOf(StoreFull);
    await expect(apiKeys.rotate(principal(), record.id, 60)).rejects.toBeInstanceOf(StoreFull);
    await create("1", "pe", apiKeys);
    await apiKeys.revoke(MX, record.id);
    await create("3", "mx", apiKeys);
  });

  it("are all there or not at all when Redis is full, and can be revoked then", async () => {
    const { record } = await create("x");
    await redis.asTester((tester) => tester.config("SET", "maxmemory", "1"));
    try {
      await expect(create("y")).rejects.toBeInstanceOf(StoreFull);
      await expect(stored().rotate(principal(), record.id, 60)).rejects.toBeInstanceOf(StoreFull);
      expect(await stored().list(MX, { limit: 10 })).toEqual({ items: [record] });
      expect(await stored().revoke(MX, record.id)).toBe(true);
      expect(await stored().list(MX, { limit: 10 })).toEqual({ items: [] });
    } finally {
      await redis.asTester((tester) => tester.config("SET", "maxmemory", "100mb"));
    }
  });

  it("are neither created nor lost nor denied while Redis or the pepper is away", async () => {
    await expect(create("x", "mx", stored({ ring: () => undefined }))).rejects.toBeInstanceOf(
      StoreUnavailable,
    );
    const { record } = await create("x");
    await redis.kill();
    try {
      const apiKeys = stored();
      for (const failing of [
        create("y"),
        apiKeys.get(MX, record.id),
        apiKeys.list(MX, { limit: 1 }),
        apiKeys.revoke(MX, record.id),
        apiKeys.rotate(principal(), record.id, 1),
      ])
        // prettier-ignore
        await expect(failing).rejects.toBeInstanceOf(StoreUnavailable);
    } finally {
      await redis.back();
    }
    store = await connected(redis.settings);
    expect(await stored().list(MX, { limit: 10 })).toEqual({ items: [record] });
  });
});
