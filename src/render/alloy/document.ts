import type { Signal } from "../../model/names";
import { formatGoDuration } from "../../model/units";
import { auths, component, outputs, queues, SIGNALS, type OwnTelemetry, type Pipeline } from "../pipeline";
import { authBlock, componentBlock, inputOf, output, storageBlock } from "./components";
import { attrs, block, ref, toAlloy, type Block, type Reference } from "./syntax";

type Next = Partial<Record<Signal, readonly Reference[]>>;

/** A pipeline in Alloy's syntax: its components in their own order, then what they lean on. */
export function alloyDocument(pipeline: Pipeline): string {
  const all = Object.entries(pipeline.components);
  const own = all.find(([, { kind }]) => kind === "ownTelemetry")?.[0];
  return toAlloy([
    block(
      "logging",
      attrs({
        format: "logfmt",
        level: "info",
        write_to: own === undefined ? own : [ref(RECEIVERS.logs, own, "receiver")],
      }),
    ),
    ...all.flatMap(([id, of]) =>
      of.kind === "ownTelemetry"
        ? ownTelemetry(id, of, next(pipeline, id))
        : [componentBlock(id, of, output(next(pipeline, id)))],
    ),
    ...auths(pipeline).map(authBlock),
    ...queues(pipeline).map(([id, queue]) => storageBlock(id, queue)),
  ]);
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
  if (of.kind === "ownTelemetry") throw new Error(`pipeline: "${id}" takes no data`);
  return inputOf(id, of);
}

const RECEIVERS = { logs: "otelcol.receiver.loki", metrics: "otelcol.receiver.prometheus" } as const;
const EXPORTER = "prometheus.exporter.self";

/** Alloy's own logs come by `logging`'s `write_to`, its own metrics by scraping itself. */
function ownTelemetry(id: string, { every }: OwnTelemetry, { logs, metrics }: Next): readonly Block[] {
  return [
    block(RECEIVERS.logs, id, output(logs === undefined ? {} : { logs })),
    block(EXPORTER, id, []),
    block(
      "prometheus.scrape",
      id,
      attrs({
        targets: ref(EXPORTER, id, "targets"),
        forward_to: [ref(RECEIVERS.metrics, id, "receiver")],
        scrape_interval: formatGoDuration(every),
      }),
    ),
    block(RECEIVERS.metrics, id, output(metrics === undefined ? {} : { metrics })),
  ];
}
