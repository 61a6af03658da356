import type { SharedService } from "../../../model/services";
import type { Cause, Effect, FileChange, ProcessChange } from "../types";
import { called, counted, item, listed, sentence, type Item } from "./story";

/** What people call the shared programs, and what does not work while one restarts. */
const PROGRAMS: { readonly [S in SharedService]: { readonly name: string; readonly meanwhile: string } } = {
  envoy: { name: "Envoy", meanwhile: "nothing is let in; agents keep what they have on disk and send it then" },
  auth: { name: "The auth service", meanwhile: "API keys, people's reads and service tokens are answered 503; agents send on" },
  keycloak: { name: "Keycloak", meanwhile: "nobody logs in and no token is issued; tokens that were issued are taken" },
  postgres: { name: "PostgreSQL", meanwhile: "Keycloak cannot log anybody in or issue tokens" },
  redis: { name: "Redis", meanwhile: "the auth service cannot reach what it keeps there" },
  "alloy-gateway": { name: "The Alloy gateway", meanwhile: "OTLP is refused for now; agents keep it on disk and send it then" },
  mimir: { name: "Mimir", meanwhile: "metrics are neither taken nor shown; agents send them then" },
  loki: { name: "Loki", meanwhile: "logs are neither taken nor shown; agents send them then" },
  tempo: { name: "Tempo", meanwhile: "traces are neither taken nor shown; agents send them then" },
  grafana: { name: "Grafana", meanwhile: "nobody sees dashboards" },
}; // prettier-ignore

const program = (process: string): (typeof PROGRAMS)[SharedService] | undefined =>
  Object.hasOwn(PROGRAMS, process) ? PROGRAMS[process as SharedService] : undefined;

/** `Envoy`, `The auth service`, `agent-mx`. */
export const programName = (process: string): string => program(process)?.name ?? process;

const DISTURBS: ReadonlySet<Effect> = new Set(["restarts", "stops", "removed"]);

/** Shared processes that do not go on as they are. */
export const disturbed = (processes: readonly ProcessChange[]): readonly ProcessChange[] =>
  processes.filter(({ tenant, effect }) => tenant === undefined && DISTURBS.has(effect));

/** All of them fit into a sentence. */
const SHARED = 12;

/** The verdict in a sentence. */
export function restartSummary(processes: readonly ProcessChange[]): Item {
  const shared = disturbed(processes);
  if (shared.length === 0) return item("Nothing shared restarts.", "good");
  const names = shared.map(({ process }) => programName(process).replace(/^The /, "the "));
  const end = shared.every(({ effect }) => effect === "restarts") ? "" : " or end";
  return item(`Shared processes restart${end}: ${listed(names, SHARED)}.`, "warning");
}

/** Shared processes one by one, and why; agents by what they do. */
export function processItems(processes: readonly ProcessChange[]): readonly Item[] {
  const shared = processes.filter(({ tenant }) => tenant === undefined);
  const own = processes.filter(({ tenant }) => tenant !== undefined);
  return [
    ...shared.map(sharedItem),
    ...[
      ...Map.groupBy(
        own,
        ({ effect, because }) => `${effect} ${JSON.stringify(sameForAll(because))}`,
      ).values(),
    ].map(ownItem),
  ];
}

const VERBS: Readonly<Record<Effect, readonly [one: string, many: string]>> = {
  starts: ["starts", "start"],
  restarts: ["restarts", "restart"],
  stops: ["stops", "stop"],
  removed: ["is removed", "are removed"],
  resized: ["goes on with other memory", "go on with other memory"],
  declared: ["is declared and stands still", "are declared and stand still"],
};

function sharedItem({ process, effect, because }: ProcessChange): Item {
  const name = programName(process);
  const does = `${name} ${VERBS[effect][0]}${why(because)}.`;
  if (!DISTURBS.has(effect)) return item(does);
  const meanwhile = effect === "restarts" ? program(process)?.meanwhile : undefined;
  return item(does, "warning", meanwhile === undefined ? [] : [`Meanwhile ${meanwhile}.`]);
}

function ownItem(group: readonly ProcessChange[]): Item {
  const [first] = group;
  if (first === undefined) return item("");
  const [one, many] = VERBS[first.effect];
  const because = sameForAll(first.because);
  const kept =
    first.effect === "restarts" || first.effect === "stops" ? ["What they have queued stays on disk."] : [];
  if (group.length > 1)
    return item(
      `${counted(group.length, "agent")} ${many}${why(because, "their")}: ${listed(group.map(({ process }) => process))}.`,
      "plain",
      kept,
    );
  const of = first.tenant === undefined ? "" : ` of ${called(first.tenant)}`;
  return item(
    sentence(`${first.process}${of} ${one}${why(first.because)}`),
    "plain",
    kept.map((line) => line.replace("they have", "it has")),
  );
}

/** Each agent has a file of its own; that it is different is the same for all. */
const sameForAll = (because: readonly Cause[]): readonly Cause[] =>
  because.map((cause) => (cause.kind === "files" ? { ...cause, paths: [] } : cause));

function why(because: readonly Cause[], its = "its"): string {
  const inputs = because.flatMap((cause) =>
    cause.kind === "input" ? (INPUTS[cause.input] ?? [cause.input]) : [],
  );
  const reasons = because.map((cause) => reason(cause, its)).filter((text) => text !== "");
  const all = inputs.length === 0 ? reasons : [...reasons, `other ${listed(inputs)}`];
  return all.length === 0 ? "" : ` (${all.join("; ")})`;
}

/** What people call them. What decides whether it runs is said by what it does, a volume by what becomes of the volume. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  ...{ start: [], mustRun: [], restart: [], volumes: [], wait: [] },
  envs: ["environment variables"],
  ports: ["published ports"],
  networksAdvanced: ["networks"],
  command: ["arguments"],
  entrypoints: ["entry point"],
};

function reason(cause: Cause, its: string): string {
  switch (cause.kind) {
    case "files":
      return cause.paths.length === 0
        ? `${its} configuration is different`
        : `${listed(cause.paths)} ${cause.paths.length === 1 ? "is" : "are"} different`;
    case "memory":
      return `memory ${cause.from}MiB -> ${cause.to}MiB`;
    case "image":
      return cause.from === cause.to ? "its image is built anew" : `image ${cause.from} -> ${cause.to}`;
    case "cpus":
      return `cpus ${cause.from} -> ${cause.to}`;
    case "input":
      return "";
    default:
      return cause satisfies never;
  }
}

/** `auth/live/tenants.json: changed; the auth service reloads it while it runs`. */
export function fileItem({ path, process, fileKind, action, effect }: FileChange): Item {
  const name = programName(process).replace(/^The /, "the ");
  const reader = effect === undefined || effect === "declared" ? undefined : `${name} ${VERBS[effect][0]}`;
  const live =
    fileKind === "live" ? `${name} reloads it while it runs` : `${name} reads it when it starts next`;
  return item(`${path}: ${action}; ${reader ?? (effect === "declared" ? `${name} stands still` : live)}`);
}
