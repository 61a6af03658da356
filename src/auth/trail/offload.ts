import { DelayedError, type Job, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { OrgId } from "../../model/names";
import type { AuditRecord } from "../api/audit";
import { auditQueue } from "../redis/keyspace";
import { patientClient, type RedisAccess, Replicas } from "./connection";
import type { Loki, Pushed, PushResult } from "./loki";
import type { Queued, RecordQueue } from "./queue";
import { lineOf, nanosecondsOf, ownerOf, PLATFORM, type Seal } from "./record";

/** Milliseconds. */
export const OFFLOAD_TIMES = {
  /** Until a record whose worker says nothing more is another's. */
  lock: 15_000,
  /** Between looks for such records. */
  stalled: 10_000,
  /** Of all, while Loki is away: the first pause, and the longest. */
  pause: { first: 250, most: 10_000 },
  /** Of one record, of whose organisation Loki takes no more at the moment. */
  busy: { first: 1_000, most: 60_000 },
  /** For what is under way when the service ends. */
  close: 6_000,
};

/** Records at once. Loki orders them by their time, whichever comes first. */
const AT_ONCE = 4;
/** Deliveries that Loki refuses before a record is set aside. */
export const REFUSALS = 5;
/** Attempts to bring a tenant its own copy, within five minutes: its limits, or its removal, must not fill the queue of all. */
export const OWN_ATTEMPTS = 10;
/** More than there will ever be: a limit that never ends anything. */
const NO_END = 1e9;

type Untaken = Exclude<Pushed, { readonly kind: "taken" }>;

export interface OffloadOptions {
  readonly access: RedisAccess;
  readonly queue: RecordQueue;
  readonly loki: Loki;
  readonly seal: Seal;
  /** How each delivery ended. */
  readonly onPush?: (result: PushResult) => void;
  readonly onProblem?: (problem: string) => void;
  readonly times?: typeof OFFLOAD_TIMES;
}

/**
 * Brings records from Redis to Loki, beside others who do the same: first the platform's copy, from which they are read again, then
 * the tenant's own. A record leaves Redis when Loki has the first, never before.
 */
export class Offload {
  readonly #times;
  readonly #clients: Redis[] = [];
  /** On which connection a job was begun. */
  readonly #begun = new WeakMap<Job, number>();
  #worker: Worker<Queued> | undefined;
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
    const worker = new Worker<Queued>(name, (job) => this.#deliver(job), {
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

  async #deliver(job: Job<Queued>): Promise<void> {
    // Whoever finds this record after a failover must see that it was begun.
    try {
      await this.#replicas?.have(this.#begun.get(job) ?? -1);
    } catch {
      throw Worker.RateLimitError(); // Back to the head.
    }
    const { data } = job;
    const redelivered = job.attemptsStarted > 1;
    if (data.ownAttempts === undefined) {
      const pushed = await this.#push(data, PLATFORM, redelivered);
      if (pushed.kind !== "taken") return this.#undelivered(job, pushed);
    }
    const owner = ownerOf(data);
    if (owner === PLATFORM) return;
    const pushed = await this.#push(data, owner, redelivered);
    if (pushed.kind !== "taken") return this.#ownUndelivered(job, pushed);
  }

  async #push(record: AuditRecord, keeper: OrgId, redelivered: boolean): Promise<Pushed> {
    const pushed = await this.#pushed(record, keeper, redelivered);
    this.options.onPush?.(pushed.kind);
    if (pushed.kind === "taken") this.#pauses = 0;
    return pushed;
  }

  async #pushed(record: AuditRecord, keeper: OrgId, redelivered: boolean): Promise<Pushed> {
    const { loki, seal } = this.options;
    const push = (at: string, late: boolean): Promise<Pushed> => {
      const line = lineOf(record, { redelivered, late }, seal);
      const { action } = record;
      if (line !== undefined) return loki.push({ keeper, owner: ownerOf(record), action, at, line });
      const problem = "the key of their seals is not known";
      return Promise.resolve({ kind: "away", answered: false, problem });
    };
    const pushed = await push(nanosecondsOf(record.id), false);
    return pushed.kind === "late" ? push(`${Date.now()}000000`, true) : pushed;
  }

  /** The tenant's own copy alone is missing. Returns when it is given up, and throws otherwise. */
  async #ownUndelivered(job: Job<Queued>, pushed: Untaken): Promise<void> {
    const { id, ownAttempts = 0 } = job.data;
    // No answer is of no tenant: everybody waits, and it is no attempt.
    const silent = pushed.kind === "away" && !pushed.answered;
    const attempts = silent ? ownAttempts : ownAttempts + 1;
    if (attempts >= OWN_ATTEMPTS) {
      this.options.onPush?.("given_up");
      this.options.onProblem?.(`the tenant gets no copy of the audit record ${id}: ${pushed.problem}`);
      return;
    }
    await job.updateData({ ...job.data, ownAttempts: attempts });
    return silent ? this.#undelivered(job, pushed) : this.#later(job, grown(this.#times.busy, attempts - 1));
  }

  /** Always throws: that is how BullMQ is told. */
  async #undelivered(job: Job<Queued>, pushed: Untaken): Promise<never> {
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

  async #later(job: Job<Queued>, milliseconds: number): Promise<never> {
    await job.moveToDelayed(Date.now() + milliseconds, job.token);
    throw new DelayedError();
  }
}

const grown = ({ first, most }: { readonly first: number; readonly most: number }, times: number): number =>
  Math.min(first * 2 ** Math.min(times, 20), most);
