import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from "jose";
import type { Settings } from "./config";

export type TokenVerdict =
  | { readonly kind: "valid"; readonly payload: JWTPayload }
  | { readonly kind: "invalid" }
  /** Keycloak's keys cannot be had: the token may be good. */
  | { readonly kind: "unknown" };

/** A token that claims to live longer than this was not issued for an agent. Seconds. */
const MAXIMUM_LIFE = 600;
/** Tolerated difference of clocks. Seconds. */
const CLOCK_SKEW = 60;

const asymmetric = ["RS256", "PS256", "ES256"];

export type TokenVerifier = (token: string) => Promise<TokenVerdict>;

/** Keycloak's keys over HTTP, cached by jose; an unknown `kid` refetches at most every 30 s. */
export const remoteKeys = (settings: Pick<Settings, "jwksUrl">): JWTVerifyGetKey =>
  createRemoteJWKSet(settings.jwksUrl, { timeoutDuration: 2_000, cooldownDuration: 30_000 });

export function tokenVerifier(
  settings: Pick<Settings, "issuer" | "audience">,
  keys: JWTVerifyGetKey,
): TokenVerifier {
  return async (token) => {
    try {
      // Before any key is looked for: another realm's `kid` is unknown here, and must not look like one of ours to come.
      if (decodeJwt(token).iss !== settings.issuer) return { kind: "invalid" };
      const { payload } = await jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: asymmetric,
        clockTolerance: CLOCK_SKEW,
        requiredClaims: ["exp", "iat"],
      });
      const life = (payload.exp ?? Infinity) - (payload.iat ?? 0);
      const early = (payload.iat ?? Infinity) > Date.now() / 1000 + CLOCK_SKEW;
      return life > MAXIMUM_LIFE || early ? { kind: "invalid" } : { kind: "valid", payload };
    } catch (error) {
      return { kind: isTokensFault(error) ? "invalid" : "unknown" };
    }
  };
}

/**
 * Whether the token itself is wrong. A `kid` nobody knows is not: its key may have been published a moment ago, inside the
 * cooldown. Everything that is not jose's judgement of the token is the network's or Keycloak's.
 */
function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported
  );
}
