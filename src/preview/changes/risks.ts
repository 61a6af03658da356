import type { Signal } from "../../model/names";
import type { Side } from "./side";
import { who } from "./tenants";
import type { ResourceChange, RetentionChange, Risk, Role, TenantChanges, Who } from "./types";

interface Sides {
  readonly before: Side;
  readonly after: Side;
}

/** Everything by which data is lost, or can be opened by nobody any more. The worst first. */
export function risks(
  sides: Sides,
  tenants: readonly TenantChanges[],
  resources: readonly ResourceChange[],
): readonly Risk[] {
  return [
    ...resourceRisks(sides, resources),
    ...tenants.flatMap(({ changes }) => changes.flatMap((change) => removal(sides, change))),
    ...maximumRetention(sides),
    ...tenants.flatMap((tenant) =>
      tenant.changes.flatMap((change): readonly Risk[] =>
        change.kind === "retention" && shortens(change) ? [{ tenant: who(tenant), ...change }] : [],
      ),
    ),
    ...tenants.flatMap((tenant) => tenant.changes.flatMap((change) => queue(who(tenant), change))),
  ];
}

const shortens = ({ from, to }: RetentionChange): boolean => to < from;

function removal({ after }: Sides, change: TenantChanges["changes"][number]): readonly Risk[] {
  if (change.kind !== "removed") return [];
  const { tenant } = change;
  const agents = tenant.agents.map(({ id }) => id);
  return [
    { kind: "tenant-removed", tenant: who(tenant), agents, kept: after.plan.environment.maximumRetention },
  ];
}

function queue(tenant: Who, change: TenantChanges["changes"][number]): readonly Risk[] {
  if (change.kind !== "agent-removed" && change.kind !== "agent-left") return [];
  const { kind, agent, elsewhere } = change;
  const where = elsewhere === true && { elsewhere };
  return [{ kind: "queue", tenant, agent, ...where, moved: kind === "agent-left" }];
}

/** It is how long data of those is kept who are in no list any more; tenants' own retention cannot be longer. */
function maximumRetention({ before, after }: Sides): readonly Risk[] {
  const [was, is] = [before, after].map(({ plan }) => plan.environment.maximumRetention);
  if (was === undefined || is === undefined) return [];
  return (["metrics", "logs", "traces"] satisfies readonly Signal[]).flatMap((signal) =>
    is[signal] < was[signal]
      ? [{ kind: "maximum-retention" as const, signal, from: was[signal], to: is[signal] }]
      : [],
  );
}

/** What goes with a tenant or an agent that goes is said there. */
function resourceRisks({ before, after }: Sides, resources: readonly ResourceChange[]): readonly Risk[] {
  return resources.flatMap((change): readonly Risk[] => {
    const { impact, action, urn, name, process, because } = change;
    if (impact !== "data" || (action !== "delete" && action !== "replace")) return [];
    const tenant = change.tenant === undefined ? undefined : before.tenants.get(change.tenant);
    if (tenant !== undefined && action === "delete") {
      const now = after.tenants.get(tenant.id);
      const stays = process === undefined || now?.agents.some(({ id }) => id === process) === true;
      if (now === undefined || !stays) return [];
    }
    return [
      {
        kind: KINDS[change.role] ?? "protected",
        ...{ action, urn, name, because },
        ...(process !== undefined && { process }),
        ...(tenant !== undefined && { tenant: who(tenant) }),
      },
    ];
  });
}

const KINDS: { readonly [R in Role]?: "volume" | "password" | "realm" | "organisation" } = {
  data: "volume",
  "data-password": "password",
  realm: "realm",
  organisation: "organisation",
};
