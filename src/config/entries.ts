import {
  defaultAgentId,
  derivedAgentNames,
  derivedServiceNames,
  derivedTenantNames,
  NAME,
  type ClientId,
  type DerivedName,
  type TenantId,
} from "../model/names";
import { showValue } from "./problems";
import { listAt, valueAt, type Path, type Report } from "./report";
import { TENANT_ID_PATTERN } from "./text-fields";

/**
 * What names a tenant and its parts, taken from the file as it is: one wrong limit must not hide that two tenants have the
 * same id. Values of the wrong form are left out, the schema reports them.
 */
export interface Entry {
  readonly path: Path;
  readonly id: TenantId | undefined;
  readonly name: string | undefined;
  /** Whether the file names its agents; without it there is one, agent-<id>. */
  readonly agents: readonly Part[];
  readonly services: readonly Part[];
}

/** An agent or a service, with all names derived from it. */
export interface Part {
  /** False for the default agent, whose name nobody wrote. */
  readonly declared: boolean;
  readonly path: Path;
  readonly id: string;
  readonly derived: readonly DerivedName[];
}

function named(value: unknown, key: string, pattern: RegExp): string | undefined {
  const found = valueAt(value, [key]);
  return typeof found === "string" && pattern.test(found) ? found : undefined;
}

/** One entry for each element of the list of tenants, in order. */
export const entriesOf = (report: Report): readonly Entry[] =>
  listAt(report.source.value, ["tenants"]).map((tenant, index) => {
    const path = ["tenants", index];
    const id = named(tenant, "id", TENANT_ID_PATTERN) as TenantId | undefined;
    return {
      path,
      id,
      name: named(tenant, "name", /^/u),
      agents: agentsOf(tenant, path, id),
      services: id === undefined ? [] : servicesOf(tenant, path, id),
    };
  });

function agentsOf(tenant: unknown, path: Path, id: TenantId | undefined): Part[] {
  const agent = (id: string, path: Path, declared: boolean): Part => ({
    declared,
    path,
    id,
    derived: derivedAgentNames(id as ClientId),
  });
  const declared = valueAt(tenant, ["agents"]);
  if (declared === undefined)
    return id === undefined ? [] : [agent(defaultAgentId(id), [...path, "id"], false)];
  return listAt(declared, []).flatMap((value, index) => {
    const id = named(value, "id", NAME);
    return id === undefined ? [] : [agent(id, [...path, "agents", index, "id"], true)];
  });
}

const servicesOf = (tenant: unknown, path: Path, id: TenantId): Part[] =>
  listAt(tenant, ["services"]).flatMap((value, index) => {
    const name = named(value, "name", NAME);
    if (name === undefined) return [];
    const derived = derivedServiceNames(id, name);
    return [{ declared: true, path: [...path, "services", index, "name"], id: name, derived }];
  });

/** Names that would not fit where they go. Nothing is ever shortened. */
export function checkLengths(report: Report, entries: readonly Entry[]): void {
  for (const { path, id, agents, services } of entries) {
    const tenant = id === undefined ? [] : [{ path: [...path, "id"], derived: derivedTenantNames(id) }];
    for (const part of [...tenant, ...agents, ...services]) {
      const over = part.derived.filter(({ name, limit }) => name.length > limit);
      const worst = over.toSorted((a, b) => b.name.length - b.limit - (a.name.length - a.limit))[0];
      if (worst === undefined) continue;
      const { kind, name, limit } = worst;
      const message = `is too long: its ${kind} ${showValue(name)} has ${name.length} characters, the limit is ${limit}`;
      report.add(part.path, message, `Shorten it by ${name.length - limit}: names are never cut.`);
    }
  }
}
