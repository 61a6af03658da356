import type { Plan } from "../plan";
import { fileChanges, processChanges, withEffects } from "./processes";
import { refusals } from "./refusals";
import { resourceChanges } from "./resources";
import { addressesOf, outputChanges, policyChanges, warningChanges } from "./rest";
import { risks } from "./risks";
import { settingChanges } from "./settings";
import { sideOf } from "./side";
import { tenantChanges } from "./tenants";
import type { Changes } from "./types";

/** What one plan needs to become another. Pure, and linear in the size of both. */
export function compare(before: Plan, after: Plan): Changes {
  const sides = { before: sideOf(before), after: sideOf(after) };
  const tenants = tenantChanges({
    before,
    after,
    people: { before: sides.before.people, after: sides.after.people },
  });
  const resources = resourceChanges(sides.before, sides.after);
  const files = fileChanges(sides.before, sides.after);
  const processes = processChanges(sides, resources, files);
  const changes = {
    risks: risks(sides, tenants, resources),
    refusals: refusals(sides, resources),
    tenants,
    settings: settingChanges(before, after),
    processes,
    resources,
    files: withEffects(files, processes),
    outputs: outputChanges(before, after),
  };
  const policies = policyChanges(before, after);
  const warnings = warningChanges(before, after);
  const { violated, mended, added, removed } = policies;
  const others = [violated, mended, added, removed, warnings.raised, warnings.gone];
  return {
    environment: after.environment.name,
    empty: [...Object.values(changes), ...others].every(({ length }) => length === 0),
    addresses: addressesOf(after),
    counts: { tenantsBefore: before.tenants.length, tenantsAfter: after.tenants.length },
    ...changes,
    policies,
    warnings,
  };
}
