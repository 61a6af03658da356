import { createHmac } from "node:crypto";
import { StoredApiKeys } from "../../src/auth/api-keys/store";
import type { Principal } from "../../src/auth/api/ports";
import { StoredData } from "../../src/auth/data/store";
import { KeyRing } from "../../src/auth/keys";
import { RedisStore } from "../../src/auth/redis/connection";
import { openTrail, type Trail } from "../../src/auth/trail";
import type { DirectoryTenant } from "../../src/model/directory";
import { orgId, type TenantId } from "../../src/model/names";
import { PASSWORD } from "../../test/auth/redis/password";
import { Replicated } from "../../test/auth/redis/sentinels";
import { RealLoki } from "../../test/auth/trail/real-loki";
import { waitUntil } from "../../test/servers";
import type { Write } from "./writers";

const seal = (text: string): string => createHmac("sha256", "a pepper").update(text).digest("hex");

/** Tenants that the rendered files of the tests know. */
export const TENANTS: readonly DirectoryTenant[] = (["mx", "pe"] as TenantId[]).map((id) => ({
  ...{ id, orgId: orgId(id), state: "active", agents: [], services: [] },
}));
const principal = (tenant: DirectoryTenant): Principal => ({
  ...{ kind: "person", user: "resilience", tenant, role: "admin", rights: ["logs:read"], scopes: [] },
});

/** A master, two replicas, three Sentinels, Loki, and two of the auth service's stores and trails on them. */
export class World implements AsyncDisposable {
  readonly trails: readonly Trail[];
  readonly stores: readonly RedisStore[];

  private constructor(
    readonly redis: Replicated,
    readonly loki: RealLoki,
  ) {
    const password = () => PASSWORD;
    this.trails = [0, 1].map(() => openTrail({ redis: redis.settings, password, loki: loki.url, seal }));
    this.stores = [0, 1].map(() => new RedisStore({ settings: redis.settings, password }));
  }

  static async start(): Promise<World> {
    const [redis, loki] = await Promise.all([Replicated.start(), RealLoki.start()]);
    const world = new World(redis, loki);
    await waitUntil("the Sentinels to know each other", () => redis.complete(), { timeoutMs: 30_000 });
    for (const each of [...world.trails, ...world.stores]) each.start();
    for (const store of world.stores)
      await waitUntil("Redis and its replicas", () =>
        world.#data(store).put(principal(world.#tenant(0)), "first", 1, {}).then(() => true, () => false),
      ); // prettier-ignore
    for (const trail of world.trails)
      await waitUntil("the queue", async () => Number.isFinite((await trail.backlog()).age));
    return world;
  }

  readonly #tenant = (n: number): DirectoryTenant => {
    const tenant = TENANTS[n % TENANTS.length];
    if (tenant === undefined) throw new Error("there is no tenant");
    return tenant;
  };
  readonly #data = (redis: RedisStore) =>
    new StoredData({ redis, bounds: { entries: 1_000_000, bytes: 1024 ** 3 } });
  readonly #keys = (redis: RedisStore) =>
    new StoredApiKeys({
      redis,
      ring: () => new KeyRing({ version: 1, keys: [] }, Buffer.from("pepper")),
      maximum: 1_000_000,
    });

  /** Four of each kind, on both of everything. */
  get writes(): Readonly<Record<"records" | "data" | "keys", readonly Write[]>> {
    const four = <T>(of: readonly T[], make: (one: T, tenant: DirectoryTenant) => Write): readonly Write[] =>
      Array.from({ length: 4 }, (_, n) => {
        const one = of[n >> 1];
        if (one === undefined) throw new Error("there are two");
        return make(one, this.#tenant(n));
      });
    return {
      records: four(this.trails, (trail, { orgId: tenant }) => async (requestId) => {
        const act = { action: "update_key", tenant, user: "resilience", outcome: "success" } as const;
        await trail.record({ time: new Date().toISOString(), ...act, requestId });
        return requestId;
      }),
      data: four(this.stores, (store, tenant) => async (key) => {
        const { kind } = await this.#data(store).put(principal(tenant), key, key, {});
        if (kind !== "written") throw new Error(kind);
        return `${tenant.orgId} ${key}`;
      }),
      keys: four(this.stores, (store, tenant) => async (label) => {
        const made = await this.#keys(store).create(principal(tenant), { label, rights: ["logs:read"] });
        return `${tenant.orgId} ${made.record.id}`;
      }),
    };
  }

  /** Every entry and key that is in Redis now, as the writes name them. */
  async stored(): Promise<{ readonly data: ReadonlySet<string>; readonly keys: ReadonlySet<string> }> {
    const [store] = this.stores;
    if (store === undefined) throw new Error("there are two");
    const [data, keys] = [this.#data(store), this.#keys(store)];
    const found = { data: new Set<string>(), keys: new Set<string>() };
    for (const tenant of TENANTS) {
      for await (const { key } of pages((cursor) => data.list(tenant, { limit: 100, ...cursor })))
        found.data.add(`${tenant.orgId} ${key}`);
      for await (const { id } of pages((cursor) => keys.list(tenant, { limit: 100, ...cursor })))
        found.keys.add(`${tenant.orgId} ${id}`);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.trails.map((trail) => trail.close()));
    for (const store of this.stores) store.close();
    await Promise.all([this.redis[Symbol.asyncDispose](), this.loki[Symbol.asyncDispose]()]);
  }
}

/** Everything of a list. */
export async function* pages<T>(
  read: (from: {
    readonly cursor?: string;
  }) => Promise<{ readonly items: readonly T[]; readonly next?: string }>,
): AsyncGenerator<T> {
  let next: string | undefined;
  do {
    const page = await read(next === undefined ? {} : { cursor: next });
    yield* page.items;
    ({ next } = page);
  } while (next !== undefined);
}
