import { type Zone, ZONES } from "../../model/services";
import { CONFIGURATION, CONTAINER, labelOf } from "../changes/roles";
import { isRecord, list, text } from "../changes/values";
import { Placement } from "../changes/placement";
import type { Plan, PlannedResource } from "../plan";
import type { PageFile } from "./types";

/** A process as the plan declares it. */
export interface Process {
  readonly id: string;
  readonly zone: Zone | undefined;
  /** Zones whose networks it joins besides its own. */
  readonly also: readonly string[];
  /** Whose agent it is. */
  readonly tenant: string | undefined;
  readonly image: string;
  /** MiB. */
  readonly memory: number | undefined;
  readonly published: readonly Published[];
  /** It is declared and does not run. */
  readonly stopped: boolean;
}

export interface Published {
  readonly address: string;
  readonly port: number;
}

/** One process speaks to another on that port. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
}

export function processesOf(plan: Plan): readonly Process[] {
  const placement = new Placement(plan);
  const suspended = new Set(
    plan.tenants.flatMap(({ state, agents }) =>
      agents.filter((agent) => state === "suspended" || agent.state === "suspended").map(({ id }) => id),
    ),
  );
  return plan.resources
    .filter(({ type, inputs }) => type === CONTAINER && labelOf(inputs, CONFIGURATION) !== undefined)
    .map((resource) =>
      processOf(resource, plan.environment.name, placement.ownerOf(resource).tenant, suspended),
    );
}

function processOf(
  { inputs, name }: PlannedResource,
  environment: string,
  tenant: string | undefined,
  suspended: ReadonlySet<string>,
): Process {
  const id = labelOf(inputs, "atalaya.service") ?? name;
  const zone = ZONES.find((one) => one === labelOf(inputs, "atalaya.zone"));
  const networks = list(inputs["networksAdvanced"])
    .map((network) => (isRecord(network) ? (text(network["name"]) ?? "") : ""))
    .map((network) => network.replace(`atalaya-${environment}-`, ""));
  const image = text(inputs["image"]) ?? "";
  return {
    ...{ id, zone, tenant, stopped: suspended.has(id) },
    also: networks.filter((network) => network !== zone && ZONES.some((one) => one === network)),
    image: image.startsWith("preview:") ? "built from this repository" : image,
    memory: typeof inputs["memory"] === "number" ? inputs["memory"] : undefined,
    published: list(inputs["ports"]).flatMap((port) =>
      isRecord(port) && typeof port["external"] === "number"
        ? [{ address: text(port["ip"]) ?? "0.0.0.0", port: port["external"] }]
        : [],
    ),
  };
}

/**
 * Who speaks to whom, by the addresses in each process's own files, variables and command, and in what is declared for Grafana:
 * `mimir:9009`, or Envoy's `address: mimir` and `port_value: 9009`.
 */
export function flowsOf(
  plan: Plan,
  files: readonly PageFile[],
  processes: readonly Process[],
): readonly Flow[] {
  const shared = processes.filter(({ tenant }) => tenant === undefined).map(({ id }) => id);
  if (shared.length === 0) return [];
  const names = shared.map((id) => id.replaceAll(/[^\w-]/g, "\\$&")).join("|");
  const address = new RegExp(
    `(?<![\\w.-])(${names}):(\\d{2,5})\\b|\\baddress: (${names})\\n\\s*port_value: (\\d{2,5})\\b`,
    "g",
  );
  const found = new Map<string, Set<number>>();
  const read = (from: string, content: string): void => {
    for (const [, host, port, field, value] of content.matchAll(address)) {
      const to = host ?? field ?? "";
      if (to === from) continue;
      const key = `${from}\n${to}`;
      found.set(key, (found.get(key) ?? new Set()).add(Number(port ?? value)));
    }
  };
  const known = new Set(processes.map(({ id }) => id));
  const owners = new Map(plan.files.map(({ path, process }) => [path, process]));
  for (const { path, content } of files) read(owners.get(path) ?? "", content);
  for (const { type, inputs } of plan.resources) {
    if (type === CONTAINER && labelOf(inputs, CONFIGURATION) !== undefined)
      read(labelOf(inputs, "atalaya.service") ?? "", JSON.stringify([inputs["envs"], inputs["command"]]));
    else if (type.startsWith("grafana:")) read("grafana", JSON.stringify(inputs));
  }
  return [...found]
    .map(([key, ports]) => {
      const [from = "", to = ""] = key.split("\n");
      return { from, to, ports: [...ports].sort((a, b) => a - b) };
    })
    .filter(({ from }) => known.has(from))
    .sort((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));
}
