import { afterAll, beforeAll, expect, it } from "vitest";
import { StoredData } from "../../../src/auth/data/store";
import { Room } from "../../../src/auth/redis/room";
import { untilUp, connected, RealRedis, untilDown, tenantOf } from "./real";

let redis: RealRedis;
beforeAll(async () => {
  redis = await RealRedis.start();
});
afterAll(() => redis[Symbol.asyncDispose]());

it("is there up to four fifths of what Redis may use, and again when something was taken out", async () => {
  const store = await connected(redis.settings);
  const data = new StoredData({ redis: store });
  const [tenant, user] = [tenantOf("mx"), "somebody"];
  const owner = { kind: "person", user, tenant, rights: [], scopes: [] } as const;
  const room = new Room(store);
  const full = async (): Promise<boolean> => {
    await room.look();
    return room.full;
  };
  expect(await full()).toBe(false);
  const used = await redis.asTester(async (client) => Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))?.[1]));
  await redis.asTester((client) => client.config("SET", "maxmemory", 3 * used));
  expect(await full()).toBe(false);
  let entries = 0;
  while (!(await full()) && entries < 200) await data.put(owner, `k${entries++}`, "x".repeat(16_000), {});
  // Before Redis itself refuses anything.
  expect([entries > 10, entries < 200]).toEqual([true, true]);
  expect((await data.put(owner, "last", "x", {})).kind).toBe("written");
  expect(await full()).toBe(true);
  for (let n = 0; n < entries; n++) await data.remove(owner, `k${n}`, {});
  expect(await full()).toBe(false);
  await redis.asTester((client) => client.config("SET", "maxmemory", 0));
  expect(await full()).toBe(false);
}, 30_000); // prettier-ignore

it("is what was last known while Redis is away", async () => {
  const store = await connected(redis.settings);
  const room = new Room(store);
  await redis.asTester((client) => client.config("SET", "maxmemory", 1));
  await room.look();
  expect(room.full).toBe(true);
  await redis.kill();
  await untilDown(store);
  await room.look();
  expect(room.full).toBe(true);
  await redis.back();
  expect(await untilUp(store, 5_000)).toBe(true);
  await room.look();
  expect(room.full).toBe(false);
}, 30_000);
