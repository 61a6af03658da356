import { DelayedError, type Job, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { AuditRecord } from "../api/audit";
import { auditQueue } from "../redis/keyspace";
import { patientClient, type RedisAccess, Replicas } from "./connection";
import type { Loki, Pushed } from "./loki";
import type { RecordQueue } from "./queue";
import { lineOf, nanosecondsOf, ownerOf, type Seal } from "./record";

/** Milliseconds. */
export const OFFLOAD_TIMES = {
  /** Until a record whose worker says nothing more is another's. */
  lock: 15_000,
  /** Between looks for such records. */
  stalled: 10_000,
  /** Of all, while Loki is away: the first pause, and the longest. */
  pause: { first: 250, most: 10_000 },
  /** Of one record, whose tenant may write no more at the moment. */
  busy: { first: 1_000, most: 60_000 },
  /** For what is under way when the service ends. */
  close: 6_000,
};

/** Records at once. Loki orders them by their time, whichever comes first. */
const AT_ONCE = 4;
/** Deliveries that Loki refuses before a record is set aside. */
export const REFUSALS = 5;
/** More than there will ever be: a limit that never ends anything. */
const NO_END = 1e9;

export interface OffloadOptions {
  readonly access: RedisAccess;
  readonly queue: RecordQueue;
  readonly loki: Loki;
  readonly seal: Seal;
  /** How each delivery ended. */
  readonly onPush?: (kind: Pushed["kind"]) => void;
  readonly onProblem?: (problem: string) => void;
  readonly times?: typeof OFFLOAD_TIMES;
}

/** Brings records from Redis to Loki, beside others who do the same. A record leaves Redis when Loki has it, never before. */
export class Offload {
  readonly #times;
  readonly #clients: Redis[] = [];
  /** On which connection a job was begun. */
  readonly #begun = new WeakMap<Job, number>();
  #worker: Worker<AuditRecord> | undefined;
  #replicas: Replicas | undefined;
  /** Pauses since Loki last took something. */
  #pauses = 0;

  constructor(private readonly options: OffloadOptions) {
    this.#times = options.times ?? OFFLOAD_TIMES;
  }

  start(): void {
    const { access } = this.options;
    const client = patientClient(access, (second) => {
      this.#connecting(second);
    });
    this.#connecting(client);
    const replicas = new Replicas(client, access.settings.master !== undefined);
    this.#replicas = replicas;
    const { prefix, name } = auditQueue();
    const worker = new Worker<AuditRecord>(name, (job) => this.#deliver(job), {
      prefix,
      connection: client,
      autorun: false,
      concurrency: AT_ONCE,
      lockDuration: this.#times.lock,
      stalledInterval: this.#times.stalled,
      maxStalledCount: NO_END,
      runRetryDelay: 1_000,
      // Pauses of all exist only where there is a limit.
      limiter: { max: NO_END, duration: 1_000 },
    });
    worker.on("active", (job) => this.#begun.set(job, replicas.connection));
    worker.on("error", ({ message }) => this.options.onProblem?.(`the queue of audit records: ${message}`));
    this.#worker = worker;
    void worker.run();
  }

  /** Waits for what is under way, within a bound. What is not done then, another begins anew. */
  async close(): Promise<void> {
    const bound = Promise.withResolvers<undefined>();
    const timer = setTimeout(bound.resolve, this.#times.close, undefined);
    await Promise.race([this.#worker?.close(), bound.promise]);
    clearTimeout(timer);
    for (const client of this.#clients) client.disconnect();
  }

  /** At once: BullMQ would take a first attempt that fails for the last. */
  #connecting(client: Redis): void {
    this.#clients.push(client);
    client.connect().catch(() => undefined);
  }

  async #deliver(job: Job<AuditRecord>): Promise<void> {
    // Whoever finds this record after a failover must see that it was begun.
    try {
      await this.#replicas?.have(this.#begun.get(job) ?? -1);
    } catch {
      throw Worker.RateLimitError(); // Back to the head.
    }
    const pushed = await this.#push(job.data, job.attemptsStarted > 1);
    this.options.onPush?.(pushed.kind);
    if (pushed.kind === "taken") {
      this.#pauses = 0;
      return;
    }
    return this.#undelivered(job, pushed);
  }

  async #push(record: AuditRecord, redelivered: boolean): Promise<Pushed> {
    const { loki, seal } = this.options;
    const push = (at: string, late: boolean): Promise<Pushed> => {
      const line = lineOf(record, { redelivered, late }, seal);
      if (line !== undefined) return loki.push({ owner: ownerOf(record), action: record.action, at, line });
      const problem = "the key of their seals is not known";
      return Promise.resolve({ kind: "away", answered: false, problem });
    };
    const pushed = await push(nanosecondsOf(record.id), false);
    return pushed.kind === "late" ? push(`${Date.now()}000000`, true) : pushed;
  }

  /** Always throws: that is how BullMQ is told. */
  async #undelivered(
    job: Job<AuditRecord>,
    pushed: Exclude<Pushed, { readonly kind: "taken" }>,
  ): Promise<never> {
    const { problem } = pushed;
    if (pushed.kind === "busy") return this.#later(job, grown(this.#times.busy, job.attemptsStarted - 1));
    if (pushed.kind === "away") {
      if (this.#pauses === 0) this.options.onProblem?.(`Loki takes no audit records: ${problem}`);
      const pause = grown(this.#times.pause, this.#pauses++);
      await this.options.queue.pause(pause).catch(() => undefined);
      // One that brings Loki to an error must not hold up the others; without an answer they keep their order.
      if (pushed.answered) return this.#later(job, pause);
      throw Worker.RateLimitError();
    }
    if (job.attemptsMade + 1 < REFUSALS) throw new Error(problem);
    this.options.onProblem?.(`the audit record ${job.data.id} is set aside: ${problem}`);
    throw new UnrecoverableError(problem);
  }

  async #later(job: Job<AuditRecord>, milliseconds: number): Promise<never> {
    await job.moveToDelayed(Date.now() + milliseconds, job.token);
    throw new DelayedError();
  }
}

const grown = ({ first, most }: { readonly first: number; readonly most: number }, times: number): number =>
  Math.min(first * 2 ** Math.min(times, 20), most);
