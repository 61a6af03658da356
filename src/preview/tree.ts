import archy from "archy";
import { describeResource } from "./describe";
import type { Plan, PlannedResource } from "./plan";

/** Up to this many tenants are shown with everything that is theirs; beyond it each has a line, and beyond that they are counted. */
const SHOWN_WHOLE = 5;
const SHOWN_AS_LINE = 25;
const TENANT_TYPE = "atalaya:tenant:Tenant";

/**
 * The environment as a tree of components and their resources, tenants last.
 * @param whole shows every tenant with everything that is theirs, however many there are
 */
export function environmentTree(plan: Plan, whole: boolean): string {
  const children = Map.groupBy(plan.resources, ({ parent }) => (isStack(parent) ? "" : (parent ?? "")));
  const below = (resource: PlannedResource): readonly PlannedResource[] => children.get(resource.urn) ?? [];
  const count = (resource: PlannedResource): number =>
    below(resource).reduce((sum, child) => sum + 1 + count(child), 0);
  const branch = (resource: PlannedResource): archy.Data => ({
    label: describeResource(resource),
    nodes: below(resource).map(branch),
  });

  const roots = (children.get("") ?? []).filter(({ type }) => !type.startsWith("pulumi:"));
  const tenants = roots.filter(({ type }) => type === TENANT_TYPE);
  const shared = roots.filter(({ type }) => type !== TENANT_TYPE);
  const line = (tenant: PlannedResource): string => `${describeResource(tenant)}  ${count(tenant)} resources`;
  const hidden = tenants.length - SHOWN_AS_LINE;
  const shown =
    whole || tenants.length <= SHOWN_WHOLE
      ? tenants.map(branch)
      : [
          ...tenants.slice(0, SHOWN_AS_LINE).map(line),
          ...(hidden > 0 ? [`... and ${hidden} more tenants (--whole shows them)`] : []),
        ];
  return archy({ label: plan.environment.name, nodes: [...shared.map(branch), ...shown] }).trimEnd();
}

const isStack = (urn: string | undefined): boolean => urn?.includes("::pulumi:pulumi:Stack::") ?? false;
