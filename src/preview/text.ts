import Table from "cli-table3";
import { createColors } from "picocolors";
import type { Plan } from "./plan";
import { isMadeUp } from "./describe";
import { environmentTree, SHOWN_TENANTS } from "./tree";
import { TENANT_COLUMNS, tenantRow } from "./tenants-table";

export interface TextOptions {
  readonly color: boolean;
  /** Every tenant with everything that is theirs. */
  readonly whole: boolean;
}

/** The preview for a person at a terminal: what there will be, each tenant's numbers, the policies' verdict, what to look at. */
export function formatText(plan: Plan, options: TextOptions): string {
  const { bold, dim, green, red, yellow } = createColors(options.color);
  const { passed, violations } = plan.policies;
  const verdict =
    violations.length === 0
      ? green(`all ${passed.length} policies pass`)
      : red(`${violations.length} violations, ${passed.length} policies pass`);
  const attention = [
    ...violations.map((violation) => red(formatViolation(violation))),
    ...plan.warnings.map((warning) => yellow(warning)),
  ];
  const bytes = plan.files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    bold(`${plan.environment.name}: ${headline(plan)}`),
    "",
    environmentTree(plan, options.whole),
    "",
    tenantTable(plan, options.whole),
    "",
    section("Where to go", formatOutputs(plan.outputs)),
    `${bold("Policies")}  ${verdict}`,
    ...(violations.length === 0 ? [dim(`  ${passed.join(", ")}`)] : []),
    `${bold("Files")}     ${plan.files.length} rendered, ${Math.ceil(bytes / 1024)} KiB` +
      dim(`  (npm run render -- --stack ${plan.environment.name} --out DIR writes them)`),
    "",
    section("Needs attention", attention.length === 0 ? ["nothing"] : attention),
  ].join("\n");

  function section(title: string, lines: readonly string[]): string {
    return [bold(title), ...lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`), ""].join("\n");
  }
}

/** `3 tenants (1 suspended) on docker, 171 resources`. */
export function headline({ tenants, environment, resources }: Plan): string {
  const suspended = tenants.filter(({ state }) => state === "suspended").length;
  const paused = suspended === 0 ? "" : ` (${suspended} suspended)`;
  return `${tenants.length} tenant${tenants.length === 1 ? "" : "s"}${paused} on ${environment.host}, ${resources.length} resources`;
}

export const formatViolation = ({
  policy,
  tenant,
  urn,
  message,
  remedy,
}: Plan["policies"]["violations"][number]): string =>
  [
    `${policy}${tenant === undefined ? "" : `, tenant ${tenant}`}: ${message}`,
    `  resource: ${urn}`,
    `  remedy:   ${remedy}`,
  ].join("\n");

function tenantTable(plan: Plan, whole: boolean): string {
  const table = new Table({ head: [...TENANT_COLUMNS], style: { head: [], border: [], compact: true } });
  const shown = whole ? plan.tenants : plan.tenants.slice(0, SHOWN_TENANTS);
  for (const tenant of shown) table.push([...tenantRow(tenant)]);
  const hidden = plan.tenants.length - shown.length;
  return hidden === 0
    ? table.toString()
    : `${table.toString()}\n... and ${hidden} more tenants (--whole shows them)`;
}

/** Stack outputs, one line a value: `endpoints.otlpHttp  https://localhost:4318`. The tenants' own would fill the screen. */
function formatOutputs({ tenants, ...outputs }: Plan["outputs"]): readonly string[] {
  const values = flatten(outputs, "").map(
    ([key, value]) => [key, value.replace(/\n[\s\S]*/, " ...")] as const,
  );
  const lines = [
    ...values,
    ...(tenants === undefined
      ? []
      : [["tenants", "(after up) pulumi stack output tenants --show-secrets"] as const]),
  ];
  const width = Math.max(0, ...lines.map(([key]) => key.length));
  return lines.map(([key, value]) => `${key.padEnd(width)}  ${value}`);
}

function flatten(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (value === null || typeof value !== "object")
    return [[path, isMadeUp(value) ? "(known after up)" : String(value)]];
  return Object.entries(value).flatMap(([key, entry]) =>
    flatten(entry, path === "" ? key : `${path}.${key}`),
  );
}
