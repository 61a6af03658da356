import { LARGEST_OTLP, LARGEST_WRITE } from "../../src/model/sizes";
import { parseSize } from "../../src/model/units";
import { parseAlloy, type AlloyBlock } from "./alloy";
import { nothing, type Rule, type Violation } from "./rule";
import type { PlacedFile } from "./files";

const RECEIVERS = /^otelcol\.receiver\.(?:otlp|zipkin|jaeger)$/;
const LIMITER = "otelcol.processor.memory_limiter";
/** By the protocol: where a receiver says how large a request may be. */
const SIZES: Readonly<Record<string, string>> = {
  grpc: "max_recv_msg_size",
  http: "max_request_body_size",
  thrift_http: "max_request_body_size",
};

export const collectorsBoundWhatTheyTake: Rule = {
  name: "collectors-bound-what-they-take",
  description:
    "A collector refuses what is too large and passes everything through its memory limit first: one sender must not end it for all.",
  check: ({ files }) => {
    const configurations = files.filter(({ path, kind }) => kind === "static" && path.endsWith(".alloy"));
    const receiving = configurations.flatMap((file) =>
      file.content === undefined ? [] : inFile(file, parseAlloy(file.content)),
    );
    return configurations.length === 0 ? [nothing("configuration of a collector (config.alloy)")] : receiving;
  },
};

function inFile({ container, resource }: PlacedFile, blocks: readonly AlloyBlock[]): readonly Violation[] {
  // The gateway is everybody's, and unpacks before it looks at its memory; an agent is its tenant's own.
  const [room, most] =
    container.tenant === undefined
      ? (["gateway", LARGEST_OTLP] as const)
      : (["agent", LARGEST_WRITE] as const);
  return blocks
    .filter(({ name }) => RECEIVERS.test(name))
    .flatMap((receiver) => [...sizes(receiver, most), ...limited(receiver, blocks)])
    .map((problem) => ({
      resource,
      message: `${container.service}: ${problem}.`,
      remedy: `Give the receiver sizes of ${most} bytes at most and let it lead to ${LIMITER} alone (src/render/${room}-pipeline.ts).`,
    }));
}

const title = ({ name, label = "" }: AlloyBlock): string => `${name} "${label}"`;

/** Zipkin's receiver is one server, and says so itself; Jaeger's has its protocols in a block. */
const servers = (receiver: AlloyBlock): readonly Pick<AlloyBlock, "name" | "attributes">[] =>
  receiver.name.endsWith(".zipkin")
    ? [{ name: "http", attributes: receiver.attributes }]
    : receiver.blocks.flatMap((block) => (block.name === "protocols" ? block.blocks : [block]));

const sizes = (receiver: AlloyBlock, most: number): readonly string[] =>
  servers(receiver).flatMap(({ name, attributes }) => {
    const setting = SIZES[name];
    const written = setting === undefined ? undefined : attributes[setting];
    const bytes = parseSize(written ?? "");
    return setting === undefined || (bytes !== undefined && bytes > 0 && bytes <= most)
      ? []
      : [`${title(receiver)} takes ${name} requests of ${written ?? "any size"} (${setting})`];
  });

/** A list with one input is written `[otelcol.processor.memory_limiter.memory.input]`. */
function limited(receiver: AlloyBlock, blocks: readonly AlloyBlock[]): readonly string[] {
  const limiters = blocks
    .filter(({ name, attributes }) => name === LIMITER && (parseSize(attributes["limit"] ?? "") ?? 0) > 0)
    .map(({ label = "" }) => `[ ${LIMITER}.${label}.input ]`);
  const outputs = receiver.blocks.filter(({ name }) => name === "output");
  return outputs
    .flatMap(({ attributes }) => Object.entries(attributes))
    .filter(([, target]) => !limiters.includes(target))
    .map(([signal, target]) => `${title(receiver)} passes ${signal} to ${target} without a memory limit`);
}
