import archy from "archy";
import { describeResource, helperPart, shortType } from "./describe";
import type { Plan, PlannedResource } from "./plan";

/** Up to this many tenants are shown with everything that is theirs; beyond it each has a line, and beyond that they are counted. */
const SHOWN_WHOLE = 5;
export const SHOWN_TENANTS = 25;
const TENANT_TYPE = "atalaya:tenant:Tenant";

/**
 * The environment as a tree of components and their resources, tenants last.
 * @param whole shows every tenant with everything that is theirs, however many there are, and every helper of a process
 */
export function environmentTree(plan: Plan, whole: boolean): string {
  const children = Map.groupBy(plan.resources, ({ parent }) => (isStack(parent) ? "" : (parent ?? "")));
  const below = (resource: PlannedResource): readonly PlannedResource[] => children.get(resource.urn) ?? [];
  const count = (resource: PlannedResource): number =>
    below(resource).reduce((sum, child) => sum + 1 + count(child), 0);
  const branch = (resource: PlannedResource): archy.Data => {
    const [helpers, others] = partition(
      below(resource),
      (child) => !whole && helperPart(child) !== undefined,
    );
    return {
      label: describeResource(resource),
      nodes: [
        ...others.toSorted(byImportance).map(branch),
        ...(helpers.length === 0 ? [] : [summary(helpers)]),
      ],
    };
  };

  const roots = (children.get("") ?? []).filter(({ type }) => !type.startsWith("pulumi:"));
  const tenants = roots.filter(({ type }) => type === TENANT_TYPE);
  const shared = roots.filter(({ type }) => type !== TENANT_TYPE);
  const line = (tenant: PlannedResource): string => `${describeResource(tenant)}  ${count(tenant)} resources`;
  const hidden = tenants.length - SHOWN_TENANTS;
  const shown =
    whole || tenants.length <= SHOWN_WHOLE
      ? tenants.map(branch)
      : [
          ...tenants.slice(0, SHOWN_TENANTS).map(line),
          ...(hidden > 0 ? [`... and ${hidden} more tenants (--whole shows them)`] : []),
        ];
  return archy({ label: plan.environment.name, nodes: [...shared.map(branch), ...shown] }).trimEnd();
}

/** Processes first, then what they keep, then the rest. */
const ORDER = ["Container", "Volume", "Network"];
const rank = ({ type }: PlannedResource): number => {
  const at = ORDER.indexOf(shortType(type));
  return at === -1 ? ORDER.length : at;
};
const byImportance = (a: PlannedResource, b: PlannedResource): number => rank(a) - rank(b);

/** `helpers: files, ready, secrets (containers); config, live (volumes)` */
function summary(helpers: readonly PlannedResource[]): string {
  const kinds = [...Map.groupBy(helpers, ({ type }) => shortType(type).toLowerCase())];
  return `helpers: ${kinds.map(([kind, of]) => `${of.map((helper) => helperPart(helper)).join(", ")} (${kind}s)`).join("; ")}`;
}

function partition<T>(
  items: readonly T[],
  isFirst: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  const groups = Map.groupBy(items, isFirst);
  return [groups.get(true) ?? [], groups.get(false) ?? []];
}

const isStack = (urn: string | undefined): boolean => urn?.includes("::pulumi:pulumi:Stack::") ?? false;
