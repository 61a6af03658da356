import { isMadeUp } from "../describe";
import { suspensionWarning, type Plan, type PlannedViolation } from "../plan";
import { byText, difference, textDifference } from "./lists";
import type { Addresses, Changes, OutputChange, PolicyChanges } from "./types";
import { isRecord, text } from "./values";

const violationKey = ({ policy, tenant, urn, message }: PlannedViolation): string =>
  [policy, tenant ?? "", urn, message].join("\n");

export function policyChanges({ policies: before }: Plan, { policies: after }: Plan): PolicyChanges {
  const { gained, lost, both } = difference(before.violations, after.violations, violationKey);
  const named = ({ passed, violations }: Plan["policies"]): readonly string[] => [
    ...new Set([...passed, ...violations.map(({ policy }) => policy)]),
  ];
  const rules = textDifference(named(before), named(after));
  return {
    ...{ violated: gained, mended: lost, still: both.map(([, now]) => now) },
    ...{ added: rules.gained, removed: rules.lost, passed: after.passed.length },
  };
}

/**
 * A warning stands for what it is about: that its line moved is nothing, and with other numbers it is the same one, raised
 * again. That a tenant is suspended is said of the tenant.
 */
export function warningChanges(before: Plan, after: Plan): Changes["warnings"] {
  const { gained, lost } = difference(ownWarnings(before), ownWarnings(after), withoutPosition);
  const raised = new Set(gained.map(subject));
  return {
    raised: gained,
    gone: lost.filter((warning) => !raised.has(subject(warning))).map(withoutPosition),
  };
}

function ownWarnings({ warnings, tenants }: Plan): readonly string[] {
  const suspended = new Set(tenants.map(({ id }) => suspensionWarning(id)));
  return warnings.filter((warning) => !suspended.has(warning));
}

const withoutPosition = (warning: string): string => warning.replace(/^\S+:\d+:\d+: /, "");
const subject = (warning: string): string =>
  withoutPosition(warning)
    .replaceAll(/\([^)]*\)/g, "")
    .replaceAll(/\b\d\S*/g, "#");

/** Where the environment is reached, of those outputs whose values are known before an update. */
export function addressesOf({ outputs }: Plan): Addresses {
  const endpoints = isRecord(outputs["endpoints"]) ? outputs["endpoints"] : {};
  const known = {
    otlpHttp: text(endpoints["otlpHttp"]),
    otlpGrpc: text(endpoints["otlpGrpc"]),
    grafana: text(outputs["grafanaUrl"]),
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== undefined && !isMadeUp(value)),
  );
}

/** A tenant's outputs as a whole where the tenant came or went. */
export function outputChanges(before: Plan, after: Plan): readonly OutputChange[] {
  const known = (plan: Plan): ReadonlySet<string> => new Set(plan.tenants.map(({ id }) => id));
  const [old, now] = [known(before), known(after)];
  const stays = (tenant: string): boolean => old.has(tenant) && now.has(tenant);
  const flat = (plan: Plan): readonly Output[] =>
    flatten(plan.outputs, [], (path) => path[0] !== "tenants" || path.length !== 2 || stays(path[1] ?? ""));
  const { gained, lost, both } = difference(flat(before), flat(after), ({ path }) => path);
  return [
    ...gained.map(({ path, value }) => ({ path, to: value })),
    ...lost.map(({ path, value }) => ({ path, from: value })),
    ...both.flatMap(([was, is]) =>
      was.value === is.value ? [] : [{ path: is.path, from: was.value, to: is.value }],
    ),
  ].sort(byText(({ path }) => path));
}

interface Output {
  readonly path: string;
  readonly value: string | null;
}

function flatten(
  value: unknown,
  path: readonly string[],
  open: (path: readonly string[]) => boolean,
): readonly Output[] {
  if (isRecord(value) && open(path))
    return Object.entries(value).flatMap(([key, entry]) => flatten(entry, [...path, key], open));
  const shown = isMadeUp(value) || isRecord(value) ? null : (JSON.stringify(value) as string | undefined);
  return [
    { path: path.join("."), value: typeof value === "string" && shown !== null ? value : (shown ?? null) },
  ];
}
