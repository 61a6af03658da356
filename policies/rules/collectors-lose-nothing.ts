import { TENANT_HEADER } from "../../src/model/headers";
import { LARGEST_OTLP } from "../../src/model/sizes";
import { parseAlloy, type AlloyBlock } from "./alloy";
import type { Context } from "./context";
import type { PlacedFile } from "./files";
import { nothing, type Rule, type Violation } from "./rule";
import { sends } from "./tenants";

const GATEWAY = "alloy-gateway";
/** The exporters that keep the tenant and hand the backend's answer on. */
const EXPORTER = "otelcol.exporter.otlphttp";
const FILES = "otelcol.receiver.filelog";

export const collectorsLoseNothing: Rule = {
  name: "collectors-lose-nothing",
  description:
    "The shared collector holds nothing back and takes the tenant from the request; an agent queues on disk, sends no more at once than the edge takes and retries without end: otherwise data is lost, or mixed, in silence.",
  check: (context) => {
    const configurations = context.files.filter(
      ({ path, kind }) => kind === "static" && path.endsWith(".alloy"),
    );
    const gateway = configurations.filter(({ container }) => container.service === GATEWAY);
    if (gateway.length === 0) return [nothing("configuration of the shared collector (alloy-gateway)")];
    return [...configurations.flatMap((file) => inFile(context, file)), ...standing(context)];
  },
};

function inFile(context: Context, file: PlacedFile): readonly Violation[] {
  const { container, resource, content } = file;
  const tenant = container.tenant?.id;
  const problems =
    content === undefined ? ["is not known before the update"] : judge(context, file, parseAlloy(content));
  return problems.map((problem) => ({
    resource,
    ...(tenant !== undefined && { tenant }),
    message: `${container.service}: ${problem}.`,
    remedy: `Mend it in src/render/${tenant === undefined ? "gateway" : "agent"}-pipeline.ts or src/render/alloy.`,
  }));
}

/** The edge's refusal is for good: an agent that is not let in must stand still, or it drops all that it holds. */
const standing = ({ containers, directory }: Context): readonly Violation[] =>
  containers
    .filter(({ tenant, helper }) => tenant !== undefined && helper === undefined)
    .flatMap(({ resource, service, tenant }) => {
      const runs = resource.inputs["start"] !== false;
      return directory === undefined || runs === sends(directory, service)
        ? []
        : [
            {
              resource,
              ...(tenant !== undefined && { tenant: tenant.id }),
              message: `${service} ${runs ? "runs, but is not let in: it drops what it holds" : "is let in, but does not run"}.`,
              remedy: "Stop exactly the agents that are suspended or whose tenant is (components/agent.ts).",
            },
          ];
    });

function judge(
  context: Context,
  { container }: PlacedFile,
  blocks: readonly AlloyBlock[],
): readonly string[] {
  const own = container.service === GATEWAY ? gateway(blocks) : agent(context, container.service, blocks);
  return [
    ...blocks
      .filter(({ name }) => name === "otelcol.processor.batch")
      .map((block) => `${title(block)} acknowledges what it still holds in memory, and merges tenants`),
    ...(blocks.some(({ name }) => name === EXPORTER) ? [] : [`has no ${EXPORTER}`]),
    ...blocks
      .filter(
        ({ name }) =>
          /\.exporter\.(?!self\b|unix\b)|remote_write|^loki\.write/.test(name) && name !== EXPORTER,
      )
      .map((block) => `${title(block)} loses the tenant, or gives up; use ${EXPORTER}`),
    ...own,
  ];
}

const title = ({ name, label }: AlloyBlock): string => (label === undefined ? name : `${name} "${label}"`);
const inner = ({ blocks }: AlloyBlock, name: string): AlloyBlock | undefined =>
  blocks.find((block) => block.name === name);
const attribute = (block: AlloyBlock | undefined, name: string): string | undefined =>
  block?.attributes[name];

function gateway(blocks: readonly AlloyBlock[]): readonly string[] {
  const receivers = blocks.filter(({ name }) => name === "otelcol.receiver.otlp");
  const headers = blocks.filter(({ name }) => name === "otelcol.auth.headers");
  const takesTenant = new Set(
    headers.filter(fromRequest).map(({ label }) => `otelcol.auth.headers.${label ?? ""}.handler`),
  );
  return [
    ...(receivers.length === 0 ? ["has no otelcol.receiver.otlp"] : []),
    ...receivers.flatMap((receiver) =>
      receiver.blocks
        .filter(({ name }) => name === "grpc" || name === "http")
        .filter((protocol) => attribute(protocol, "include_metadata") !== "true")
        .map(
          ({ name }) =>
            `${title(receiver)} drops the tenant of ${name} requests (include_metadata is not true)`,
        ),
    ),
    ...blocks
      .filter(({ name }) => name === EXPORTER)
      .flatMap((exporter) => [
        ...["sending_queue", "retry_on_failure"]
          .filter((part) => attribute(inner(exporter, part), "enabled") !== "false")
          .map(
            (part) =>
              `${title(exporter)} has a ${part}: one tenant's backlog would hold up all, and an answer would not reach its sender`,
          ),
        ...(takesTenant.has(attribute(inner(exporter, "client"), "auth") ?? "")
          ? []
          : [`${title(exporter)} does not take the tenant from the request`]),
      ]),
  ];
}

