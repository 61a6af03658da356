import type { Signal } from "../model/names";
import type { Bytes, Ratio, Seconds } from "../model/units";

/**
 * A collector's configuration as a value: components and the flows through them. Printed for Grafana Alloy (what runs) and
 * for the OpenTelemetry Collector (what tests can start), whose components are the same code under two syntaxes.
 */
export interface Pipeline {
  /** By id: an identifier, unique also across kinds. */
  readonly components: Readonly<Record<string, Component>>;
  readonly flows: readonly Flow[];
}

/** One signal's way: received by `from`, through each of `through`, to all of `to`. A connector ends one and begins another. */
export interface Flow {
  readonly id: string;
  readonly signal: Signal;
  readonly from: readonly string[];
  readonly through: readonly string[];
  readonly to: readonly string[];
}

export type Component =
  | OtlpReceiver
  | ZipkinReceiver
  | JaegerReceiver
  | FileLogReceiver
  | HostMetrics
  | OwnTelemetry
  | MemoryLimiter
  | Transform
  | TailSampling
  | SpanMetrics
  | ServiceGraph
  | OtlpHttpExporter;

export interface OtlpReceiver {
  readonly kind: "otlpReceiver";
  readonly grpc: string;
  readonly http: string;
  /** Whether request headers travel with the data. */
  readonly metadata: boolean;
  readonly largestRequest: Bytes;
}

export interface ZipkinReceiver {
  readonly kind: "zipkinReceiver";
  readonly endpoint: string;
  readonly largestRequest: Bytes;
}

/** Spans by gRPC, as Jaeger's agents sent them, and by Thrift over HTTP, as its clients do. */
export interface JaegerReceiver {
  readonly kind: "jaegerReceiver";
  readonly grpc: string;
  readonly http: string;
  readonly largestRequest: Bytes;
}

/** Reads files from their beginning, and after a restart from where it was. While nothing takes the lines, it waits. */
export interface FileLogReceiver {
  readonly kind: "fileLogReceiver";
  readonly path: string;
  /** What of it is not read, also a pattern: rotated files that are compressed would be taken for lines. */
  readonly exclude: string;
  readonly resource: Readonly<Record<string, string>>;
  /** A directory of its own, where it notes how far it has read. */
  readonly positions: string;
}

/** The machine's processor, memory, disks and network. Alloy names them as Prometheus' node exporter, the other as OpenTelemetry. */
export interface HostMetrics {
  readonly kind: "hostMetrics";
  readonly every: Seconds;
  /** Where the machine's files are, without an ending `/`: empty where they are in their own places. */
  readonly root: string;
}

/** What the collector has to say of itself: metrics and logs. Alloy alone: the other collector sends its own by other means. */
export interface OwnTelemetry {
  readonly kind: "ownTelemetry";
  /** How often its metrics are read. */
  readonly every: Seconds;
}

export interface MemoryLimiter {
  readonly kind: "memoryLimiter";
  readonly limit: Bytes;
  readonly spike: Bytes;
}

export type TransformContext = "resource" | "scope" | "span" | "spanevent" | "datapoint" | "exemplar" | "log";

/** OTTL statements by signal. An error refuses the data, unless it is ignored: what cannot be marked must not pass. */
export interface Transform {
  readonly kind: "transform";
  readonly onError?: "ignore" | "propagate";
  readonly statements: Partial<Readonly<Record<Signal, readonly Statements[]>>>;
}

export interface Statements {
  readonly context: TransformContext;
  readonly statements: readonly string[];
}

/** Keeps traces with an error, slow ones, and a share of the rest. Undecided traces are in memory only. */
export interface TailSampling {
  readonly kind: "tailSampling";
  readonly decisionWait: Seconds;
  readonly slowerThan: Seconds;
  readonly keep: Ratio;
  /** Traces that are held at once. */
  readonly traces: number;
}

export interface SpanMetrics {
  readonly kind: "spanMetrics";
  readonly flush: Seconds;
  /** Series that were not updated for so long are forgotten. */
  readonly expiry: Seconds;
  /** Combinations of dimensions; further ones are counted together. */
  readonly cardinality: number;
  readonly dimensions: readonly string[];
  /** Resource attributes that tell one service from another; the others change with every restart. */
  readonly resourceKey: readonly string[];
}

export interface ServiceGraph {
  readonly kind: "serviceGraph";
  readonly flush: Seconds;
}

export interface OtlpHttpExporter {
  readonly kind: "otlpHttpExporter";
  readonly endpoint: string;
  readonly timeout: Seconds;
  /** File of the authority that signed the server's certificate; without it, plain HTTP. */
  readonly caFile?: string;
  readonly idleConnections?: number;
  readonly auth: Auth;
  /** Absent: nothing is queued or retried, and the sender gets the receiver's own answer. */
  readonly queue?: DiskQueue;
}

