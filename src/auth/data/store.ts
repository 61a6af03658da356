import { hash, randomUUID } from "node:crypto";
import type { DirectoryTenant } from "../../model/directory";
import type { Condition, DataEntry, DataStore, Page, Principal, Written } from "../api/ports";
import { StoreFull, type RedisStore } from "../redis/connection";
import { dataEntry, dataOrder, dataUsage } from "../redis/keyspace";
import { PUT, REMOVE } from "./scripts";

/** Characters of a key, as people count them. */
export const LONGEST_DATA_KEY = 512;
/** Of one tenant. Bytes are those of keys and values; Redis needs about half a KiB more for each entry. */
export const DATA_BOUNDS = { entries: 10_000, bytes: 16 * 1024 ** 2 };

const CONTROL = /\p{Cc}/u;

/** Any Unicode but control characters, and half a surrogate pair, which is no character. */
export function isDataKey(key: string): boolean {
  // In UTF-16 a character has two units at most.
  if (key === "" || key.length > 2 * LONGEST_DATA_KEY || !key.isWellFormed()) return false;
  return Array.from(key).length <= LONGEST_DATA_KEY && !CONTROL.test(key);
}

export interface StoredDataOptions {
  readonly redis: RedisStore;
  /** Unix time in milliseconds. */
  readonly clock?: () => number;
  readonly bounds?: typeof DATA_BOUNDS;
}

/** Follows every text that begins with the same bytes: no byte of UTF-8 is this one. */
const LAST = Buffer.from([0xff]);

/** A tenant's key-value data in Redis. */
export class StoredData implements DataStore {
  readonly #clock: () => number;
  readonly #bounds: typeof DATA_BOUNDS;

  constructor(private readonly options: StoredDataOptions) {
    this.#clock = options.clock ?? (() => Date.now());
    this.#bounds = options.bounds ?? DATA_BOUNDS;
  }

  async get(tenant: DirectoryTenant, key: string): Promise<DataEntry | undefined> {
    const name = dataEntry(tenant, checked(key));
    const found = await this.options.redis.read((redis) => redis.hgetall(name));
    const { value, etag = "", at = "", by = "" } = found;
    if (value === undefined) return undefined;
    return { key, value: JSON.parse(value) as unknown, etag, updatedAt: at, updatedBy: by };
  }

  async put(
    { tenant, user }: Principal,
    key: string,
    value: unknown,
    condition: Condition,
  ): Promise<Written> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new Error("A value that JSON does not know cannot be stored.");
    // With a version that never comes again: the same value, written again, is another one.
    const etag = hash("sha256", `${randomUUID()} ${text}`, "base64url");
    const updatedAt = new Date(this.#clock()).toISOString();
    const { entries, bytes } = this.#bounds;
    const limits = [entries, bytes];
    try {
      const kind = await this.#change(PUT, tenant, key, condition, [text, etag, updatedAt, user, ...limits]);
      if (kind === "conflict" || kind === "full") return { kind };
      const entry = { key, value, etag, updatedAt, updatedBy: user };
      return { kind: "written", entry, created: kind === "created" };
    } catch (error) {
      if (error instanceof StoreFull) return { kind: "full" };
      throw error;
    }
  }

  async remove(
    { tenant }: Principal,
    key: string,
    condition: Condition,
  ): Promise<"removed" | "absent" | "conflict"> {
    return (await this.#change(REMOVE, tenant, key, condition, [])) as "removed" | "absent" | "conflict";
  }

  /** In the order of the keys' characters. A cursor is the last key that was shown, and need not be there any more. */
  async list(
    tenant: DirectoryTenant,
    {
      cursor,
      limit,
      prefix = "",
    }: { readonly cursor?: string; readonly limit: number; readonly prefix?: string },
  ): Promise<Page<Omit<DataEntry, "value">>> {
    const from = cursor?.startsWith(prefix) === true ? `(${cursor}` : `[${prefix}`;
    const to = Buffer.concat([Buffer.from(`(${prefix}`), LAST]);
    const keys = await this.options.redis.read((redis) =>
      // One more than is shown says whether there are more.
      redis.zrangebylex(dataOrder(tenant), from, to, "LIMIT", 0, limit + 1),
    );
    const shown = keys.slice(0, limit);
    const items = await this.#described(tenant, shown);
    const last = shown.at(-1);
    return keys.length > limit && last !== undefined ? { items, next: last } : { items };
  }

  /** Without what was removed since the keys were read. */
  async #described(
    tenant: DirectoryTenant,
    keys: readonly string[],
  ): Promise<readonly Omit<DataEntry, "value">[]> {
    const found = await this.options.redis.read((redis) =>
      Promise.all(keys.map((key) => redis.hmget(dataEntry(tenant, key), "etag", "at", "by"))),
    );
    return keys.flatMap((key, index) => {
      const [etag, at, by] = found[index] ?? [];
      if (typeof etag !== "string") return [];
      return [{ key, etag, updatedAt: at ?? "", updatedBy: by ?? "" }];
    });
  }

  #change(
    script: string,
    tenant: DirectoryTenant,
    key: string,
    { ifMatch, ifNoneMatch }: Condition,
    values: readonly (string | number)[],
  ): Promise<unknown> {
    const names = [dataEntry(tenant, checked(key)), dataOrder(tenant), dataUsage(tenant)];
    return this.options.redis.write(script, names, [key, ifMatch ?? "", ifNoneMatch ?? "", ...values]);
  }
}

/** Whoever asks has checked it before, and told the caller. */
function checked(key: string): string {
  if (!isDataKey(key)) throw new Error("A key of a tenant's data is 1 to 512 characters without controls.");
  return key;
}
