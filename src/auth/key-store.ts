import { setTimeout as sleep } from "node:timers/promises";
import { KEYS_CACHED } from "../model/tokens";
import { fetchText } from "./fetch-text";
import { noTracing, type Tracing } from "./tracing/tracing";
import { type KeySet, parseJwks, sameKeys, type VerificationKey } from "./jwks";

export type Found =
  | { readonly kind: "key"; readonly key: VerificationKey }
  /** There is no such key for signatures: Keycloak was asked after the question came. */
  | { readonly kind: "absent" }
  /** Nobody can say. */
  | { readonly kind: "unknown" };

export type FetchResult = "replaced" | "unchanged" | "failed" | "refused";

export interface KeyStoreOptions {
  readonly url: URL;
  /** Each attempt, and for the bad ones why. */
  readonly onFetch?: (result: FetchResult, problem?: string) => void;
  readonly tracing?: Tracing;
  readonly waits?: Partial<typeof WAITS>;
}

/** Milliseconds. */
export const WAITS = {
  /** From one good fetch to the next. */
  interval: KEYS_CACHED * 1_000,
  /** From a bad one to the next. */
  retry: 5_000,
  /** Between fetches that an unknown `kid` asks for, whatever came of them: its sender does not choose how often we ask. */
  cooldown: 30_000,
  /** A fetch as a whole. */
  fetch: 5_000,
  /** A request for a fetch: shorter than Envoy waits for us (2 s). */
  patience: 1_500,
};

/** Bytes. A realm's keys are some 3 KiB. */
const LARGEST_JWKS = 256 * 1024;
/** Requests that wait for a fetch: more would take the places of those who need none at whoever asks us. */
const MOST_WAITING = 200;
/** A tenth less or more, so that not all replicas ask at once. */
const JITTER = 0.1;

/**
 * Keycloak's keys. Fetched in the background, and those that were had last go on being served for as long as Keycloak gives no
 * others: it is down more often than a key is stolen, and a token signed by a removed key ends within its short life anyway
 * once Keycloak answers.
 */
export class KeyStore {
  #keys: KeySet | undefined;
  #fetchedAt: number | undefined;
  #fetching: Promise<boolean> | undefined;
  #asked = -Infinity;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #end = new AbortController();
  readonly #waits: typeof WAITS;

  constructor(private readonly options: KeyStoreOptions) {
    this.#waits = { ...WAITS, ...options.waits };
  }

  /** The newest good keys: another object only when they are others. */
  get current(): KeySet | undefined {
    return this.#keys;
  }

  /** Seconds since Keycloak last gave the keys; undefined while it never did. */
  get age(): number | undefined {
    return this.#fetchedAt === undefined ? undefined : (performance.now() - this.#fetchedAt) / 1_000;
  }

  /** Fetches now and from then on. */
  start(): void {
    void this.#fetch();
  }

  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  async find(kid: string): Promise<Found> {
    const known = this.#known(kid);
    if (known !== undefined) return known;
    const fresh = await this.#askAnew();
    return this.#known(kid) ?? { kind: fresh ? "absent" : "unknown" };
  }

  #known(kid: string): Found | undefined {
    const key = this.#keys?.get(kid);
    if (key === undefined) return undefined;
    return key === "unusable" ? { kind: "absent" } : { kind: "key", key };
  }

  /** Whether Keycloak was asked now and has answered. One fetch for all who ask meanwhile, one in a cooldown. */
  async #askAnew(): Promise<boolean> {
    if (this.#fetching !== undefined) {
      // It may bring the key. Where it does not, that says nothing: Keycloak may have answered before there was this key.
      await this.#patiently(this.#fetching);
      return false;
    }
    const cooled = performance.now() - this.#asked >= this.#waits.cooldown;
    // Without any keys the background asks already, and often.
    if (this.#keys === undefined || !cooled) return false;
    this.#asked = performance.now();
    return this.#patiently(this.#fetch());
  }

  /** False when it takes too long, or too many wait already. */
  async #patiently(fetching: Promise<boolean>): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) return false;
    this.#waiting++;
    const patience = new AbortController();
    const late = sleep(this.#waits.patience, false, { signal: patience.signal }).catch(() => false);
    const good = await Promise.race([fetching, late]);
    patience.abort();
    this.#waiting--;
    return good;
  }

  /** Never rejects: whether there are fresh keys. */
  #fetch(): Promise<boolean> {
    this.#fetching ??= this.#replace().then((good) => {
      this.#fetching = undefined;
      this.#again(good ? this.#waits.interval : this.#waits.retry);
      return good;
    });
    return this.#fetching;
  }

  #again(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#end.signal.aborted) return;
    const jitter = 1 + JITTER * (2 * Math.random() - 1);
    this.#timer = setTimeout(() => void this.#fetch(), wait * jitter);
    this.#timer.unref();
  }

  async #replace(): Promise<boolean> {
    const { url, onFetch, tracing = noTracing } = this.options;
    let text: string;
    try {
      const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(this.#waits.fetch)]);
      text = await tracing.span("keycloak.jwks", {}, () => fetchText(url, { signal, maximum: LARGEST_JWKS }));
    } catch (error) {
      if (!this.#end.signal.aborted) onFetch?.("failed", reasonOf(error));
      return false;
    }
    try {
      const keys = parseJwks(text);
      const same = this.#keys !== undefined && sameKeys(this.#keys, keys);
      if (!same) this.#keys = keys;
      this.#fetchedAt = performance.now();
      onFetch?.(same ? "unchanged" : "replaced");
      return true;
    } catch (error) {
      onFetch?.("refused", reasonOf(error));
      return false;
    }
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
