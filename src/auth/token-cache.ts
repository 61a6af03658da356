import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import { LONGEST_KEPT_TOKEN } from "../model/tokens";
import type { TimedClaims } from "./tokens";

/** Of tokens: some ten thousand people and programs at a time, in some 20 MB. */
const MAXIMUM = 10_000;

export interface TokenCacheOptions {
  readonly maximum?: number;
  readonly onLookup?: (result: "hit" | "miss") => void;
}

/**
 * Claims of verified tokens, by the token's SHA-256: no token's text is kept. Bounded by number, and for each by the length of
 * its text. Whether a token is expired or its tenant suspended, whoever reads here checks each time anew.
 */
export class TokenCache {
  readonly #entries: LRUCache<string, TimedClaims>;
  readonly #onLookup: (result: "hit" | "miss") => void;
  #keys: object | undefined;

  constructor({ maximum = MAXIMUM, onLookup = () => undefined }: TokenCacheOptions = {}) {
    this.#entries = new LRUCache({ max: maximum });
    this.#onLookup = onLookup;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param keys that it must have been verified by; others empty the cache */
  get(token: string, keys: object | undefined): TimedClaims | undefined {
    this.#under(keys);
    const claims = this.#entries.get(digest(token));
    this.#onLookup(claims === undefined ? "miss" : "hit");
    return claims;
  }

  set(token: string, keys: object | undefined, claims: TimedClaims): void {
    this.#under(keys);
    if (token.length <= LONGEST_KEPT_TOKEN) this.#entries.set(digest(token), claims);
  }

  /** For a token that is no more. */
  delete(token: string): void {
    this.#entries.delete(digest(token));
  }

  #under(keys: object | undefined): void {
    if (keys === this.#keys) return;
    this.#entries.clear();
    this.#keys = keys;
  }
}

const digest = (token: string): string => hash("sha256", token, "base64url");
