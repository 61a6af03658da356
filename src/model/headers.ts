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

/**
 * What nobody here sends and somebody behind could believe: also removed first. It would steer a query past its tenant's
 * limits, choose how a backend works or whom it logs, or stand for an answer of ours. `X-Loki-Response-Encoding-Flags`,
 * which Grafana needs, changes a format alone and stays.
 */
export const UNTRUSTED_HEADERS: readonly string[] = [
  "cookie",
  "proxy-authorization",
  "forwarded",
  "x-real-ip",
  "x-original-url",
  "x-rewrite-url",
  "x-http-method-override",
  "x-grafana-org-id",
  "x-envoy-attempt-count",
  "x-envoy-peer-metadata",
  "x-envoy-peer-metadata-id",
  "x-envoy-upstream-service-time",
  "x-loki-query-limits",
  "x-loki-query-limits-context",
  "x-loki-actor-path",
  "x-loki-disable-wrappers",
  "x-loki-disable-pipeline-wrappers",
  "x-query-tags",
  "x-filter-queryables",
  "x-read-consistency",
  "x-read-consistency-offsets",
  "x-read-consistency-max-delay",
  "sharding-control",
];

/** Credentials: never sent past Envoy, except to the tenant API. */
export const CREDENTIAL_HEADERS: readonly string[] = ["authorization", API_KEY_HEADER, SERVICE_TOKEN_HEADER];
