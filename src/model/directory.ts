import type { Signal, ClientId, OrgId, TenantId } from "./names";
import type { Verb } from "./routes";
import type { Tenant, TenantState } from "./tenant";

/** What the auth service knows of tenants: a live file, read again whenever it changes. Holds no secret. */
export interface TenantDirectory {
  readonly version: 1;
  readonly tenants: readonly DirectoryTenant[];
}

export interface DirectoryTenant {
  readonly id: TenantId;
  readonly orgId: OrgId;
  readonly state: TenantState;
  /** Those that may send while the tenant is active. */
  readonly agents: readonly ClientId[];
  /** Those that are suspended themselves: nobody lets them in. Left out where there are none. */
  readonly suspendedAgents?: readonly ClientId[];
  readonly services: readonly { readonly clientId: ClientId; readonly scopes: readonly string[] }[];
}

/** A declared API key's right: `metrics:read`. */
export type KeyRight = `${Signal}:${Verb}`;

/** Declared API keys: a secret live file. Only keyed hashes (HMAC-SHA-256 under the stack's pepper), never a key. */
export interface KeyFile {
  readonly version: 1;
  readonly keys: readonly DeclaredKey[];
}

export interface DeclaredKey {
  /** For audit: `grafana-mx`. */
  readonly id: string;
  readonly orgId: OrgId;
  /** Lower-case hexadecimal, 64 characters. */
  readonly hash: string;
  readonly rights: readonly KeyRight[];
}

export function directoryTenant(tenant: Tenant): DirectoryTenant {
  const agents = (state: TenantState) =>
    tenant.agents
      .filter((agent) => (agent.state ?? "active") === state)
      .map(({ id }) => id)
      .sort();
  const suspendedAgents = agents("suspended");
  return {
    id: tenant.id,
    orgId: tenant.orgId,
    state: tenant.state,
    agents: agents("active"),
    ...(suspendedAgents.length > 0 && { suspendedAgents }),
    services: tenant.services.map(({ clientId, scopes }) => ({ clientId, scopes: [...scopes].sort() })),
  };
}
