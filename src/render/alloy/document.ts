import type { Signal } from "../../model/names";
import { formatGoDuration } from "../../model/units";
import {
  auths,
  component,
  outputs,
  SIGNALS,
  storages,
  type Component,
  type HostMetrics,
  type OwnTelemetry,
  type Pipeline,
} from "../pipeline";
import { authBlock, componentBlock, inputOf, output, storageBlock } from "./components";
import { attrs, block, HEADER, ref, toAlloy, type Block, type Reference } from "./syntax";

type Next = Partial<Record<Signal, readonly Reference[]>>;

/** A pipeline in Alloy's syntax: its components in their own order, then what they lean on. `about` goes into its head. */
export function alloyDocument(pipeline: Pipeline, ...about: readonly string[]): string {
  const all = Object.entries(pipeline.components);
  const own = all.find(([, { kind }]) => kind === "ownTelemetry")?.[0];
  const body = [
    block(
      "logging",
      attrs({
        format: "logfmt",
        level: "info",
        write_to: own === undefined ? own : [ref(LOGS, own, "receiver")],
      }),
    ),
    ...all.flatMap(([id, of]) => blocks(id, of, next(pipeline, id))),
    ...auths(pipeline).map(authBlock),
    ...storages(pipeline).map(storageBlock),
  ];
  return toAlloy(body, [HEADER, ...about].join("\n"));
}

function blocks(id: string, of: Component, next: Next): readonly Block[] {
  if (of.kind === "ownTelemetry") return ownTelemetry(id, of, next);
  if (of.kind === "hostMetrics") return hostMetrics(id, of, next);
  return [componentBlock(id, of, output(next))];
}

function next(pipeline: Pipeline, id: string): Next {
  const followers = outputs(pipeline, id);
  const inputs = SIGNALS.flatMap((signal) => {
    const ids = followers[signal];
    return ids === undefined ? [] : [[signal, ids.map((to) => inputById(pipeline, to))] as const];
  });
  return Object.fromEntries(inputs);
}

function inputById(pipeline: Pipeline, id: string): Reference {
  const of = component(pipeline, id);
  if (of.kind === "ownTelemetry" || of.kind === "hostMetrics")
    throw new Error(`pipeline: "${id}" takes no data`);
  return inputOf(id, of);
}

const LOGS = "otelcol.receiver.loki";

/** Alloy's own logs come by `logging`'s `write_to`, its own metrics by scraping itself. */
const ownTelemetry = (id: string, of: OwnTelemetry, next: Next): readonly Block[] => [
  block(LOGS, id, output(next.logs === undefined ? {} : { logs: next.logs })),
  ...scraped(id, block("prometheus.exporter.self", id, []), of, next),
];

/** Alloy has no receiver of OpenTelemetry's for them. */
const hostMetrics = (id: string, of: HostMetrics, next: Next): readonly Block[] => {
  const at = (path: string) => (of.root === "" ? undefined : `${of.root}${path}`);
  const paths = attrs({
    procfs_path: at("/proc"),
    rootfs_path: at("/"),
    sysfs_path: at("/sys"),
    udev_data_path: at("/run/udev/data"),
  });
  return scraped(id, block("prometheus.exporter.unix", id, paths), of, next);
};

/** What one of Alloy's exporters of Prometheus metrics has to say. */
function scraped(
  id: string,
  exporter: Block,
  { every }: { readonly every: OwnTelemetry["every"] },
  { metrics }: Next,
): readonly Block[] {
  const receiver = block("otelcol.receiver.prometheus", id, output(metrics === undefined ? {} : { metrics }));
  return [
    exporter,
    block(
      "prometheus.scrape",
      id,
      attrs({
        targets: ref(exporter, "targets"),
        forward_to: [ref(receiver, "receiver")],
        scrape_interval: formatGoDuration(every),
      }),
    ),
    receiver,
  ];
}
