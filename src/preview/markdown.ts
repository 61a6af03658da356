import type { Plan, PlannedViolation } from "./plan";
import { shortType } from "./describe";
import { escape, folded, LARGEST } from "./markdown-parts";
import { TENANT_COLUMNS, tenantRow } from "./tenants-table";
import { headline } from "./text";

/** Rows of a table or list beyond this are counted only. */
const ROWS = 100;

/** The preview for a pull request: the verdict first, everything long folded, and never larger than a comment may be. */
export function formatMarkdown(plan: Plan): string {
  for (let rows = ROWS; ; rows = Math.floor(rows / 2)) {
    const text = compose(plan, (lines) => cap(lines, rows));
    if (Buffer.byteLength(text) <= LARGEST || rows === 0) return text;
  }
}

type Cap = (lines: readonly string[]) => readonly string[];

function compose(plan: Plan, capped: Cap): string {
  const { passed, violations } = plan.policies;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
    row(head),
    row(head.map(() => "---")),
    ...capped(rows.map(row)),
  ];
  const verdict =
    violations.length === 0
      ? `All ${passed.length} policies pass.`
      : `**${violations.length} policy violations.**`;
  return [
    `## Atalaya preview: ${plan.environment.name}`,
    "",
    `${headline(plan)}. ${verdict}`,
    "",
    ...(violations.length === 0 ? [] : ["### Violations", "", ...capped(violations.map(violationItem)), ""]),
    ...(plan.warnings.length === 0
      ? []
      : ["### Needs attention", "", ...capped(plan.warnings.map((line) => `- ${escape(line)}`)), ""]),
    ...folded(`Tenants (${plan.tenants.length})`, table(TENANT_COLUMNS, plan.tenants.map(tenantRow))),
    ...folded(`Resources (${plan.resources.length})`, table(["type", "number"], resourceCounts(plan))),
    ...folded(
      `Files (${plan.files.length})`,
      table(
        ["file", "bytes", "changes"],
        plan.files.map(({ path, bytes, kind }) => [
          path,
          String(bytes),
          kind === "live" ? "live" : "restart",
        ]),
      ),
    ),
    ...folded(
      `Policies (${passed.length} pass)`,
      passed.map((name) => `- ${name}`),
    ),
  ].join("\n");
}

const violationItem = ({ policy, tenant, urn, message, remedy }: PlannedViolation): string =>
  `- **${policy}**${tenant === undefined ? "" : `, tenant \`${tenant}\``}: ${escape(message)} ${escape(remedy)}<br>\`${urn}\``;

function resourceCounts(plan: Plan): readonly (readonly string[])[] {
  const byType = Map.groupBy(plan.resources, ({ type }) => type);
  return [...byType]
    .map(([type, resources]) => [shortType(type), String(resources.length)])
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

const row = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;

const cap = (lines: readonly string[], rows: number): readonly string[] =>
  lines.length <= rows ? lines : [...lines.slice(0, rows), "", `... and ${lines.length - rows} more`];
