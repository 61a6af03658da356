import { createPublicKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { json } from "./directory";

/** What the realm's keys may be for. No symmetric algorithm: its key would have to be secret, and these are public. */
const ALGORITHMS = { RS256: "rsa", PS256: "rsa", ES256: "ec" } as const;
export type Algorithm = keyof typeof ALGORITHMS;
/** Bits: below, a signature can be forged. */
const SHORTEST_RSA = 2_048;

export interface VerificationKey {
  readonly key: KeyObject;
  /** The only one that it verifies. */
  readonly alg: Algorithm;
}

/** By `kid`. `unusable`: published, and not for signatures that we accept. */
export type KeySet = ReadonlyMap<string, VerificationKey | "unusable">;

const jwksSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** The keys of a JWKS that tokens may be verified by. Throws when the text is none, or there is not one such key in it. */
export function parseJwks(text: string): KeySet {
  const parsed = jwksSchema.safeParse(json(text));
  if (!parsed.success) throw new Error("it is not a JWKS");
  const keys = new Map<string, VerificationKey | "unusable">();
  for (const jwk of parsed.data.keys) {
    const { kid } = jwk;
    if (typeof kid !== "string") continue;
    const key = verificationKey(jwk);
    const before = keys.get(kid);
    // Keycloak may publish one key twice, for encryption as well. Two for signatures under one name are nobody's.
    if (before === undefined || before === "unusable") keys.set(kid, key ?? "unusable");
    else if (key !== undefined) keys.set(kid, "unusable");
  }
  if (![...keys.values()].some((key) => key !== "unusable"))
    throw new Error("it holds no key for signatures");
  return keys;
}

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function verificationKey(jwk: Readonly<Record<string, unknown>>): VerificationKey | undefined {
  const { alg, use, key_ops: operations } = jwk;
  if (typeof alg !== "string" || !isAlgorithm(alg)) return undefined;
  if (use !== "sig" || PRIVATE.some((name) => name in jwk)) return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify")))
    return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return suits(key, alg) ? { key, alg } : undefined;
  } catch {
    return undefined;
  }
}

export const isAlgorithm = (alg: string): alg is Algorithm => Object.hasOwn(ALGORITHMS, alg);

function suits(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  alg: Algorithm,
): boolean {
  if (type !== ALGORITHMS[alg]) return false;
  return type === "rsa"
    ? (details?.modulusLength ?? 0) >= SHORTEST_RSA
    : details?.namedCurve === "prime256v1";
}

/** Whether both verify the same: then nothing that was verified by one must be verified again. */
export function sameKeys(a: KeySet, b: KeySet): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([kid, one]) => {
    const other = b.get(kid);
    if (one === "unusable" || other === "unusable" || other === undefined) return one === other;
    return one.alg === other.alg && one.key.equals(other.key);
  });
}
