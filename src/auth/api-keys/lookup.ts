import { LRUCache } from "lru-cache";
import type { DeclaredKey, DirectoryTenant } from "../../model/directory";
import { StoreUnavailable } from "../api/ports";
import type { Directory } from "../directory";
import type { KeyRing } from "../keys";
import type { RedisStore } from "../redis/connection";
import { apiKeyNames, apiKeyRecords } from "../redis/keyspace";
import { organisationOf } from "./format";
import { isEnded, parseRecord, type StoredKey } from "./record";
import { NOTE_USE, SETTLE } from "./scripts";

/** What a decision needs of a key. */
export type UsableKey = Pick<DeclaredKey, "id" | "orgId" | "rights">;

export type FoundSelfService =
  | { readonly kind: "key"; readonly key: UsableKey }
  /** There is no such key, or it has ended. */
  | { readonly kind: "absent" }
  /** Nobody can say now. */
  | { readonly kind: "unknown" };

/** `fresh` and `stale` are answers of this process, `found` and `absent` those of Redis, `unknown` is none. */
export const LOOKUP_RESULTS = ["fresh", "found", "absent", "stale", "unknown"] as const;
export type LookupResult = (typeof LOOKUP_RESULTS)[number];

/** Milliseconds. */
export const LIVES = {
  /** For so long Redis is not asked again: a revocation is seen by every replica within it. */
  fresh: 10_000,
  /** For so long a key that was good is good while Redis is away. */
  stale: 5 * 60_000,
  /** For so long a key that is none is not asked for again. */
  absent: 5_000,
};
/** Keys that are remembered, good and bad ones: some 10 MB. */
const MAXIMUM = 10_000;
/** Questions about keys that nobody knows, at a time: whoever sends wrong keys does not choose how much Redis has to do. */
const MOST_ASKING = 64;
const MINUTE = 60_000;

export interface KeyLookupOptions {
  readonly redis: RedisStore;
  readonly directory: () => Directory | undefined;
  readonly ring: () => KeyRing | undefined;
  readonly onLookup?: (result: LookupResult) => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Unix time in milliseconds. */
  readonly clock?: () => number;
}

interface Known {
  /** As it is stored. */
  readonly text: string;
  readonly record: StoredKey;
  /** When Redis was asked: what it answers is not newer. */
  readonly asked: number;
}

/** A text that may be a tenant's key. */
interface Question {
  readonly tenant: DirectoryTenant;
  readonly hash: string;
}

/** Self-service keys as requests use them: from memory for some seconds, else from Redis. */
export class KeyLookup {
  readonly #known = new LRUCache<string, Known>({ max: MAXIMUM });
  readonly #absent = new LRUCache<string, number>({ max: MAXIMUM });
  readonly #asking = new Map<string, Promise<Known | "absent">>();
  /** Of ids: the minute that was noted last. */
  readonly #noted = new LRUCache<string, string>({ max: MAXIMUM });
  #strangers = 0;
  readonly #now: () => number;
  readonly #clock: () => number;

  constructor(private readonly options: KeyLookupOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#clock = options.clock ?? (() => Date.now());
  }

  /** Whose key this is. A text without a key's checksum costs nobody a question. */
  async find(secret: string): Promise<FoundSelfService> {
    const organisation = organisationOf(secret);
    if (organisation === undefined) return { kind: "absent" };
    const [directory, ring] = [this.options.directory(), this.options.ring()];
    if (directory === undefined || ring === undefined) return { kind: "unknown" };
    const tenant = directory.get(organisation);
    if (tenant === undefined) return { kind: "absent" };
    const question = { tenant, hash: ring.hash(secret) };
    const known = await this.#lookUp(question);
    if (known === "unknown") return { kind: "unknown" };
    if (known === "absent" || isEnded(known.record, this.#clock())) return { kind: "absent" };
    this.#used(question, known);
    const { id, rights } = known.record;
    return { kind: "key", key: { id, orgId: tenant.orgId, rights } };
  }

  async #lookUp(question: Question): Promise<Known | "absent" | "unknown"> {
    const { hash } = question;
    const known = this.#known.get(hash);
    const now = this.#now();
    if (known !== undefined && now - known.asked < LIVES.fresh) return this.#result("fresh", known);
    if (now - (this.#absent.get(hash) ?? -Infinity) < LIVES.absent) return this.#result("absent", "absent");
    try {
      const found = await this.#ask(question, known === undefined);
      return found === "absent" ? this.#result("absent", found) : this.#result("found", found);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // Not while it is only us who would not ask: a stranger has no entry here.
      const stale = this.#known.get(hash);
      if (stale !== undefined && this.#now() - stale.asked < LIVES.stale) return this.#result("stale", stale);
      return this.#result("unknown", "unknown");
    }
  }

  #result<T>(result: LookupResult, found: T): T {
    this.options.onLookup?.(result);
    return found;
  }

  /** One question for all who ask for the same key meanwhile. Those about known keys are as few as these. */
  #ask(question: Question, stranger: boolean): Promise<Known | "absent"> {
    const { hash } = question;
    const asking = this.#asking.get(hash);
    if (asking !== undefined) return asking;
    if (stranger && this.#strangers >= MOST_ASKING)
      return Promise.reject(new StoreUnavailable("Too many unknown keys are asked for."));
    if (stranger) this.#strangers++;
    const asked = this.#answer(question).finally(() => {
      if (stranger) this.#strangers--;
      this.#asking.delete(hash);
    });
    this.#asking.set(hash, asked);
    return asked;
  }

  async #answer({ tenant, hash }: Question): Promise<Known | "absent"> {
    const asked = this.#now();
    const text = await this.options.redis.read((redis) => redis.hget(apiKeyRecords(tenant), hash));
    if (text === null) {
      this.#known.delete(hash);
      this.#absent.set(hash, asked);
      return "absent";
    }
    const known = { text, record: parseRecord(text), asked };
    this.#known.set(hash, known);
    return known;
  }

  /** Notes the minute and ends a predecessor: in the background, and nobody waits for it. */
  #used({ tenant, hash }: Question, { text, record }: Known): void {
    if (tenant.state !== "active") return;
    const { id } = record;
    const minute = new Date(Math.floor(this.#clock() / MINUTE) * MINUTE).toISOString();
    if (this.#noted.get(id) === minute) return;
    this.#noted.set(id, minute);
    const { redis } = this.options;
    const names = apiKeyNames(tenant);
    const noted = redis.read((client) => client.eval(NOTE_USE, names.length, ...names, id, minute));
    // What was not noted is noted with a use a minute later.
    noted.catch(() => undefined);
    if (record.replaces === undefined) return;
    const { replaces, ...settled } = record;
    redis.write(SETTLE, names, [replaces, hash, text, JSON.stringify(settled)]).catch(() => {
      this.#noted.delete(id);
    });
  }
}
