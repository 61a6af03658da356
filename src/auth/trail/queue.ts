import { Queue } from "bullmq";
import type { AuditEvent, AuditRecord } from "../api/audit";
import { StoreUnavailable } from "../api/ports";
import { judged, TIMES } from "../redis/connection";
import { auditQueue } from "../redis/keyspace";
import { promptClient, type RedisAccess, Replicas } from "./connection";
import { newId, secondsOf } from "./record";

/** Records that are not in Loki yet. Every number is NaN while Redis does not answer: nobody knows, and 0 would say that all is well. */
export interface Backlog {
  /** For their turn, or for the end of a pause of all. */
  readonly waiting: number;
  /** On their way. */
  readonly active: number;
  /** Each waits for its own time: of its organisation Loki takes no more at the moment. */
  readonly delayed: number;
  /** Set aside: Loki refuses them, and somebody has to look. They are tried again every hour. */
  readonly failed: number;
  /** Seconds since the oldest of all these; 0 where there is none. */
  readonly age: number;
}

const STATES = ["waiting", "active", "delayed", "failed"] as const;
/** Of those that are not in the order of their making: so many are looked at for the oldest. */
const LOOKED_AT = 10_000;
/** Of the head of the queue: what several who deliver put back there stands in no order. */
const HEAD = 100;
const UNKNOWN: Backlog = { waiting: NaN, active: NaN, delayed: NaN, failed: NaN, age: NaN };

/** Milliseconds. */
export const QUEUE_TIMES = {
  /** Between attempts that failed for a reason of the record's own, or of the queue's. */
  retry: 2_000,
  /** Between attempts with all that is set aside: somebody may have mended why. */
  again: 3_600_000,
};

/** Records that are set aside, which one script of Redis brings back into the queue: it blocks all others. */
const BATCH = 100;

/** A record on its way. */
export interface Queued extends AuditRecord {
  /** How often its tenant's own copy was tried; defined when the platform's is in Loki. */
  readonly ownAttempts?: number;
}

/** The durable end of the trail: records in Redis, by BullMQ. */
export class RecordQueue {
  readonly #client;
  readonly #replicas: Replicas;
  readonly #queue: Queue<Queued>;
  #again: NodeJS.Timeout | undefined;

  constructor(
    access: RedisAccess,
    private readonly times = QUEUE_TIMES,
  ) {
    this.#client = promptClient(access);
    this.#replicas = new Replicas(this.#client, access.settings.master !== undefined);
    const { prefix, name } = auditQueue();
    // Otherwise an add would wait for Redis, and be done when nobody waits for it any more.
    const promptly = { skipWaitingForReady: true, skipVersionCheck: true, skipMetasUpdate: true };
    this.#queue = new Queue<Queued>(name, {
      ...promptly,
      prefix,
      connection: this.#client,
      defaultJobOptions: {
        // Without an end: what is not to be tried again, the worker says.
        attempts: 1e9,
        backoff: { type: "fixed", delay: times.retry },
        removeOnComplete: true,
        removeOnFail: false,
        stackTraceLimit: 1,
      },
    });
    this.#queue.on("error", () => undefined);
  }

  start(): void {
    const again = (): void => {
      this.#retrySetAside().catch(() => {
        // Redis is away, or went: with its return, or in an hour.
      });
    };
    this.#client.on("ready", again);
    this.#again = setInterval(again, this.times.again).unref();
    this.#client.connect().catch(() => {
      // Tried again by itself.
    });
  }

  /**
   * When it returns, the record is on the disk of the master and, where there are replicas, with one of them. Throws
   * {@link StoreUnavailable} otherwise, within a second: it may be queued all the same.
   */
  async record(event: AuditEvent): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new StoreUnavailable("The audit record was not queued in time."));
    }, TIMES.command);
    const added = this.#add({ id: newId(event.time), ...event });
    added.catch(() => undefined);
    try {
      await Promise.race([added, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #add(record: AuditRecord): Promise<void> {
    const { connection } = this.#replicas;
    try {
      await this.#queue.add(record.action, record, { jobId: record.id });
      await this.#replicas.have(connection);
    } catch (error) {
      throw judged(error);
    }
  }

  async #retrySetAside(): Promise<void> {
    // Without what is set aside again meanwhile, which would never end.
    await this.#queue.retryJobs({ state: "failed", count: BATCH, timestamp: Date.now() });
  }

  /** No record is taken by any worker for so many milliseconds. */
  pause(milliseconds: number): Promise<void> {
    return this.#queue.rateLimit(milliseconds);
  }

  async backlog(now = Date.now()): Promise<Backlog> {
    try {
      // One after the other on one connection. The head of the queue twice: what is taken from there and put back meanwhile is
      // in one of the three.
      const head = () => this.#queue.getRanges(["waiting"], 0, HEAD, true);
      const [counts, ...ids] = await Promise.all([
        this.#queue.getJobCounts(...STATES),
        head(),
        this.#queue.getRanges(["active", "delayed", "failed"], 0, LOOKED_AT, true),
        head(),
      ]);
      const [oldest] = ids.flat().sort();
      const of = (state: (typeof STATES)[number]) => counts[state] ?? 0;
      return {
        waiting: of("waiting"),
        active: of("active"),
        delayed: of("delayed"),
        failed: of("failed"),
        age: oldest === undefined ? 0 : Math.max(0, now / 1_000 - secondsOf(oldest)),
      };
    } catch {
      return UNKNOWN;
    }
  }

  close(): void {
    clearInterval(this.#again);
    this.#client.disconnect();
  }
}
