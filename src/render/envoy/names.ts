import type { UpstreamId } from "../../model/routes";
import type { ExtraRoute } from "../../model/upstreams";

/** Filters, by the name under which a route may switch them off. Their order is {@link file://./filters.ts}'s. */
export const FILTERS = {
  finish: "atalaya.finish-response",
  sourceLimit: "atalaya.source-limit",
  token: "envoy.filters.http.jwt_authn",
  tokenTimes: "atalaya.token-times",
  composeBinding: "atalaya.compose-binding",
  bindings: "atalaya.bindings",
  tenantOfToken: "atalaya.tenant-of-token",
  authService: "envoy.filters.http.ext_authz",
  tenantDecided: "atalaya.tenant-decided",
  tenantLimits: "atalaya.tenant-limits",
  forgetCredentials: "atalaya.forget-credentials",
  bodyLimit: "atalaya.body-limit",
  upstreamErrors: "atalaya.upstream-errors",
  mendGrpc: "atalaya.mend-grpc",
  fromUpstream: "atalaya.from-upstream",
  router: "envoy.filters.http.router",
} as const;

/** Only an agent's token passes these, and only the auth service's answer the other one. */
export const TOKEN_FILTERS = [
  FILTERS.token,
  FILTERS.tokenTimes,
  FILTERS.composeBinding,
  FILTERS.bindings,
  FILTERS.tenantOfToken,
] as const;

/** Files in `directories.live`. */
export const LIVE_FILES = { bindings: "bindings.yaml", tenantLimits: "tenant-limits.yaml" } as const;
/** Files in `directories.config`. */
export const STATIC_FILES = { bootstrap: "bootstrap.yaml", certificate: "sds.yaml" } as const;

/** The TLS secret that {@link STATIC_FILES.certificate} delivers. */
export const CERTIFICATE = "edge";

export const CLUSTERS = {
  /** The auth service's decisions: apart from its tenant API, so that slow calls of that cannot hold up the others. */
  decisions: "auth-decisions",
  keycloak: "keycloak",
  admin: "admin",
} as const;

export const upstreamCluster = (upstream: UpstreamId | ExtraRoute["upstream"]): string => upstream;

/** RBAC's own policies, as they appear in a denial's code details: `rbac_access_denied_matched_policy[...]`. */
export const DENIALS = {
  notBound: "client_not_bound",
  tokenTimes: "token_times",
  bindingsUnavailable: "bindings_unavailable",
  tenantUndecided: "tenant_undecided",
  bodyTooLarge: "body_too_large",
  packing: "encoding_unsupported",
} as const;

/** Where jwt_authn puts a verified token's payload. */
export const TOKEN_METADATA = { namespace: "envoy.filters.http.jwt_authn", key: "payload" } as const;
/** A claim of the verified token, in Envoy's substitution format. */
export const claim = (name: string): string =>
  `%DYNAMIC_METADATA(${TOKEN_METADATA.namespace}:${TOKEN_METADATA.key}:${name})%`;

/** Routes' own metadata, for the access log. */
export const ROUTE_METADATA = "atalaya";
