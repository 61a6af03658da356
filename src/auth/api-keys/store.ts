import type { DirectoryTenant, KeyRight } from "../../model/directory";
import { type ApiKey, type ApiKeys, type Page, type Principal, StoreUnavailable } from "../api/ports";
import type { KeyRing } from "../keys";
import { StoreFull, type RedisStore } from "../redis/connection";
import { apiKeyNames } from "../redis/keyspace";
import { newKey } from "./format";
import { isEnded, newId, parseRecord, shownKey, type StoredKey } from "./record";
import { CREATE, GET, LIST, REMOVE, ROTATE } from "./scripts";

/** API keys of one tenant, ended ones that nobody deleted among them. */
export const MOST_KEYS = 1_000;

/** Somebody wanted a key that may do more than he. Whoever asks for him has checked it before: this is the second time. */
export class RightsExceeded extends Error {
  override readonly name = "RightsExceeded";
}

export interface StoredApiKeysOptions {
  readonly redis: RedisStore;
  readonly ring: () => KeyRing | undefined;
  /** Unix time in milliseconds. */
  readonly clock?: () => number;
  readonly maximum?: number;
}

/** Row of the scripts: a record and the minute of its last use. */
type Row = readonly [record: string, used: string | null];

/** Self-service keys in Redis: by keyed hash, so that nobody who reads them has a key. */
export class StoredApiKeys implements ApiKeys {
  readonly #clock: () => number;
  readonly #maximum: string;

  constructor(private readonly options: StoredApiKeysOptions) {
    this.#clock = options.clock ?? (() => Date.now());
    this.#maximum = `${options.maximum ?? MOST_KEYS}`;
  }

  async create(
    principal: Principal,
    wanted: { readonly label: string; readonly rights: readonly KeyRight[]; readonly expiresAt?: string },
  ): Promise<{ readonly key: string; readonly record: ApiKey }> {
    const made = this.#make(principal, wanted);
    const { record, hash } = made;
    await this.#write(CREATE, principal.tenant, record.id, hash, JSON.stringify(record), this.#maximum);
    return { key: made.key, record: shownKey(record, null) };
  }

  async list(
    tenant: DirectoryTenant,
    { cursor, limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<ApiKey>> {
    // One more than is shown says whether there are more.
    const from = cursor === undefined ? "-" : `(${cursor}`;
    const rows = (await this.#read(LIST, tenant, from, `${limit + 1}`)) as readonly Row[];
    const items = rows.slice(0, limit).map(([record, used]) => shownKey(parseRecord(record), used));
    const last = items.at(-1);
    return rows.length > limit && last !== undefined ? { items, next: last.id } : { items };
  }

  async get(tenant: DirectoryTenant, id: string): Promise<ApiKey | undefined> {
    const row = await this.#row(tenant, id);
    return row === undefined ? undefined : shownKey(parseRecord(row[0]), row[1]);
  }

  async revoke(tenant: DirectoryTenant, id: string): Promise<boolean> {
    return (await this.#write(REMOVE, tenant, id)) === "done";
  }

  /** Another key with the same label, rights and end. Rotating again replaces a successor that nobody has used. */
  async rotate(
    principal: Principal,
    id: string,
    graceSeconds: number,
  ): Promise<{ readonly key: string; readonly record: ApiKey } | undefined> {
    const { tenant } = principal;
    const [text] = (await this.#row(tenant, id)) ?? [];
    if (text === undefined) return undefined;
    const old = parseRecord(text);
    if (isEnded(old, this.#clock())) return undefined;
    const { key, record, hash } = this.#make(principal, old, id);
    const worksUntil = new Date(this.#clock() + graceSeconds * 1_000).toISOString();
    const next: StoredKey = {
      ...old,
      replacedBy: record.id,
      worksUntil: earlier(worksUntil, old.worksUntil),
    };
    const result = await this.#write(
      ROTATE,
      tenant,
      ...[id, text, JSON.stringify(next), record.id, hash, JSON.stringify(record)],
      ...[old.replacedBy ?? "", this.#maximum],
    );
    if (result === "changed") throw new StoreUnavailable("The key was changed by somebody else meanwhile.");
    return result === "done" ? { key, record: shownKey(record, null) } : undefined;
  }

  #make(
    { tenant, user, rights: most }: Principal,
    { label, rights, expiresAt }: Pick<StoredKey, "label" | "rights" | "expiresAt">,
    replaces?: string,
  ) {
    if (rights.length === 0 || !rights.every((right) => most.includes(right)))
      throw new RightsExceeded("A key may do something, and no more than its creator.");
    const ring = this.options.ring();
    if (ring === undefined) throw new StoreUnavailable("There is no key to hash with.");
    const now = this.#clock();
    const key = newKey(tenant);
    const record: StoredKey = {
      id: newId(now),
      label,
      rights: [...new Set(rights)].sort(),
      createdBy: user,
      createdAt: new Date(now).toISOString(),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(replaces !== undefined && { replaces }),
    };
    return { key, record, hash: ring.hash(key) };
  }

  async #row(tenant: DirectoryTenant, id: string): Promise<Row | undefined> {
    return ((await this.#read(GET, tenant, id)) as Row | null) ?? undefined;
  }

  #read(script: string, tenant: DirectoryTenant, ...values: readonly string[]): Promise<unknown> {
    const names = apiKeyNames(tenant);
    return this.options.redis.read((redis) => redis.eval(script, names.length, ...names, ...values));
  }

  async #write(script: string, tenant: DirectoryTenant, ...values: readonly string[]): Promise<unknown> {
    const result = await this.options.redis.write(script, apiKeyNames(tenant), values);
    if (result === "full") throw new StoreFull("The tenant has as many API keys as it may have.");
    return result;
  }
}

/** A key that ends already does not live longer because it is rotated again. */
const earlier = (one: string, other = one): string => (other < one ? other : one);
