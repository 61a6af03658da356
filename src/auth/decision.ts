import type { OrgId } from "../model/names";

/**
 * What the auth service says of a request, apart from how it is sent. `code` is stable and public; no field that reaches
 * the caller names a tenant or a client.
 */
export type Decision =
  | { readonly kind: "allow"; readonly orgId: OrgId; readonly userId: string }
  | { readonly kind: "deny"; readonly status: 401 | 403; readonly code: DenialCode }
  /** Cannot decide: never 401 or 403, because senders drop what those answer. */
  | { readonly kind: "undecided"; readonly code: UndecidedCode };

export type DenialCode =
  | "credential_missing"
  | "credential_ambiguous"
  | "token_invalid"
  | "key_invalid"
  | "tenant_denied"
  | "right_missing"
  | "route_unknown";

export type UndecidedCode = "keys_unavailable" | "directory_unavailable" | "internal";

export const deny = (status: 401 | 403, code: DenialCode): Decision => ({ kind: "deny", status, code });
export const undecided = (code: UndecidedCode): Decision => ({ kind: "undecided", code });

/** What Envoy sends to `/authz`: the original request, without its body. */
export interface AuthorizationRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
  /** The `X-Scope-OrgID` that the client asked for: judged, never believed. */
  readonly requestedTenant: string | undefined;
}
