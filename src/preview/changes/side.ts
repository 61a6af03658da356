import type { Plan, PlannedTenant } from "../plan";
import { peopleOf, type PeopleOf } from "./people";
import { Placement } from "./placement";
import { Roles } from "./roles";

/** One of the two plans, with what every part of the comparison asks of it. */
export interface Side {
  readonly plan: Plan;
  readonly placement: Placement;
  readonly roles: Roles;
  readonly people: PeopleOf;
  readonly tenants: ReadonlyMap<string, PlannedTenant>;
}

export function sideOf(plan: Plan): Side {
  const placement = new Placement(plan);
  return {
    plan,
    placement,
    roles: new Roles(plan),
    people: peopleOf(plan, placement),
    tenants: new Map(plan.tenants.map((tenant) => [tenant.id, tenant])),
  };
}
