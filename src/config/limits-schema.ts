import { z } from "zod";
import type { EdgeLimits, LogsLimits, MetricsLimits, TracesLimits } from "../model/limits";
import { DEFAULT_PLAN as D } from "../model/plans";
import { formatDuration } from "../model/units";
import { DURATION_JSON, byteRate, count, duration, rate, ratio, size } from "./fields";
import { name } from "./text-fields";

/** A schema for every field of a model type: a field that is added there has to be added here. */
type Shape<T> = { readonly [K in keyof T]: z.ZodType<T[K]> };

const edge = {
  requests: rate("Requests per second at the edge, per replica of Envoy.", D.limits.edge.requests),
  burst: count("Requests that may come at once. At least one second of `requests`.", D.limits.edge.burst),
} satisfies Shape<EdgeLimits>;

const metrics = {
  samples: rate("Samples per second.", D.limits.metrics.samples),
  burst: count("Samples that may come at once. At least one second of `samples`.", D.limits.metrics.burst),
  activeSeries: count("Series in memory at a time.", D.limits.metrics.activeSeries),
  seriesPerMetric: count("Series of one metric name in memory at a time.", D.limits.metrics.seriesPerMetric),
  metadata: count("Metric names with metadata (type, help, unit).", D.limits.metrics.metadata),
  exemplars: count("Exemplars kept.", D.limits.metrics.exemplars),
  labelsPerSeries: count("Labels of one series.", D.limits.metrics.labelsPerSeries),
  labelNameLength: count("Characters of a label's name.", D.limits.metrics.labelNameLength),
  labelValueLength: count("Characters of a label's value.", D.limits.metrics.labelValueLength),
  outOfOrder: duration("How late a sample may come.", D.limits.metrics.outOfOrder),
  shards: count(
    "Ingesters that hold this tenant: fewer means that it can hurt fewer others.",
    D.limits.metrics.shards,
  ),
  queryRange: duration("The longest range of one query.", D.limits.metrics.queryRange),
  querySeries: count("Series one query may touch.", D.limits.metrics.querySeries),
  queryBytes: size("Data one query may fetch.", D.limits.metrics.queryBytes),
  queryParallelism: count("Parts of one query that run at once.", D.limits.metrics.queryParallelism),
  ruleGroups: count("Rule groups.", D.limits.metrics.ruleGroups),
  rulesPerGroup: count("Rules of one group.", D.limits.metrics.rulesPerGroup),
} satisfies Shape<MetricsLimits>;

const logs = {
  ingest: byteRate("Log data per second.", D.limits.logs.ingest),
  burst: size(
    "Log data that may come at once. At least one second of `ingest`, and one line of `lineSize`.",
    D.limits.logs.burst,
  ),
  streamIngest: byteRate("Log data per second of one stream.", D.limits.logs.streamIngest),
  streamBurst: size(
    "Log data of one stream that may come at once. At least one second of `streamIngest`.",
    D.limits.logs.streamBurst,
  ),
  activeStreams: count("Streams (sets of labels) at a time.", D.limits.logs.activeStreams),
  lineSize: size("The longest line.", D.limits.logs.lineSize),
  labelsPerStream: count("Labels of one stream.", D.limits.logs.labelsPerStream),
  labelNameLength: count("Characters of a label's name.", D.limits.logs.labelNameLength),
  labelValueLength: count("Characters of a label's value.", D.limits.logs.labelValueLength),
  metadataEntries: count("Structured metadata entries of one line.", D.limits.logs.metadataEntries),
  metadataSize: size("Structured metadata of one line.", D.limits.logs.metadataSize),
  oldest: duration("Older lines are refused.", D.limits.logs.oldest),
  shards: count(
    "Ingesters that hold this tenant: fewer means that it can hurt fewer others.",
    D.limits.logs.shards,
  ),
  queryRange: duration("The longest range of one query.", D.limits.logs.queryRange),
  querySeries: count("Series one metric query may return.", D.limits.logs.querySeries),
  queryEntries: count("Lines one query may return.", D.limits.logs.queryEntries),
  queryBytes: size("Data one query may read.", D.limits.logs.queryBytes),
  queryParallelism: count("Parts of one query that run at once.", D.limits.logs.queryParallelism),
  tails: count("Open tail streams.", D.limits.logs.tails),
} satisfies Shape<LogsLimits>;

const traces = {
  ingest: byteRate("Span data per second.", D.limits.traces.ingest),
  burst: size("Span data that may come at once. At least one second of `ingest`.", D.limits.traces.burst),
  activeTraces: count("Traces in memory at a time.", D.limits.traces.activeTraces),
  traceSize: size("The largest trace.", D.limits.traces.traceSize),
  attributeSize: size("The longest attribute; longer ones are cut.", D.limits.traces.attributeSize),
  shards: count(
    "Ingesters that hold this tenant: fewer means that it can hurt fewer others.",
    D.limits.traces.shards,
  ),
  searchRange: duration("The longest range of one search.", D.limits.traces.searchRange),
  metricsRange: duration("The longest range of one TraceQL metrics query.", D.limits.traces.metricsRange),
  tagValues: size("The answer of one search for tag values.", D.limits.traces.tagValues),
} satisfies Shape<TracesLimits>;

export const limitsSchema = z
  .strictObject({
    edge: z.strictObject(edge).partial().optional().describe("Envoy's limits, in front of the backends'."),
    metrics: z.strictObject(metrics).partial().optional().describe("Mimir's limits."),
    logs: z.strictObject(logs).partial().optional().describe("Loki's limits."),
    traces: z.strictObject(traces).partial().optional().describe("Tempo's limits."),
  })
  .describe("What may be sent and asked. Only what differs from the plan.");

const LOG_CLASSES: Readonly<Record<string, string>> = {
  application: "What programs log, and every line without a class.",
  system: "What hosts and containers log.",
  access: "Access and audit logs.",
};

function classText(id: string, description: string): string {
  const kept = D.retention.logs[id];
  return kept === undefined ? description : `${description} Default plan: ${formatDuration(kept)}.`;
}

export const retentionSchema = z
  .strictObject({
    metrics: duration("How long metrics are kept.", D.retention.metrics).optional(),
    logs: z
      .record(
        name("A log class."),
        duration("How long logs of this class are kept. At least 1d: Loki deletes by the day."),
      )
      // Hover text for the classes that every tenant has; others are a stream's label `log_class`.
      .meta({
        properties: Object.fromEntries(
          Object.entries(LOG_CLASSES).map(([id, description]) => [
            id,
            { ...DURATION_JSON, description: classText(id, description) },
          ]),
        ),
      })
      .optional()
      .describe("How long logs are kept, by class (the stream's label log_class)."),
    traces: duration("How long traces are kept.", D.retention.traces).optional(),
  })
  .describe("How long data is kept. Only what differs from the plan. Shortening it deletes data.");

export const samplingSchema = z
  .strictObject({
    keep: ratio(
      "The share of ordinary traces that is kept. Traces with errors and slow ones are always kept.",
      D.sampling.keep,
    ),
    slowerThan: duration("A trace that takes longer counts as slow.", D.sampling.slowerThan),
    decisionWait: duration(
      "How long a trace is held in memory before it is decided.",
      D.sampling.decisionWait,
    ),
  })
  .partial()
  .describe("Which traces the agents keep. Only what differs from the plan.");
