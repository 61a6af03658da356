/**
 * Every name that is derived from a tenant, an agent or a service, one function each. Nothing is ever shortened: the tenant
 * list refuses an id whose derived name would not fit (`NAME_LIMITS`), because two shortened names may meet.
 */
export type TenantId = string & { readonly brand: "TenantId" };
/** The tenant's immutable id in every backend: the value of `X-Scope-OrgID` and of the claim `tenant_id`. */
export type OrgId = string & { readonly brand: "OrgId" };
/** A Keycloak client id: of an agent, of a service, of Grafana. */
export type ClientId = string & { readonly brand: "ClientId" };
export type Signal = "metrics" | "logs" | "traces";

/** `-` only between, so that no derived name starts, ends or doubles it. No `_`, so that `-` to `_` cannot collide. */
export const TENANT_ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
export const TENANT_ID_LENGTH = { minimum: 2, maximum: 40 } as const;
/** Agents, services, log classes: the same alphabet. */
export const NAME = TENANT_ID;
export const SCOPE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*:([a-z][a-z0-9]*(-[a-z0-9]+)*|\*)$/;

/**
 * Refused as tenant ids: the backends' own tenants (`fake`, `anonymous`, `single-tenant`), what would read as somebody else's
 * name in a URL, a path or a list, and the platform's own.
 */
export const RESERVED_TENANT_IDS: readonly string[] = [
  "admin", "all", "anonymous", "any", "api", "atalaya", "default", "edge", "fake", "gateway", "global", "grafana",
  "internal", "keycloak", "loki", "main", "mimir", "none", "null", "operators", "platform", "public", "root",
  "shared", "single-tenant", "system", "tempo", "tenant", "tenants", "undefined",
]; // prettier-ignore

export const PLATFORM_TENANT = "platform" as TenantId;

export const orgId = (tenant: TenantId): OrgId => `tenant-${tenant}` as OrgId;
export const defaultAgentId = (tenant: TenantId): ClientId => `agent-${tenant}` as ClientId;
export const serviceClientId = (tenant: TenantId, service: string): ClientId =>
  `service-${tenant}-${service}` as ClientId;
/** Keycloak's clients that are not a tenant's: no agent or service may take their names. */
export const GRAFANA_CLIENT = "grafana" as ClientId;
/** By which people get tokens of their own, to read with: on a device that shows them a code. */
export const PEOPLE_CLIENT = "atalaya-cli" as ClientId;
/** What a token must be for (`aud`): the edge. */
export const EDGE_AUDIENCE = "atalaya-edge";
export const REALM = "observability";

const BACKEND: Readonly<Record<Signal, string>> = { metrics: "mimir", logs: "loki", traces: "tempo" };
/** `mimir-mx`, `loki-mx`, `tempo-mx`. */
export const dataSourceUid = (signal: Signal, tenant: TenantId): string => `${BACKEND[signal]}-${tenant}`;
/** Alloy's identifiers know no dash; ids know no underscore, so this cannot make two of them meet. */
export const alloyLabel = (id: string): string => id.replaceAll("-", "_");
export const tenantGroup = (tenant: TenantId): string => `/tenants/${tenant}`;
export const OPERATORS_GROUP = "/operators";
/** A container, network or volume of an environment: `atalaya-dev-envoy`. */
export const hostName = (environment: string, ...parts: readonly string[]): string =>
  ["atalaya", environment, ...parts].join("-");

/** A name derived from an id, with the place it goes and that place's limit in characters. */
export interface DerivedName {
  readonly kind: string;
  readonly name: string;
  readonly limit: number;
}

/** Environment names are at most this long, so that limits can be checked without knowing the stack. */
export const ENVIRONMENT_NAME = /^[a-z][a-z0-9]{0,11}$/;
const LONGEST_ENVIRONMENT = "x".repeat(12);

/** All names derived from a tenant's id. Sources of the limits: Kubernetes (DNS label, 63), Grafana (data-source uid, 40). */
export function derivedTenantNames(tenant: TenantId): readonly DerivedName[] {
  return [
    { kind: "organisation id", name: orgId(tenant), limit: 63 },
    ...(["metrics", "logs", "traces"] as const).map((signal) => ({
      kind: "data-source uid",
      name: dataSourceUid(signal, tenant),
      limit: 40,
    })),
  ];
}

/** All names derived from an agent's client id. */
export function derivedAgentNames(agent: ClientId): readonly DerivedName[] {
  return [
    { kind: "client id", name: agent, limit: 63 },
    { kind: "container name", name: hostName(LONGEST_ENVIRONMENT, agent), limit: 63 },
    { kind: "Alloy label", name: alloyLabel(agent), limit: 63 },
  ];
}

export function derivedServiceNames(tenant: TenantId, service: string): readonly DerivedName[] {
  return [{ kind: "client id", name: serviceClientId(tenant, service), limit: 63 }];
}
