import type { OrgId } from "../model/names";
import type { Route } from "../model/routes";
import type { ExtraRoute } from "../model/upstreams";

/**
 * What the auth service says of a request, apart from how it is sent. `code` is stable and public; no field that reaches
 * the caller names a tenant or a client.
 */
export type Decision =
  | { readonly kind: "allow"; readonly orgId: OrgId; readonly userId: string }
  | { readonly kind: "deny"; readonly status: 401 | 403; readonly code: DenialCode }
  /** Cannot decide: never 401 or 403, because senders drop what those answer. */
  | { readonly kind: "undecided"; readonly code: UndecidedCode };

/** Each with its status; a test holds that every one of them is reached. */
export const DENIALS = {
  credential_missing: 401,
  credential_ambiguous: 401,
  token_invalid: 401,
  key_invalid: 401,
  tenant_denied: 403,
  /** The credential is good for several tenants, and the request names none. */
  tenant_required: 403,
  right_missing: 403,
  route_unknown: 403,
} as const satisfies Readonly<Record<string, 401 | 403>>;

export type DenialCode = keyof typeof DENIALS;
export type UndecidedCode = "keys_unavailable" | "directory_unavailable" | "internal";

export const deny = (code: DenialCode): Decision => ({ kind: "deny", status: DENIALS[code], code });
export const undecided = (code: UndecidedCode): Decision => ({ kind: "undecided", code });

/** `token`: a bearer token of which nothing is known, because it was not verified. */
export type CredentialKind = "none" | "key" | "agent" | "service" | "person" | "token";

/** A decision and what was found out on the way, for the audit: nothing in it is merely claimed. */
export interface Judgement {
  readonly decision: Decision;
  readonly routes: readonly (Route | ExtraRoute)[];
  readonly credential: CredentialKind;
  /** The key's id, the agent's client or the person's `sub`, once verified. */
  readonly user?: string;
  /** Which the credential is good for, even where the decision is a denial. */
  readonly tenant?: OrgId;
}

/** What Envoy sends to `/authz`: the original request, without its body. */
export interface AuthorizationRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
  /** `X-Service-Token`: a token of a service, and of nobody else. */
  readonly serviceToken?: string | undefined;
  /** The `X-Scope-OrgID` that the client asked for: judged, never believed. */
  readonly requestedTenant: string | undefined;
}
