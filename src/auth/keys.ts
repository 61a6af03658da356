import { createHmac } from "node:crypto";
import type { DeclaredKey, KeyFile } from "../model/directory";

/** Declared API keys, found by their keyed hash: what an attacker learns from timing is about the hash, which he cannot choose. */
export class KeyRing {
  readonly #byHash: ReadonlyMap<string, DeclaredKey>;

  constructor(
    file: KeyFile,
    private readonly pepper: Buffer,
  ) {
    this.#byHash = new Map(file.keys.map((key) => [key.hash, key]));
  }

  find(key: string): DeclaredKey | undefined {
    return this.#byHash.get(createHmac("sha256", this.pepper).update(key).digest("hex"));
  }
}

/**
 * The API key that a request carries: `X-API-Key`, `Bearer atl_...`, or the password of basic authentication (what
 * Prometheus' and Loki's clients can send).
 */
export function apiKeyOf(authorization: string | undefined, apiKey: string | undefined): string | undefined {
  if (apiKey !== undefined) return apiKey;
  if (authorization === undefined) return undefined;
  if (authorization.startsWith("Bearer atl_")) return authorization.slice("Bearer ".length);
  if (!authorization.startsWith("Basic ")) return undefined;
  const [, password] =
    /^[^:]*:(.*)$/s.exec(Buffer.from(authorization.slice("Basic ".length), "base64").toString("utf8")) ?? [];
  return password;
}
