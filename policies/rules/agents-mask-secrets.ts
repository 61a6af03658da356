import type { Signal } from "../../src/model/names";
import { parseAlloy, type AlloyBlock } from "./alloy";
import type { PlacedFile } from "./files";
import type { Rule, Violation } from "./rule";
import { nothingOfTenants } from "./tenants";

const TRANSFORM = "otelcol.processor.transform";
const EXPORTER = /^otelcol\.exporter\./;
const CONNECTOR = /^otelcol\.connector\./;
const RECEIVER = /^otelcol\.receiver\./;
/** By the signal: where its statements are, and the places of its items that hold texts, with those beside their attributes. */
const PLACES: Readonly<
  Record<Signal, readonly [block: string, texts: Readonly<Record<string, readonly string[]>>]>
> = {
  traces: ["trace_statements", { resource: [], span: ["name", "status.message"], spanevent: ["name"] }],
  metrics: ["metric_statements", { resource: [], datapoint: [] }],
  logs: ["log_statements", { resource: [], log: ["body"] }],
};
/** Data points carry attributes that are in no series. */
const EXEMPLARS = "keep_keys(exemplar.filtered_attributes, [])";
/** What masking must know at the least: forms of tokens and keys, and names of secrets. */
const KNOWN = ["eyJ", "AKIA", "PRIVATE KEY", "authorization", "passw", "token"];

export const agentsMaskSecrets: Rule = {
  name: "agents-mask-secrets",
  description:
    "Whatever an agent takes passes its masking of secrets before it is sent or measured: what has once been stored is read by many.",
  check: (context) => {
    const agents = context.files.filter(
      ({ container, kind, path }) =>
        container.tenant !== undefined && kind === "static" && path.endsWith(".alloy"),
    );
    if (agents.length === 0) return nothingOfTenants(context, "configuration of a tenant's agent");
    return agents.flatMap(inFile);
  },
};

function inFile({ container, resource, content }: PlacedFile): readonly Violation[] {
  if (content === undefined) return [];
  const { tenant } = container;
  return [...new Set(unmasked(parseAlloy(content)))].map((problem) => ({
    resource,
    ...(tenant !== undefined && { tenant: tenant.id }),
    message: `${container.service}: ${problem}.`,
    remedy: `Let every receiver lead through one ${TRANSFORM} that masks secrets (src/render/agent-pipeline.ts, redaction.ts).`,
  }));
}

/** Every way from a receiver to an exporter that does not pass a masking transform. */
function unmasked(blocks: readonly AlloyBlock[]): readonly string[] {
  const byInput = new Map<string, AlloyBlock>(blocks.map((block) => [`${path(block)}.input`, block]));
  const problems: string[] = [];
  // What enters a processor as logs leaves it as logs; a connector makes metrics of spans.
  const walk = (from: AlloyBlock, start: AlloyBlock, seen: ReadonlySet<string>, came?: Signal): void => {
    for (const [signal, targets] of outputs(from)) {
      if ((came !== undefined && came !== signal && !CONNECTOR.test(from.name)) || masks(from, signal))
        continue;
      for (const target of targets) {
        const next = byInput.get(target);
        if (next === undefined || seen.has(target)) continue;
        if (EXPORTER.test(next.name))
          problems.push(`${title(start)} leads ${signal} to ${title(next)} with their secrets`);
        else walk(next, start, new Set([...seen, target]), signal);
      }
    }
  };
  for (const block of blocks) if (RECEIVER.test(block.name)) walk(block, block, new Set());
  return problems;
}

const path = ({ name, label = "" }: AlloyBlock): string => `${name}.${label}`;
const title = ({ name, label = "" }: AlloyBlock): string => `${name} "${label}"`;

/** A list of inputs is written `[ a.b.input , c.d.input ]`. */
const outputs = ({
  blocks,
}: AlloyBlock): readonly (readonly [signal: Signal, targets: readonly string[]])[] =>
  blocks
    .filter(({ name }) => name === "output")
    .flatMap(({ attributes }) => Object.entries(attributes))
    .map(([signal, list]) => [signal as Signal, list.match(/[\w.]+/g) ?? []]);

function masks({ name, blocks }: AlloyBlock, signal: Signal): boolean {
  if (name !== TRANSFORM || !Object.hasOwn(PLACES, signal)) return false;
  const [statements, places] = PLACES[signal];
  return (
    (signal !== "metrics" || emptiesExemplars(blocks)) &&
    Object.entries(places).every(([context, texts]) =>
      blocks
        .filter((block) => block.name === statements && block.attributes["context"] === context)
        .some(({ attributes: { statements: written = "" } }) => masksAll(written, context, texts)),
    )
  );
}

const emptiesExemplars = (blocks: readonly AlloyBlock[]): boolean =>
  blocks.some(
    ({ name, attributes }) => name === "statements" && (attributes["metric"] ?? "").includes(EXEMPLARS),
  );

/** Texts are masked among the attributes: each has to go there first, and to come back after. */
function masksAll(written: string, context: string, texts: readonly string[]): boolean {
  const attributes = `${context}.attributes`;
  const masking = written.indexOf(`replace_all_patterns(${attributes}, \\"value\\"`);
  return (
    masking >= 0 &&
    KNOWN.every((known) => written.includes(known)) &&
    texts.every((text) => {
      const place = `${attributes}[\\"atalaya.${text}\\"]`;
      const there = written.indexOf(`set(${place}, ${context}.${text})`);
      return there >= 0 && there < masking && masking < written.indexOf(`set(${context}.${text}, ${place})`);
    })
  );
}
