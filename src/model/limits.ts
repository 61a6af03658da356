import type { Bytes, BytesPerSecond, PerSecond, Ratio, Seconds } from "./units";

/**
 * One type of limits for the edge and the three signals. Every field is set for every tenant (a plan gives what a tenant
 * does not): each renderer compiles all of them, because an unset field in Tempo's tenant block is 0, not the default.
 */
export interface Limits {
  readonly edge: EdgeLimits;
  readonly metrics: MetricsLimits;
  readonly logs: LogsLimits;
  readonly traces: TracesLimits;
}

/** Envoy's token bucket per tenant, per replica: a first line in front of the backends' quotas. */
export interface EdgeLimits {
  readonly requests: PerSecond;
  /** Requests that may come at once. */
  readonly burst: number;
}

export interface MetricsLimits {
  readonly samples: PerSecond;
  /** Samples that may come at once. */
  readonly burst: number;
  readonly activeSeries: number;
  readonly seriesPerMetric: number;
  readonly metadata: number;
  readonly exemplars: number;
  readonly labelsPerSeries: number;
  /** Characters. */
  readonly labelNameLength: number;
  /** Characters. */
  readonly labelValueLength: number;
  /** How late a sample may come. */
  readonly outOfOrder: Seconds;
  /** Ingesters that hold one tenant: keeps a bad tenant from reaching all of them. Mimir's default of 0 means all. */
  readonly shards: number;
  /** The longest range of one query. */
  readonly queryRange: Seconds;
  readonly querySeries: number;
  readonly queryBytes: Bytes;
  readonly queryParallelism: number;
  readonly ruleGroups: number;
  readonly rulesPerGroup: number;
}

export interface LogsLimits {
  readonly ingest: BytesPerSecond;
  readonly burst: Bytes;
  readonly streamIngest: BytesPerSecond;
  readonly streamBurst: Bytes;
  readonly activeStreams: number;
  readonly lineSize: Bytes;
  readonly labelsPerStream: number;
  readonly labelNameLength: number;
  readonly labelValueLength: number;
  readonly metadataEntries: number;
  readonly metadataSize: Bytes;
  /** Older lines are refused. */
  readonly oldest: Seconds;
  readonly shards: number;
  readonly queryRange: Seconds;
  readonly querySeries: number;
  readonly queryEntries: number;
  readonly queryBytes: Bytes;
  readonly queryParallelism: number;
  /** Open `tail` streams. */
  readonly tails: number;
}

export interface TracesLimits {
  readonly ingest: BytesPerSecond;
  readonly burst: Bytes;
  readonly activeTraces: number;
  readonly traceSize: Bytes;
  readonly attributeSize: Bytes;
  readonly shards: number;
  /** The longest range of one search. */
  readonly searchRange: Seconds;
  /** The longest range of one TraceQL metrics query. */
  readonly metricsRange: Seconds;
  /** Answer size of one tag-values search. */
  readonly tagValues: Bytes;
}

/** Logs are kept by class: a stream's `log_class` label. `application` is what a line without a class is. */
export interface Retention {
  readonly metrics: Seconds;
  readonly logs: Readonly<Record<string, Seconds>> & { readonly application: Seconds };
  readonly traces: Seconds;
}

/** What an agent keeps of its traces: errors and slow ones always, `keep` of the rest. */
export interface Sampling {
  readonly keep: Ratio;
  readonly slowerThan: Seconds;
  /** How long a trace's spans are held in memory until it is decided: lost when the agent is killed. */
  readonly decisionWait: Seconds;
}

/** What an environment can carry of all its tenants together. */
export interface Capacity {
  readonly requests: PerSecond;
  readonly samples: PerSecond;
  readonly activeSeries: number;
  readonly logs: BytesPerSecond;
  readonly traces: BytesPerSecond;
}

export interface Plan {
  readonly name: string;
  readonly limits: Limits;
  readonly retention: Retention;
  readonly sampling: Sampling;
}
