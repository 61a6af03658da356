import type { Capacity, Limits, Sampling } from "../../model/limits";
import {
  formatByteRate,
  formatDuration,
  formatRate,
  formatRatio,
  formatSize,
  type Bytes,
  type BytesPerSecond,
  type PerSecond,
  type Ratio,
  type Seconds,
} from "../../model/units";

/** What a number of the model counts. */
export type Unit = "Seconds" | "Bytes" | "PerSecond" | "BytesPerSecond" | "Ratio" | "count";

/** Of a field's type, so that no table below can name the wrong one, or leave a field out. */
type UnitOf<T> = T extends { readonly brand: infer B } ? B : "count";
type UnitsOf<T> = { readonly [K in keyof T]: UnitOf<T[K]> };

export const LIMIT_UNITS: { readonly [S in keyof Limits]: UnitsOf<Limits[S]> } = {
  edge: { requests: "PerSecond", burst: "count" },
  metrics: {
    samples: "PerSecond",
    burst: "count",
    activeSeries: "count",
    seriesPerMetric: "count",
    metadata: "count",
    exemplars: "count",
    labelsPerSeries: "count",
    labelNameLength: "count",
    labelValueLength: "count",
    outOfOrder: "Seconds",
    shards: "count",
    queryRange: "Seconds",
    querySeries: "count",
    queryBytes: "Bytes",
    queryParallelism: "count",
    ruleGroups: "count",
    rulesPerGroup: "count",
  },
  logs: {
    ingest: "BytesPerSecond",
    burst: "Bytes",
    streamIngest: "BytesPerSecond",
    streamBurst: "Bytes",
    activeStreams: "count",
    lineSize: "Bytes",
    labelsPerStream: "count",
    labelNameLength: "count",
    labelValueLength: "count",
    metadataEntries: "count",
    metadataSize: "Bytes",
    oldest: "Seconds",
    shards: "count",
    queryRange: "Seconds",
    querySeries: "count",
    queryEntries: "count",
    queryBytes: "Bytes",
    queryParallelism: "count",
    tails: "count",
  },
  traces: {
    ingest: "BytesPerSecond",
    burst: "Bytes",
    activeTraces: "count",
    traceSize: "Bytes",
    attributeSize: "Bytes",
    shards: "count",
    searchRange: "Seconds",
    metricsRange: "Seconds",
    tagValues: "Bytes",
  },
};

export const SAMPLING_UNITS: UnitsOf<Sampling> = {
  keep: "Ratio",
  slowerThan: "Seconds",
  decisionWait: "Seconds",
};

export const CAPACITY_UNITS: UnitsOf<Capacity> = {
  requests: "PerSecond",
  samples: "PerSecond",
  activeSeries: "count",
  logs: "BytesPerSecond",
  traces: "BytesPerSecond",
};

/** As the tenant list would have it: `4MiB/s`, `30d`, `150000`. */
export function formatQuantity(value: number, unit: Unit): string {
  switch (unit) {
    case "Seconds":
      return formatDuration(value as Seconds);
    case "Bytes":
      return formatSize(value as Bytes);
    case "PerSecond":
      return formatRate(value as PerSecond);
    case "BytesPerSecond":
      return formatByteRate(value as BytesPerSecond);
    case "Ratio":
      return formatRatio(value as Ratio);
    case "count":
      return String(value);
    default:
      return unit satisfies never;
  }
}

/** `x2`, `+20%`, `-50%`; empty where one of the two is nothing. */
export function formatFactor(from: number, to: number): string {
  if (from <= 0 || to <= 0) return "";
  const factor = to / from;
  if (factor >= 2) return `x${Number(factor.toPrecision(3))}`;
  const percent = (factor - 1) * 100;
  const shown = Math.abs(percent) < 1 ? percent.toPrecision(1) : String(Math.round(percent));
  // 99.9 % less is not everything.
  const kept = shown === "-100" ? "-99.9" : shown;
  return `${percent > 0 ? "+" : ""}${kept}%`;
}

/** `4MiB/s -> 2MiB/s (-50%)`. */
export function formatStep(from: number, to: number, unit: Unit): string {
  const factor = formatFactor(from, to);
  return `${formatQuantity(from, unit)} -> ${formatQuantity(to, unit)}${factor === "" ? "" : ` (${factor})`}`;
}
