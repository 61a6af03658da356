import type { PlannedViolation } from "../../plan";
import { shortType } from "../../describe";
import type { Changes, OutputChange, ResourceChange, Role } from "../types";
import { environmentItems } from "./environment";
import { fileItem, processItems, restartSummary } from "./processes";
import { refusalItems, riskItems } from "./risks";
import { counted, item, listed, type Item, type Section, type Story } from "./story";
import { tenantItems } from "./tenants";

/** Changes in words. `against` is what they are compared with: `git ref origin/main (8dca796)`. */
export function tell(changes: Changes, against: string): Story {
  const title = `${changes.environment} compared with ${against}`;
  const verdict = policyVerdict(changes);
  if (changes.empty)
    return { title, summary: [item("Nothing changes.", "good"), verdict], sections: stillViolated(changes) };
  return {
    title,
    summary: [
      ...(changes.risks.length === 0
        ? []
        : [
            item(
              `${counted(changes.risks.length, "change puts", "changes put")} data at risk, named first.`,
              "danger",
            ),
          ]),
      ...(changes.refusals.length === 0 ? [] : [item("As this stands, an update is refused.", "danger")]),
      item(tenantSummary(changes)),
      restartSummary(changes.processes),
      verdict,
    ],
    sections: sections(changes),
  };
}

function sections(changes: Changes): readonly Section[] {
  const { warnings } = changes;
  const all: readonly Section[] = [
    { id: "risks", title: "Data at risk", items: riskItems(changes.risks), detail: false },
    { id: "refusals", title: "Refused by an update", items: refusalItems(changes.refusals), detail: false },
    ...stillViolated(changes),
    {
      id: "tenants",
      title: "Tenants",
      items: tenantItems(changes.tenants, changes.addresses),
      detail: false,
    },
    { id: "environment", title: "Environment", items: environmentItems(changes.settings), detail: false },
    { id: "processes", title: "Processes", items: processItems(changes.processes), detail: false },
    {
      id: "warnings",
      title: "Warnings that are new or gone",
      items: [
        ...warnings.raised.map((text) => item(text, "warning")),
        ...warnings.gone.map((text) => item(`No more: ${text}`, "good")),
      ],
      detail: false,
    },
    { id: "policies", title: "Policies", items: policyItems(changes), detail: false },
    {
      id: "resources",
      title: "Resources",
      count: changes.resources.length,
      items: resourceItems(changes.resources),
      detail: true,
    },
    { id: "files", title: "Files", items: changes.files.map(fileItem), detail: true },
    { id: "outputs", title: "Outputs", items: changes.outputs.map(outputItem), detail: true },
  ];
  return all.filter(({ items }) => items.length > 0);
}

