import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { DeclaredKey, KeyFile } from "../model/directory";
import type { AuthorizationRequest } from "./decision";

/** Declared API keys, found by their keyed hash: what an attacker learns from timing is about the hash, which he cannot choose. */
export class KeyRing {
  readonly #byHash: ReadonlyMap<string, DeclaredKey>;
  /** Made once: of a Buffer it would be for every request, which costs as much as the rest of a decision. */
  readonly #pepper: KeyObject;

  /** @param settled whether the two are known to be the newest, and of one another */
  constructor(
    file: KeyFile,
    pepper: Buffer,
    readonly settled: () => boolean = () => true,
  ) {
    this.#pepper = createSecretKey(pepper);
    this.#byHash = new Map(file.keys.map((key) => [key.hash, key]));
  }

  find(key: string): DeclaredKey | undefined {
    return this.#byHash.get(this.hash(key));
  }

  /** What is kept of a key, declared or not: lower-case hexadecimal, 64 characters. */
  hash(key: string): string {
    return createHmac("sha256", this.#pepper).update(key).digest("hex");
  }
}

/** The pepper's file: printable text, at least 128 bits of it. Throws on less, which is a mistake and not a choice. */
export function parsePepper(text: string): Buffer {
  const pepper = Buffer.from(text.trim());
  if (pepper.length < 22) throw new Error("fewer than 22 characters");
  return pepper;
}

/** Milliseconds in which one of two files that belong together may be seen without the other: each is looked at every second. */
const SETTLING = 3_000;

/** What is in force of a live file, and what is wrong with the file as it is now. */
interface InForce<T> {
  readonly value: T | undefined;
  readonly problem?: string | undefined;
}

/** A key file and a pepper that may not be of one another. */
interface Made {
  readonly keys: KeyFile;
  readonly pepper: Buffer;
  readonly ring: KeyRing;
}

/** Whether only a change of the other file as well explains this one: under one pepper, some of the keys stay. */
function isHalf(before: Made, keys: KeyFile, pepper: Buffer): boolean {
  if (before.pepper !== pepper) return true;
  const hashes = new Set(before.keys.keys.map(({ hash }) => hash));
  return hashes.size > 0 && !keys.keys.some(({ hash }) => hashes.has(hash));
}

/**
 * The ring of the newest keys under the newest pepper; undefined while one of them is missing. Who is not in it while one of them
 * is not in force, or may have been seen before the other, is not nobody: the ring is not settled.
 */
export function newestRing(
  keys: InForce<KeyFile>,
  pepper: InForce<Buffer>,
  now: () => number = () => performance.now(),
): () => KeyRing | undefined {
  let made: Made | undefined;
  let half = -Infinity;
  const settled = (): boolean =>
    keys.problem === undefined && pepper.problem === undefined && now() - half >= SETTLING;
  return () => {
    const [file, salt] = [keys.value, pepper.value];
    if (file === undefined || salt === undefined) return undefined;
    if (made?.keys !== file || made.pepper !== salt) {
      if (made !== undefined && isHalf(made, file, salt)) half = now();
      made = { keys: file, pepper: salt, ring: new KeyRing(file, salt, settled) };
    }
    return made.ring;
  };
}

/** The credential of a request: one API key, or one token. Two of them are nobody's. */
export type Credential =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "token"; readonly token: string }
  /** A token that only a service may bring. */
  | { readonly kind: "serviceToken"; readonly token: string }
  | { readonly kind: "none" }
  | { readonly kind: "ambiguous" };

const KEY = /^Bearer (atl_\S*)$/;
const TOKEN = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/;
const BASIC = /^Basic (\S*)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The headers that a credential may stand in. */
export type Presented = Pick<AuthorizationRequest, "authorization" | "apiKey" | "serviceToken">;

/**
 * An API key comes as `X-API-Key`, as `Bearer atl_...`, or as the password of basic authentication (what Prometheus' and Loki's
 * clients can send). Beside another credential it would depend on the reader whose request it is, so that is refused; a
 * header that was sent twice arrives here joined by a comma, which no form of a key contains.
 */
export function credentialOf({ authorization, apiKey, serviceToken }: Presented): Credential {
  if (serviceToken !== undefined)
    return authorization === undefined && apiKey === undefined
      ? { kind: "serviceToken", token: serviceToken }
      : { kind: "ambiguous" };
  if (apiKey !== undefined)
    return authorization === undefined ? { kind: "key", key: apiKey } : { kind: "ambiguous" };
  if (authorization === undefined || authorization === "") return { kind: "none" };
  const key = KEY.exec(authorization)?.[1];
  if (key !== undefined) return { kind: "key", key };
  const token = TOKEN.exec(authorization)?.[1];
  if (token !== undefined) return { kind: "token", token };
  const basic = BASIC.exec(authorization)?.[1];
  if (basic === undefined) return { kind: "none" };
  // Node's own decoder stops at the first `=` and ignores what it does not know.
  if (!BASE64.test(basic)) return { kind: "ambiguous" };
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(basic, "base64").toString("utf8")) ?? [];
  return password === undefined ? { kind: "none" } : { kind: "key", key: password };
}
