import type { ProblemCode } from "../api/problems";
import type { DenialCode, UndecidedCode } from "../decision";

/** Why somebody was not let in, or not served: what decisions say, and the tenant API with 401, 403 or 503. */
export type RefusalCode =
  | DenialCode
  | UndecidedCode
  | Extract<ProblemCode, "invalid_client" | "store_unavailable" | "tokens_unavailable">;

/** For operators: what a code means, and what to do. Nobody else sees it, so it may name what is inside. */
export const REASONS: Readonly<Record<RefusalCode, string>> = {
  credential_missing:
    "The request carried no credential. Send a token in Authorization, an API key in X-API-Key, or a service's token in X-Service-Token.",
  credential_ambiguous:
    "The request carried several credentials, or one that can be read in two ways. Send exactly one, in one header.",
  token_invalid:
    "The token is not one of this realm for this edge, is not correctly signed, or its time is over. Get a new one; when that is refused as well, compare the sender's clock, issuer and audience with ours.",
  key_invalid:
    "No such API key is in force: it was mistyped or revoked, it expired, or another one replaced it. Compare with the list of the tenant's keys, and make a new one.",
  tenant_denied:
    "The credential may not be used for this tenant, or the tenant is suspended. Compare the tenant of the credential with the requested one, a person's groups with the tenant, and look at the tenant's state.",
  tenant_required:
    "The credential is good for several tenants and the request named none. Name one in X-Scope-OrgID.",
  right_missing:
    "The caller is known and has no right to this. Compare the role, the key's rights or the service's scopes with what the route asks for.",
  route_unknown: "Nothing is served with this method at this path. Compare both with the route table.",
  keys_unavailable:
    "Whether the credential is good could not be said: Keycloak's keys, the declared API keys or Redis could not be had. Senders may try again; look at atalaya_auth_jwks_age_seconds, atalaya_auth_redis_up and the log.",
  directory_unavailable:
    "The list of tenants was never read by this replica. Senders may try again; look at the file of tenants, /ready and the log.",
  internal:
    "The decision itself failed, which is a fault of ours. Senders may try again; the log has the place in the code under this time.",
  invalid_client:
    "Keycloak does not know this client, or its secret or password is another one. Compare them with what was issued.",
  store_unavailable:
    "Redis did not answer, or no record of the act could be kept. Callers may try again; look at atalaya_auth_redis_up and the log.",
  tokens_unavailable:
    "Keycloak did not answer when it was asked for a token. Callers may try again; look at Keycloak.",
};

export const isRefusal = (code: string): code is RefusalCode => Object.hasOwn(REASONS, code);

/** @param code of a record, which another release may have written */
export const explained = (code: string): string =>
  isRefusal(code) ? REASONS[code] : "Another release of the service wrote this code.";
