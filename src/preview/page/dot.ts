import { ZONES, INTERNAL_ZONES, type Zone } from "../../model/services";
import { counted } from "../changes/words/story";
import { visible } from "./html";
import type { Flow, Process } from "./processes";

/** Agents are one box; so many of them are named in it. */
const NAMED = 8;
const ALL_AGENTS = "\nagents";
const OUTSIDE = "\noutside";

/** The environment in Graphviz's language. Colours are the page's: what is drawn has classes. */
export function dotOf(processes: readonly Process[], flows: readonly Flow[]): string {
  const agents = processes.filter(({ tenant }) => tenant !== undefined);
  const shared = processes.filter(({ tenant }) => tenant === undefined);
  const ids = new Map(
    [OUTSIDE, ALL_AGENTS, ...processes.map(({ id }) => id)].map((id, index) => [id, `n${index}`] as const),
  );
  const id = (process: string): string => ids.get(process) ?? "n0";
  const isAgent = new Set(agents.map((agent) => agent.id));
  const edges = merged(
    flows.map((flow) => ({ ...flow, from: isAgent.has(flow.from) ? ALL_AGENTS : flow.from })),
  );
  const published = shared.filter((process) => process.published.length > 0);
  return [
    "digraph environment {",
    `graph [rankdir=LR, compound=true, nodesep=0.3, ranksep=0.9, pad=0.2, bgcolor=transparent, fontname=Helvetica, fontsize=14]`,
    `node [shape=box, style="rounded,filled", margin="0.16,0.09", fontname=Helvetica, fontsize=13, class=process]`,
    `edge [fontname=Helvetica, fontsize=11, arrowsize=0.7, class=flow]`,
    `${id(OUTSIDE)} [label=${quoted("outside: browsers,\nagents, programs")}, class="process outside", shape=oval]`,
    ...(agents.length === 0 ? [] : agentNodes(agents, id)),
    ...ZONES.flatMap((zone) => zoneNodes(zone, shared, id)),
    ...published.map(
      (process) =>
        `${id(OUTSIDE)} -> ${id(process.id)} [label=${quoted(process.published.map(({ address, port }) => `${address}:${port}`).join("\n"))}, class="flow published"]`,
    ),
    ...edges.map(({ from, to, ports }) => `${id(from)} -> ${id(to)} [label=${quoted(ports.join(", "))}]`),
    "}",
  ].join("\n");
}

type Id = (process: string) => string;

function agentNodes(agents: readonly Process[], id: Id): readonly string[] {
  const tenants = new Set(agents.map(({ tenant }) => tenant)).size;
  const stopped = agents.filter((agent) => agent.stopped).length;
  const lines =
    agents.length <= NAMED
      ? agents.map((agent) => `${agent.id}${agent.stopped ? " (suspended)" : ""}`)
      : [
          `${agents.length} agents`,
          `of ${counted(tenants, "tenant")}`,
          ...(stopped > 0 ? [`${stopped} suspended`] : []),
        ];
  return cluster("tenants", "agents, each in its own network", [
    `${id(ALL_AGENTS)} [label=${quoted(lines.join("\n"))}]`,
  ]);
}

function zoneNodes(zone: Zone, shared: readonly Process[], id: Id): readonly string[] {
  const own = shared.filter((process) => process.zone === zone);
  const inner = INTERNAL_ZONES.includes(zone) ? ": internal, no way out" : "";
  return own.length === 0
    ? []
    : cluster(
        zone,
        `zone ${zone}${inner}`,
        own.map((process) => `${id(process.id)} [label=${quoted(labelOf(process))}]`),
      );
}

/** `docker.io/grafana/mimir:3.2.1` is `mimir:3.2.1` to who looks at a drawing. */
const labelOf = ({ id, image, memory }: Process): string =>
  [id, image.slice(image.lastIndexOf("/") + 1), ...(memory === undefined ? [] : [`${memory} MiB`])].join(
    "\n",
  );

const cluster = (name: string, label: string, nodes: readonly string[]): readonly string[] => [
  `subgraph cluster_${name} {`,
  `graph [label=${quoted(label)}, style="rounded,filled", labeljust=l, margin=14, class="zone zone-${name}"]`,
  ...nodes,
  "}",
];

/** Arrows between the same two, once. */
function merged(flows: readonly Flow[]): readonly Flow[] {
  const found = new Map<string, Flow>();
  for (const flow of flows) {
    const key = `${flow.from}\t${flow.to}`;
    const ports = new Set([...(found.get(key)?.ports ?? []), ...flow.ports]);
    found.set(key, { ...flow, ports: [...ports].sort((a, b) => a - b) });
  }
  return [...found.values()];
}

/** A text in quotes; Graphviz reads `\n` in it as a new line, and entities as characters unless they are escaped. */
const quoted = (text: string): string =>
  `"${text
    .split("\n")
    .map((line) => visible(line).replaceAll("&", "&amp;").replaceAll("\\", "\\\\").replaceAll('"', '\\"'))
    .join("\\n")}"`;
