import type { Limits, Retention, Sampling } from "./limits";
import type { ClientId, OrgId, TenantId } from "./names";
import type { Bytes } from "./units";

/**
 * `suspended`: every credential is refused at the edge, its agents here stand still, no data is deleted. Nobody stops those that
 * run elsewhere: unless they were stopped there first, they drop what they hold at the refusal.
 */
export type TenantState = "active" | "suspended";

/** A service-account client of one tenant and the Alloy configuration that uses it. */
export interface Agent {
  readonly id: ClientId;
  /** Its own, active unless it says otherwise: an agent of an active tenant is suspended before it is removed. */
  readonly state?: TenantState;
  /** On a machine of the tenant's: it has a client, and no container. Absent: here, on the environment's host. */
  readonly runs?: "elsewhere";
  /** What its queues may take on its disk; {@link AGENT_DISK} unless it says otherwise. */
  readonly disk?: Bytes;
  /** Measures the machine it runs on. Elsewhere alone: on a shared host a tenant sees nothing of it. */
  readonly hostMetrics?: true;
  /** Files of the machine it runs on. Elsewhere alone. */
  readonly fileLogs?: readonly FileLog[];
}

/** A file that an agent reads line by line. */
export interface FileLog {
  /** Absolute; `*` stands for anything but `/`. */
  readonly path: string;
  /** One of the classes that the tenant's retention knows. */
  readonly class: string;
  /** The lines' `service.name`. */
  readonly service: string;
}

/** Personal data that agents mask in all telemetry. Secrets are always masked. */
export interface Redaction {
  readonly emails: boolean;
  readonly cards: boolean;
}

/** Both, for who says nothing. */
export const REDACTION: Redaction = { emails: true, cards: true };

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
  /** Absent: {@link REDACTION}. */
  readonly redaction?: Redaction;
  readonly agents: readonly Agent[];
  readonly services: readonly TenantService[];
  readonly contacts: readonly Contact[];
}

export const isActive = (tenant: Pick<Tenant, "state">): boolean => tenant.state === "active";

/** Whether an agent is a container of the environment's own host. */
export const runsHere = ({ runs }: Pick<Agent, "runs">): boolean => runs === undefined;

/** Whether an agent sends: neither it nor its tenant is suspended. */
export const sends = (tenant: Pick<Tenant, "state">, agent: Agent): boolean =>
  isActive(tenant) && agent.state !== "suspended";
