import { TENANT_HEADER } from "../../src/model/headers";
import { parseAlloy, type AlloyBlock } from "./alloy";
import { nothing, type Rule } from "./rule";

const GATEWAY = "alloy-gateway";
const EXPORTER = "otelcol.exporter.otlphttp";
const TRANSFORM = "otelcol.processor.transform";
/** What says in stored data whose it is. */
const ATTRIBUTE = "tenant.id";
const MARK = `set(resource.attributes["${ATTRIBUTE}"], otelcol.client.metadata["${TENANT_HEADER}"][0])`;
/** By the output that leads to a backend: where its statements are. */
const SIGNALS: Readonly<Record<string, string>> = {
  traces: "trace_statements",
  metrics: "metric_statements",
  logs: "log_statements",
};
const REMEDY = `Let everything pass one ${TRANSFORM} that overwrites ${ATTRIBUTE} with the tenant that the edge verified (src/render/gateway-pipeline.ts): what a sender writes there is his word alone.`;

export const theCollectorSaysWhoseItIs: Rule = {
  name: "the-collector-says-whose-it-is",
  description:
    "The shared collector overwrites the tenant attribute of all data with the verified tenant: a sender must not sign as another one.",
  check: ({ files }) => {
    const configurations = files.filter(
      ({ path, kind, container }) =>
        container.service === GATEWAY && kind === "static" && path.endsWith(".alloy"),
    );
    if (configurations.length === 0)
      return [nothing("configuration of the shared collector (alloy-gateway)")];
    return configurations.flatMap(({ resource, content }) =>
      content === undefined
        ? []
        : unmarked(parseAlloy(content)).map((problem) => ({
            resource,
            message: `${GATEWAY}: ${problem}.`,
            remedy: REMEDY,
          })),
    );
  },
};

/** Every way to a backend that does not start at a marking transform. */
function unmarked(blocks: readonly AlloyBlock[]): readonly string[] {
  return blocks.flatMap((block) =>
    block.blocks
      .filter(({ name }) => name === "output")
      .flatMap(({ attributes }) => Object.entries(attributes))
      .filter(([, target]) => target.includes(`${EXPORTER}.`))
      .flatMap(([signal]) => wrong(block, signal)),
  );
}

function wrong(block: AlloyBlock, signal: string): readonly string[] {
  const { name, label = "" } = block;
  const title = `${name} "${label}"`;
  if (name !== TRANSFORM) return [`${title} passes ${signal} on without saying whose they are`];
  const statements = block.blocks
    .filter((inner) => inner.name === SIGNALS[signal])
    .flatMap(({ attributes }) => statementsOf(attributes["statements"]));
  const others = statements.filter(
    (one) => /^(?!delete_)/.test(one) && one.includes(`["${ATTRIBUTE}"]`) && one !== MARK,
  );
  return [
    ...(statements.includes(MARK) ? [] : [`${title} does not overwrite ${ATTRIBUTE} of ${signal}`]),
    ...others.map((one) => `${title} changes ${ATTRIBUTE} of ${signal} by ${one}`),
  ];
}

/** The strings of a list as the reader gives it: `[ "set(a[\"b\"], 1)" , "..." , ]`. */
const statementsOf = (written = ""): readonly string[] =>
  [...written.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, one = ""]) => one.replaceAll(/\\(.)/g, "$1"));
