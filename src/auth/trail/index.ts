import type { AuditEvent, AuditReader } from "../api/audit";
import type { RedisAccess } from "./connection";
import { Loki, LokiUnavailable, type PushResult } from "./loki";
import { Offload, OFFLOAD_TIMES } from "./offload";
import { type Backlog, QUEUE_TIMES, RecordQueue } from "./queue";
import { readTrail } from "./read";
import type { Seal } from "./record";
import type { Tracing } from "../tracing/tracing";

/** Milliseconds. */
export const TRAIL_TIMES = { ...OFFLOAD_TIMES, ...QUEUE_TIMES, push: 5_000, query: 10_000 };

export interface TrailOptions {
  readonly redis: RedisAccess["settings"];
  /** The newest, asked for before each attempt to connect; undefined while nobody gave it. */
  readonly password: RedisAccess["password"];
  /** Where Loki is; paths are added to its root. */
  readonly loki: URL;
  /** Proves a record to be ours: see {@link Seal}. */
  readonly seal: Seal;
  readonly tracing?: Tracing;
  /** How each delivery to Loki ended: for a metric. */
  readonly onPush?: (result: PushResult) => void;
  /** Told in words, for the log: Loki is away or cannot be asked, a record is set aside, a tenant gets no copy of one, the queue has an error. */
  readonly onProblem?: (problem: string) => void;
  readonly times?: typeof TRAIL_TIMES;
}

/** The audit of the tenant API: into Redis before an act is answered, from there to Loki, and read from there. */
export interface Trail extends AuditReader {
  /** Resolves when the record is durable. Throws StoreUnavailable otherwise, within a second. */
  readonly record: (event: AuditEvent) => Promise<void>;
  /** Never throws: all numbers are NaN while Redis is away. */
  readonly backlog: () => Promise<Backlog>;
  /** Connects, and brings records to Loki from now on. Waits for nothing. */
  readonly start: () => void;
  /** Takes nothing new, and ends within a few seconds. What is not in Loki stays in Redis. */
  readonly close: () => Promise<void>;
}

export function openTrail({
  redis,
  password,
  loki: url,
  seal,
  tracing,
  times = TRAIL_TIMES,
  ...told
}: TrailOptions): Trail {
  const access = { settings: redis, password };
  const loki = new Loki(url, times, tracing);
  const queue = new RecordQueue(access, times);
  const offload = new Offload({ access, queue, loki, seal, times, ...told });
  return {
    record: (event) => queue.record(event),
    read: (tenant, query) =>
      readTrail(loki, tenant, query, seal).catch((error: unknown) => {
        if (error instanceof LokiUnavailable) told.onProblem?.(`the audit cannot be read: ${error.message}`);
        throw error;
      }),
    backlog: () => queue.backlog(),
    start: () => {
      queue.start();
      offload.start();
    },
    close: async () => {
      await offload.close();
      queue.close();
    },
  };
}