/** The tenant header from the request's own, and no header with a fixed value. */
function fromRequest({ blocks }: AlloyBlock): boolean {
  const lower = (block: AlloyBlock, name: string) => attribute(block, name)?.toLowerCase();
  const tenant = blocks.filter((block) => lower(block, "key") === TENANT_HEADER);
  return (
    tenant.length === 1 &&
    tenant.every(
      (block) => lower(block, "from_context") === TENANT_HEADER && attribute(block, "action") === "upsert",
    )
  );
}

function agent(context: Context, service: string, blocks: readonly AlloyBlock[]): readonly string[] {
  const storages = blocks.filter(({ name }) => name === "otelcol.storage.file");
  const handlers = new Map(
    storages.map((storage) => [`otelcol.storage.file.${storage.label ?? ""}.handler`, storage]),
  );
  return [
    ...blocks
      .filter(({ name }) => name.startsWith("otelcol.receiver."))
      .filter((receiver) => Object.keys(inner(receiver, "output")?.attributes ?? {}).length === 0)
      .map((receiver) => `${title(receiver)} takes what it leads nowhere`),
    ...blocks.filter(({ name }) => name === FILES).flatMap((files) => reading(files, handlers)),
    ...blocks
      .filter(({ name }) => name === EXPORTER)
      .flatMap((exporter) => {
        const queue = inner(exporter, "sending_queue");
        const storage = handlers.get(attribute(queue, "storage") ?? "");
        return [
          ...(storage === undefined || attribute(queue, "enabled") === "false"
            ? [`${title(exporter)} does not queue on disk`]
            : attribute(storage, "fsync") === "true"
              ? []
              : [`${title(storage)} does not fsync`]),
          ...(attribute(inner(exporter, "retry_on_failure"), "max_elapsed_time") === "0s" &&
          attribute(inner(exporter, "retry_on_failure"), "enabled") !== "false"
            ? []
            : [`${title(exporter)} gives up (max_elapsed_time is not "0s")`]),
          ...sizes(exporter, queue),
        ];
      }),
    ...blocks
      .filter(({ name }) => name === "otelcol.auth.oauth2")
      .filter((oauth) => attribute(oauth, "client_id") !== service)
      .map((oauth) => `${title(oauth)} logs in as ${attribute(oauth, "client_id") ?? "nobody"}`),
    ...[...new Set(blocks.flatMap(values))]
      .filter((value) => context.tenants.byOrgId.has(value))
      .map((org) => `sets the tenant ${org} itself; only its token says whose data it sends`),
  ];
}

/** Files are read on from where they were read, and wait while nobody takes their lines. */
function reading(files: AlloyBlock, handlers: ReadonlyMap<string, AlloyBlock>): readonly string[] {
  const retry = inner(files, "retry_on_failure");
  return [
    ...(handlers.has(attribute(files, "storage") ?? "")
      ? []
      : [`${title(files)} forgets how far it has read when it stops`]),
    ...(attribute(retry, "enabled") === "true" && attribute(retry, "max_elapsed_time") === "0s"
      ? []
      : [`${title(files)} drops lines that its queue does not take`]),
  ];
}

/** A queue that counts items has no bound on the disk, and a batch that does can be larger than any request may be: dropped. */
function sizes(exporter: AlloyBlock, queue: AlloyBlock | undefined): readonly string[] {
  const batch = queue === undefined ? undefined : inner(queue, "batch");
  const largest = Number(attribute(batch, "max_size") ?? Number.NaN);
  return [
    ...(attribute(queue, "sizer") === "bytes"
      ? []
      : [`${title(exporter)} does not bound its queue in bytes`]),
    ...(attribute(batch, "sizer") === "bytes" && largest > 0 && largest < LARGEST_OTLP
      ? []
      : [`${title(exporter)} may send more at once than the edge takes (${LARGEST_OTLP} bytes)`]),
  ];
}

/** Everything that is written as a value, at any depth. */
const values = ({ attributes, blocks }: AlloyBlock): readonly string[] => [
  ...Object.values(attributes),
  ...blocks.flatMap(values),
];
