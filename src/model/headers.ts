/** Header names that carry trust. Lower case, as HTTP/2 has them. */
export const TENANT_HEADER = "x-scope-orgid";
export const USER_HEADER = "x-user-id";
/** Loki's second trusted header (3.7.3 and later). */
export const LABEL_POLICY_HEADER = "x-prom-label-policy";
/** What the client asked for in `X-Scope-OrgID`: the auth service judges this copy. */
export const REQUESTED_TENANT_HEADER = "x-atalaya-requested-tenant";
/** `azp|tenant_id` of a verified token, between the filters that set and match it. */
export const BINDING_HEADER = "x-atalaya-binding";
export const API_KEY_HEADER = "x-api-key";
export const SERVICE_TOKEN_HEADER = "x-service-token";

/** Removed from every request before anything else looks at it, on every listener. */
export const TRUSTED_HEADERS: readonly string[] = [
  TENANT_HEADER,
  USER_HEADER,
  LABEL_POLICY_HEADER,
  BINDING_HEADER,
];

/** Credentials: never sent past Envoy, except to the tenant API. */
export const CREDENTIAL_HEADERS: readonly string[] = ["authorization", API_KEY_HEADER, SERVICE_TOKEN_HEADER];
