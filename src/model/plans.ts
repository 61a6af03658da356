import type { Plan } from "./limits";
import { byteRate, duration, rate, ratio, size } from "./units";

/**
 * The plan of a tenant that names none, and the base of every plan in `tenants.yaml`.
 * Numbers: the edge's 100/s with a burst of 1000 is what the platforms we replace start from; Mimir's, Loki's and Tempo's
 * are those programs' own defaults where they are meant for one tenant of many, and bounded where the default is "no limit".
 */
export const DEFAULT_PLAN: Plan = {
  name: "default",
  limits: {
    edge: { requests: rate("100/s"), burst: 1_000 },
    metrics: {
      samples: rate("10000/s"),
      burst: 200_000,
      activeSeries: 150_000,
      seriesPerMetric: 20_000,
      metadata: 20_000,
      exemplars: 10_000,
      labelsPerSeries: 30,
      labelNameLength: 1_024,
      labelValueLength: 2_048,
      outOfOrder: duration("10m"),
      shards: 3,
      queryRange: duration("32d"),
      querySeries: 100_000,
      queryBytes: size("1GiB"),
      queryParallelism: 14,
      ruleGroups: 70,
      rulesPerGroup: 20,
    },
    logs: {
      ingest: byteRate("4MiB/s"),
      burst: size("6MiB"),
      streamIngest: byteRate("3MiB/s"),
      streamBurst: size("15MiB"),
      activeStreams: 5_000,
      lineSize: size("256KiB"),
      labelsPerStream: 15,
      labelNameLength: 1_024,
      labelValueLength: 2_048,
      metadataEntries: 128,
      metadataSize: size("64KiB"),
      oldest: duration("7d"),
      shards: 3,
      queryRange: duration("31d"),
      querySeries: 500,
      queryEntries: 5_000,
      queryBytes: size("20GiB"),
      queryParallelism: 16,
      tails: 10,
    },
    traces: {
      ingest: byteRate("5MiB/s"),
      burst: size("10MiB"),
      activeTraces: 10_000,
      traceSize: size("5MiB"),
      attributeSize: size("2KiB"),
      shards: 3,
      searchRange: duration("7d"),
      metricsRange: duration("24h"),
      tagValues: size("1MiB"),
    },
  },
  retention: {
    metrics: duration("90d"),
    logs: { application: duration("30d"), system: duration("7d"), access: duration("90d") },
    traces: duration("14d"),
  },
  sampling: { keep: ratio("20%"), slowerThan: duration("2s"), decisionWait: duration("10s") },
};
