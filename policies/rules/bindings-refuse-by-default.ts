import { eachManager } from "./edge";
import { pb, pbAt, type Filter } from "./envoy";
import type { Rule } from "./rule";
import { fields, isFields, list } from "./values";

const REMEDY =
  "Let default_config be one RBAC rule with the action DENY for any permission and any principal (src/render/envoy/filters.ts): it stands in whenever the list is missing or cannot be read.";

export const bindingsRefuseByDefault: Rule = {
  name: "bindings-refuse-by-default",
  description:
    "While the list of bindings is not there, nobody is let in: what stands in for a list that cannot be read refuses everything.",
  check: (context) =>
    eachManager(context, REMEDY, ({ filters }) =>
      filters
        .filter(({ type, fallback }) => type === "RBAC" && fallback !== undefined && !refusesAll(fallback))
        .map(({ name }) => `${name} lets requests pass while its list is missing (default_config)`),
    ),
};

function refusesAll(config: NonNullable<Filter["fallback"]>): boolean {
  const rules = pb(config, "rules");
  const policies = Object.values(fields(pb(rules, "policies")));
  const any = (entries: unknown) => list(entries).some((entry) => fields(entry)["any"] === true);
  return (
    pbAt(config, "rules", "action") === "DENY" &&
    !isFields(pb(config, "matcher")) &&
    policies.some(
      (policy) =>
        any(pb(policy, "permissions")) &&
        any(pb(policy, "principals")) &&
        pb(policy, "condition") === undefined &&
        pb(policy, "checked_condition") === undefined,
    )
  );
}
