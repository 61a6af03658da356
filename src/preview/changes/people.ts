import type { Plan } from "../plan";
import type { Placement } from "./placement";

export interface People {
  /** `admin`, `editor`, `viewer`. */
  readonly groups: readonly string[];
  /** Whom the program declares: the demonstration users, without the tenant in front. */
  readonly users: readonly string[];
}

export type PeopleOf = (tenant: string) => People;

const NAMES: Readonly<Record<string, { readonly list: keyof People; readonly name: string }>> = {
  "keycloak:index/group:Group": { list: "groups", name: "name" },
  "keycloak:index/user:User": { list: "users", name: "username" },
};

const NOBODY: People = { groups: [], users: [] };

/** The groups and users that the realm has for each tenant, by the tenant's id. */
export function peopleOf({ resources }: Plan, placement: Placement): PeopleOf {
  const found = new Map<string, { groups: string[]; users: string[] }>();
  for (const resource of resources) {
    const kind = NAMES[resource.type];
    const { tenant } = kind === undefined ? {} : placement.ownerOf(resource);
    if (kind === undefined || tenant === undefined) continue;
    // The group that a tenant's groups lie in is the tenant itself.
    const name = resource.inputs[kind.name];
    if (typeof name !== "string" || name === tenant) continue;
    let people = found.get(tenant);
    if (people === undefined) found.set(tenant, (people = { groups: [], users: [] }));
    people[kind.list].push(name.startsWith(`${tenant}-`) ? name.slice(tenant.length + 1) : name);
  }
  return (tenant) => found.get(tenant) ?? NOBODY;
}