function tenantSummary({ tenants, counts }: Changes): string {
  const kinds = tenants.map(({ changes }) => new Set(changes.map(({ kind }) => kind)));
  const number = (kind: "added" | "removed" | "suspended" | "resumed"): number =>
    kinds.filter((has) => has.has(kind)).length;
  const [added, removed, suspended, resumed] = [
    number("added"),
    number("removed"),
    number("suspended"),
    number("resumed"),
  ];
  const changed = tenants.length - added - removed - suspended - resumed;
  const parts = [
    ...(added > 0 ? [`${added} new`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(suspended > 0 ? [`${suspended} suspended`] : []),
    ...(resumed > 0 ? [`${resumed} active again`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
  ];
  const { tenantsBefore, tenantsAfter } = counts;
  const total =
    tenantsBefore === tenantsAfter
      ? counted(tenantsAfter, "tenant")
      : `${counted(tenantsAfter, "tenant")} instead of ${tenantsBefore}`;
  return `${total}: ${parts.length === 0 ? "none of them changes" : parts.join(", ")}.`;
}

function policyVerdict({ policies: { violated, still, passed } }: Changes): Item {
  const number = violated.length + still.length;
  if (number === 0) return item(`All ${passed} policies pass.`, "good");
  const fresh = violated.length === 0 ? "none of them new" : `${violated.length} of them new`;
  return item(`${counted(number, "policy violation")}, ${fresh}.`, "danger");
}

function stillViolated({ policies: { violated, still } }: Changes): readonly Section[] {
  const items = [
    ...violated.map((violation) => violationItem(violation, "new: ")),
    ...still.map((violation) => violationItem(violation, "as before: ")),
  ];
  return items.length === 0 ? [] : [{ id: "violations", title: "Policy violations", items, detail: false }];
}

const violationItem = ({ policy, tenant, urn, message, remedy }: PlannedViolation, mark: string): Item =>
  item(`${mark}${policy}${tenant === undefined ? "" : `, tenant ${tenant}`}: ${message}`, "danger", [
    `resource: ${urn}`,
    `remedy: ${remedy}`,
  ]);

const policyItems = ({ policies: { mended, added, removed } }: Changes): readonly Item[] => [
  ...mended.map(({ policy, message }) => item(`Mended: ${policy}: ${message}`, "good")),
  ...(added.length === 0 ? [] : [item(`Checked now and not before: ${listed(added)}.`)]),
  ...(removed.length === 0 ? [] : [item(`Not checked any more: ${listed(removed)}.`, "warning")]),
];

/** A volume of data is another thing to lose than one of files that are written anew. */
const KINDS: { readonly [R in Role]?: string } = {
  process: "process container",
  writer: "file writer",
  helper: "helper container",
  data: "data volume",
  "file-volume": "volume of files",
  "data-password": "password of data",
};
const nameOfKind = ({ role, type }: ResourceChange): string => KINDS[role] ?? shortType(type);

const NAMED = 6;
const ACTIONS = { delete: "deleted", replace: "replaced", update: "updated", create: "created" } as const;

/** How many of each; replaced ones by name, because they are what a reviewer asks about. */
function resourceItems(resources: readonly ResourceChange[]): readonly Item[] {
  if (resources.length === 0) return [];
  const of = (action: keyof typeof ACTIONS) => resources.filter((change) => change.action === action);
  const counts = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])
    .map((action) => ({ action, number: of(action).length }))
    .filter(({ number }) => number > 0)
    .map(({ action, number }) => `${number} ${ACTIONS[action]}`);
  const replaced = of("replace");
  const writers = replaced.filter(({ role }) => role === "writer");
  const helpers = replaced.filter(({ role }) => role === "helper");
  const others = replaced.filter(({ role }) => role !== "writer" && role !== "helper");
  // A few are named: somebody will ask what it is that is deleted.
  const types = (changes: readonly ResourceChange[]): string =>
    changes.length <= NAMED
      ? listed(changes.map((change) => `${nameOfKind(change)} ${change.name}`).sort())
      : [...Map.groupBy(changes, nameOfKind)]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([type, all]) => `${all.length} ${type}`)
          .join(", ");
  return [
    item(`${listed(counts)}.`),
    ...(writers.length === 0
      ? []
      : [
          item(
            `Replaced and harmless: ${listed(writers.map(({ name }) => name).sort())}. They bring files to running processes and end; nothing restarts by it.`,
          ),
        ]),
    ...(helpers.length === 0
      ? []
      : [item(`Replaced with what they serve: ${counted(helpers.length, "helper container")}.`)]),
    ...others.map((change) =>
      item(`Replaced: ${nameOfKind(change)} ${change.name} (${listed(change.because)})`),
    ),
    ...(["delete", "update", "create"] as const)
      .filter((action) => of(action).length > 0)
      .map((action) =>
        item(`${ACTIONS[action].replace(/^./, (c) => c.toUpperCase())}: ${types(of(action))}.`),
      ),
  ];
}

function outputItem({ path, from, to }: OutputChange): Item {
  const shown = (value: string | null): string =>
    value === null ? "(known after up)" : (value.split("\n")[0] ?? "");
  if (from === undefined)
    return item(`${path}: ${to === null || to === undefined ? "new" : `new, ${shown(to)}`}`);
  if (to === undefined) return item(`${path}: gone`);
  return item(`${path}: ${shown(from)} -> ${shown(to)}`);
}
