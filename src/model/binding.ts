import { sends, type Tenant } from "./tenant";

/**
 * `agent-mx|tenant-mx`: an active client and the organisation it may write to, as the edge composes it from a verified
 * token. This list is both the list of tenants and the binding of clients to them. Neither part can hold a `|`.
 */
export const bindings = (tenants: readonly Tenant[]): readonly string[] =>
  tenants
    .flatMap((tenant) =>
      tenant.agents.filter((agent) => sends(tenant, agent)).map((agent) => `${agent.id}|${tenant.orgId}`),
    )
    .sort();
