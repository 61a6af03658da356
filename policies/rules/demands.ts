import type { Zone } from "../../src/model/services";

/**
 * What must hold whatever src/model says: without words of their own, rules would follow a mistake there. To change what is here
 * is to change what this environment promises.
 */
export const TRUSTED: readonly string[] = [
  "x-scope-orgid",
  "x-user-id",
  "x-prom-label-policy",
  "x-atalaya-binding",
  "x-atalaya-requested-tenant",
];

export const CREDENTIALS: readonly string[] = ["authorization", "x-api-key", "x-service-token"];

/**
 * The zones that a process may be in at most. In the data zone and in another one are Envoy and who decides for it, which hands
 * its audit to Loki and its traces to the collector: nobody at the edge or in sight of people is.
 */
export const MAY_JOIN: Readonly<Record<string, readonly Zone[]>> = {
  envoy: ["edge", "control", "data", "view"],
  auth: ["control", "data"],
  postgres: ["control"],
  redis: ["control"],
  keycloak: ["control", "edge", "view"],
  "alloy-gateway": ["data"],
  mimir: ["data"],
  loki: ["data"],
  tempo: ["data"],
  grafana: ["view", "edge"],
};

/** The only zone whose network may lead out. */
export const OPEN_ZONE: Zone = "edge";

/** What a tenant's people may be in Grafana: an Admin could add a data source of his own. */
export const PEOPLE: readonly string[] = ["Editor", "Viewer"];

/** Words in a path that steer a backend, or take data away. */
export const FORBIDDEN_PATH =
  /(^|[^a-z])(delete|flush|admin|config|ring|shutdown|ruler|alertmanager|memberlist|pprof|debug)([^a-z]|$)/i;
/** What only the tenant API takes, which is below this path. */
export const TENANT_API = "/api";
/** All that is answered without a credential: to get a token, and the API's description. Nothing of any tenant's is in it. */
export const WITHOUT_CREDENTIAL: Readonly<Record<string, string>> = {
  "/api/token": "POST",
  "/api/openapi.json": "GET",
  "/api/docs": "GET",
};
/** First segments of the edge's own paths, which nobody else's server may take. */
export const OWN_SEGMENTS: readonly string[] = ["v1", "api", "authz", "loki", "prometheus", "tempo"];
export const FORBIDDEN_METHODS: readonly string[] = ["DELETE", "PUT", "PATCH"];
/** Seconds: no request lives longer, so that a suspension reaches it. */
export const LONGEST_STREAM = 300;
