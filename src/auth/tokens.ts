import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from "jose";
import { CLOCK_SKEW, LONGEST_TOKEN } from "../model/tokens";
import type { Settings } from "./config";
import { json } from "./directory";
import type { Found } from "./key-store";
import { isAlgorithm, type Algorithm, type VerificationKey } from "./jwks";
import type { TokenCache } from "./token-cache";

/** What decisions look at in a payload: all of it as the token says, of any type. */
export interface Claims {
  readonly sub?: unknown;
  readonly azp?: unknown;
  readonly tenant_id?: unknown;
  readonly groups?: unknown;
  /** With spaces between. */
  readonly scope?: unknown;
}

export type TokenVerdict<C extends Claims = Claims> =
  | { readonly kind: "valid"; readonly claims: C }
  | { readonly kind: "invalid" }
  /** Keycloak's keys cannot be had: the token may be good. */
  | { readonly kind: "unknown" };

export type TokenVerifier = (token: string) => Promise<TokenVerdict>;

/** The keys that tokens are verified with: Keycloak's (key-store.ts), or a test's. */
export interface Keys {
  find(kid: string): Promise<Found>;
  /** Another object whenever the keys are others. */
  readonly current: object | undefined;
}

type Expected = Pick<Settings, "issuer" | "audience">;
const INVALID = { kind: "invalid" } as const;

/**
 * Verifies Keycloak's tokens by Keycloak's keys, each text once. Refusals are not kept: whoever sends nonsense could fill any
 * memory of it, and what he costs is bounded before us, by the edge's limit per address.
 */
export function tokenVerifier(
  expected: Expected,
  keys: Keys,
  cache: TokenCache,
  now: () => number = () => Math.floor(Date.now() / 1_000),
): TokenVerifier {
  return async (token) => {
    const known = cache.get(token, keys.current);
    if (known !== undefined) {
      if (accepted(known, expected, now())) return { kind: "valid", claims: known };
      cache.delete(token);
      return INVALID;
    }
    const set = keys.current;
    const verdict = await verify(token, expected, keys, now);
    // Keys that changed meanwhile may not hold the one that it was verified by.
    if (verdict.kind === "valid" && set === keys.current) cache.set(token, set, verdict.claims);
    return verdict;
  };
}

async function verify(
  token: string,
  expected: Expected,
  keys: Keys,
  now: () => number,
): Promise<TokenVerdict<TimedClaims>> {
  const header = headerOf(token);
  const said = claimsOf(token);
  // Before any key is looked for: what no key could make good is refused, also where its `kid` is unknown, such as another
  // realm's. It must not look like one of ours to come, nor have Keycloak asked.
  if (header === undefined || said === undefined || !accepted(said, expected, now())) return INVALID;
  const found = await keys.find(header.kid);
  if (found.kind === "unknown") return found;
  if (found.kind !== "key" || found.key.alg !== header.alg) return INVALID;
  const claims = await signedBy(found.key, token);
  return claims !== undefined && accepted(claims, expected, now()) ? { kind: "valid", claims } : INVALID;
}

/** `kid` alone names the key. `jku`, `jwk` and the like are not looked at; what must be understood (`crit`) is not. */
function headerOf(token: string): { readonly kid: string; readonly alg: Algorithm } | undefined {
  try {
    const { kid, alg, crit } = decodeProtectedHeader(token);
    if (typeof kid !== "string" || typeof alg !== "string" || crit !== undefined) return undefined;
    return isAlgorithm(alg) ? { kid, alg } : undefined;
  } catch {
    return undefined;
  }
}

/** What an unverified token says: good to refuse it by, and for nothing else. */
function claimsOf(token: string): TimedClaims | undefined {
  try {
    return timed(decodeJwt(token));
  } catch {
    return undefined;
  }
}

async function signedBy({ key, alg }: VerificationKey, token: string): Promise<TimedClaims | undefined> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [alg] });
    return timed(json(Buffer.from(payload).toString("utf8")));
  } catch (error) {
    // jose's judgement of the token. Anything else is a fault of ours, and no reason to refuse anybody.
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** What is kept of a payload, and no more: its size is bounded by {@link TokenCache}. */
export interface TimedClaims extends Claims {
  readonly iss: unknown;
  readonly aud: unknown;
  readonly exp: unknown;
  readonly iat: unknown;
  readonly nbf: unknown;
}

function timed(payload: unknown): TimedClaims | undefined {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  const { iss, aud, exp, iat, nbf, sub, azp, tenant_id, groups, scope } = payload as TimedClaims;
  return { iss, aud, exp, iat, nbf, sub, azp, tenant_id, groups, scope };
}

/**
 * Whether the edge would take it at this second: the rules of Envoy's filters (src/render/envoy/checks.ts), to the second.
 * @param now seconds
 */
export function accepted(claims: TimedClaims, { issuer, audience }: Expected, now: number): boolean {
  const { iss, aud, exp, iat, nbf = now } = claims;
  if (typeof exp !== "number" || typeof iat !== "number" || typeof nbf !== "number") return false;
  return (
    iss === issuer &&
    (aud === audience || (Array.isArray(aud) && aud.includes(audience))) &&
    now <= exp + CLOCK_SKEW &&
    nbf <= now + CLOCK_SKEW &&
    iat <= now + CLOCK_SKEW &&
    exp - iat <= LONGEST_TOKEN
  );
}