export type Auth =
  /** The request header `header` is passed on as it came. Named for what it carries: `tenant`. */
  | { readonly kind: "requestHeader"; readonly name: string; readonly header: string }
  | {
      readonly kind: "clientCredentials";
      readonly name: string;
      readonly clientId: string;
      readonly secretFile: string;
      readonly tokenUrl: string;
      /** How long before its end a token is renewed. */
      readonly expiryBuffer: Seconds;
      readonly timeout: Seconds;
    };

/** On disk, synced, retried without end. Batches are made while sending, so that what was accepted is on disk already. */
export interface DiskQueue {
  readonly directory: string;
  readonly capacity: Bytes;
  /**
   * Sent when there are `from` bytes or after that time, and never more than `to`: what does not fit is split. A single
   * span, data point or record above `to` cannot be, and is dropped with what follows it in its sender's request.
   */
  readonly batch: { readonly from: Bytes; readonly to: Bytes; readonly after: Seconds };
  readonly consumers: number;
  readonly retry: { readonly first: Seconds; readonly longest: Seconds };
}

/** 20 for 0.2, without the noise of binary fractions. */
export const percent = (ratio: Ratio): number => Number((ratio * 100).toFixed(4));

export const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];

/** The component of a flow. */
export function component(pipeline: Pipeline, id: string): Component {
  const found = pipeline.components[id];
  if (found === undefined) throw new Error(`pipeline: no component is called "${id}"`);
  return found;
}

/** The auths of all exporters, one of each name. */
export function auths(pipeline: Pipeline): readonly Auth[] {
  const byName = Object.values(pipeline.components).flatMap((entry) =>
    entry.kind === "otlpHttpExporter" ? [[entry.auth.name, entry.auth] as const] : [],
  );
  return [...new Map(byName).values()];
}

/** The exporters that queue on disk, with their queues. */
export const queues = (pipeline: Pipeline): readonly (readonly [id: string, queue: DiskQueue])[] =>
  Object.entries(pipeline.components).flatMap(([id, entry]) =>
    entry.kind === "otlpHttpExporter" && entry.queue !== undefined ? [[id, entry.queue] as const] : [],
  );

/** Directories that components keep state in, by component. Only those of queues grow, and have to be made smaller again. */
export const storages = (pipeline: Pipeline): readonly Storage[] =>
  Object.entries(pipeline.components).flatMap(([id, of]): readonly Storage[] => {
    if (of.kind === "fileLogReceiver") return [{ id, directory: of.positions, grows: false }];
    return of.kind === "otlpHttpExporter" && of.queue !== undefined
      ? [{ id, directory: of.queue.directory, grows: true }]
      : [];
  });

export interface Storage {
  readonly id: string;
  readonly directory: string;
  readonly grows: boolean;
}

/**
 * What follows a component directly, by signal. A component may be in several flows as long as what comes after it is the
 * same whatever came before: Alloy has it once, and everything that enters it takes all of its ways out.
 */
export function outputs(
  pipeline: Pipeline,
  id: string,
): Readonly<Partial<Record<Signal, readonly string[]>>> {
  const found: Partial<Record<Signal, string[]>> = {};
  for (const signal of SIGNALS) {
    const ways = pipeline.flows.filter((flow) => flow.signal === signal).flatMap((flow) => wayFrom(flow, id));
    const after = new Map<string, string>();
    for (const { before } of ways)
      after.set(
        before,
        [...new Set(ways.filter((way) => way.before === before).map(({ rest }) => rest))].sort().join("; "),
      );
    if (new Set(after.values()).size > 1)
      throw new Error(`pipeline: "${id}" leads elsewhere for ${[...after.keys()].join(" and for ")}`);
    const next = ways.flatMap((way) => way.next);
    if (next.length > 0) found[signal] = [...new Set(next)];
  }
  return found;
}

interface Way {
  readonly before: string;
  readonly rest: string;
  readonly next: readonly string[];
}

/** None where the component only begins the flow: several receivers may, each by itself. */
function wayFrom({ from, through, to }: Flow, id: string): readonly Way[] {
  const at = through.indexOf(id);
  if (at < 0 && !from.includes(id)) return [];
  const rest = [...through.slice(at + 1), [...to].sort().join(", ")];
  const before = at < 0 ? id : [[...from].sort().join(", "), ...through.slice(0, at)].join(", ");
  return [
    { before, rest: rest.join(", "), next: through[at + 1] === undefined ? to : [through[at + 1] ?? ""] },
  ];
}
