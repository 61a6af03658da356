import { SHARED_SERVICES } from "../../model/services";
import { difference, same } from "./lists";
import type { PlannedFile, PlannedResource } from "../plan";
import { CONFIGURATION, labelOf } from "./roles";
import type { Side } from "./side";
import { who } from "./tenants";
import type { Cause, Effect, FileChange, ProcessChange, ResourceChange } from "./types";
import { text } from "./values";

/** What becomes of every process, by what becomes of its container. Shared ones first, in the order of the model. */
export function processChanges(
  { before, after }: { readonly before: Side; readonly after: Side },
  resources: readonly ResourceChange[],
  files: readonly FileChange[],
): readonly ProcessChange[] {
  const byProcess = Map.groupBy(files, ({ process }) => process);
  return resources
    .filter(({ role }) => role === "process")
    .flatMap((change): readonly ProcessChange[] => {
      const { urn, process = change.name, tenant } = change;
      const [was, is] = [before.placement.get(urn), after.placement.get(urn)];
      const effect = effectOf(change, was, is);
      if (effect === undefined) return [];
      const owner =
        tenant === undefined ? undefined : (after.tenants.get(tenant) ?? before.tenants.get(tenant));
      return [
        {
          process,
          ...(owner !== undefined && { tenant: who(owner) }),
          effect,
          because: was && is ? causes(change, [was, is], byProcess.get(process) ?? []) : [],
        },
      ];
    })
    .sort((a, b) => rank(a) - rank(b) || (a.process < b.process ? -1 : 1));
}

const ORDER: readonly string[] = SHARED_SERVICES;
const rank = ({ process, tenant }: ProcessChange): number =>
  tenant === undefined ? ORDER.indexOf(process) : ORDER.length;

const runs = (container: PlannedResource | undefined): boolean =>
  container !== undefined && container.inputs["start"] !== false;

/** Undefined where nobody would notice: a process that stands still is made anew, or is updated in place. */
function effectOf(
  { action, because }: ResourceChange,
  was: PlannedResource | undefined,
  is: PlannedResource | undefined,
): Effect | undefined {
  switch (action) {
    case "create":
      return runs(is) ? "starts" : "declared";
    case "delete":
      return "removed";
    case "update":
      return because.includes("memory") ? "resized" : undefined;
    case "replace":
      if (runs(was) && runs(is)) return "restarts";
      if (runs(was)) return "stops";
      return runs(is) ? "starts" : undefined;
    default:
      return action satisfies never;
  }
}

/** What is said by a number or a name; of everything else that it is different. */
const NAMED = ["image", "cpus", "memory"] as const;
/** Equal to another one of these, or what follows from them. */
const UNSAID: ReadonlySet<string> = new Set(["memorySwap", "labels"]);

function causes(
  { because }: ResourceChange,
  [was, is]: readonly [PlannedResource, PlannedResource],
  files: readonly FileChange[],
): readonly Cause[] {
  const configuration = [was, is].map(({ inputs }) => labelOf(inputs, CONFIGURATION));
  const paths = files.filter(({ fileKind }) => fileKind === "static").map(({ path }) => path);
  const named = NAMED.filter((input) => because.includes(input));
  return [
    ...(configuration[0] === configuration[1] ? [] : [{ kind: "files" as const, paths }]),
    ...named.map((kind) => ({ kind, from: shown(was.inputs[kind]), to: shown(is.inputs[kind]) })),
    ...because
      .filter((input) => !(NAMED as readonly string[]).includes(input) && !UNSAID.has(input))
      .map((input) => ({ kind: "input" as const, input })),
  ];
}

const shown = (value: unknown): string => text(value) ?? JSON.stringify(value);

/** Which rendered files are different, by path. */
export function fileChanges(before: Side, after: Side): readonly FileChange[] {
  const { gained, lost, both } = difference(before.plan.files, after.plan.files, ({ path }) => path);
  const named = ({ path, process, kind }: PlannedFile) => ({ path, process, fileKind: kind });
  return [
    ...gained.map((file) => ({ ...named(file), action: "added" as const, to: file.sha256 })),
    ...lost.map((file) => ({ ...named(file), action: "removed" as const, from: file.sha256 })),
    ...both.flatMap(([was, is]) =>
      same(was.sha256, is.sha256)
        ? []
        : [{ ...named(is), action: "changed" as const, from: was.sha256, to: is.sha256 }],
    ),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same files, with what becomes of the processes that read them. A live file needs nothing. */
export function withEffects(
  files: readonly FileChange[],
  processes: readonly ProcessChange[],
): readonly FileChange[] {
  const effects = new Map(processes.map(({ process, effect }) => [process, effect]));
  return files.map((file) => {
    const effect = effects.get(file.process);
    return effect === undefined || effect === "resized" ? file : { ...file, effect };
  });
}
