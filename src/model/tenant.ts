import type { Limits, Retention, Sampling } from "./limits";
import type { ClientId, OrgId, TenantId } from "./names";

/** `suspended`: every credential is refused at the edge, its agents stand still, no data is deleted. */
export type TenantState = "active" | "suspended";

/** A service-account client of one tenant and the Alloy configuration that uses it. */
export interface Agent {
  readonly id: ClientId;
  /** Its own, active unless it says otherwise: an agent of an active tenant is suspended before it is removed. */
  readonly state?: TenantState;
}

/** A program of the tenant that calls other services with a scoped token. */
export interface TenantService {
  readonly name: string;
  readonly clientId: ClientId;
  /** `orders:read`, `ai-services:*`. */
  readonly scopes: readonly string[];
}

/** Who is told. Addresses that are secrets are named by their key in the stack's configuration. */
export type Contact =
  | { readonly kind: "email"; readonly name: string; readonly address: string }
  | { readonly kind: "slack" | "webhook"; readonly name: string; readonly secret: string };

export interface Tenant {
  readonly id: TenantId;
  readonly orgId: OrgId;
  /** What people read: the Grafana organisation's name. */
  readonly name: string;
  readonly plan: string;
  readonly state: TenantState;
  readonly limits: Limits;
  readonly retention: Retention;
  readonly sampling: Sampling;
  readonly agents: readonly Agent[];
  readonly services: readonly TenantService[];
  readonly contacts: readonly Contact[];
}

export const isActive = (tenant: Pick<Tenant, "state">): boolean => tenant.state === "active";

/** Whether an agent sends: neither it nor its tenant is suspended. */
export const sends = (tenant: Pick<Tenant, "state">, agent: Agent): boolean =>
  isActive(tenant) && agent.state !== "suspended";
