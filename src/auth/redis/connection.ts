import { Redis, ReplyError, type RedisOptions } from "ioredis";
import { StoreUnavailable } from "../api/ports";
import { noTracing, type Tracing } from "../tracing/tracing";
import type { RedisSettings } from "../config";

/** No memory is left for what was to be written, or the tenant has its share: 507. */
export class StoreFull extends StoreUnavailable {}

/** Milliseconds. */
export const TIMES = {
  /** A command as a whole: shorter than Envoy waits for us (2 s). */
  command: 1_000,
  /** Without a word from Redis while it should answer: a new connection. */
  silence: 1_500,
  connect: 1_000,
  /** Until a connection that we leave is cut: one that hangs does not say goodbye. */
  goodbye: 200,
  /** Until a replica has a write as well. */
  replica: 500,
  /** Between attempts to connect, at most. */
  retry: 1_000,
};

/** Replicas that must have a write before it is acknowledged, where there are any. */
export const REPLICAS = 1;

export interface RedisStoreOptions {
  readonly settings: RedisSettings;
  /** The newest, asked for before each attempt to connect; undefined while nobody gave it. */
  readonly password: () => string | undefined;
  readonly tracing?: Tracing;
  /** Told when Redis is there, and when it is not any more, and why. */
  readonly onChange?: (up: boolean, problem?: string) => void;
}

type Argument = string | number | Buffer;

/**
 * Redis, on two connections: a write that waits for a replica holds up no lookup. Nothing is queued while it is away and nothing
 * is sent twice: what was not acknowledged is {@link StoreUnavailable} to who asked, and may have been written all the same.
 */
export class RedisStore {
  readonly #reads: Redis;
  readonly #writes: Redis;
  readonly #replicated: boolean;
  #closed = false;
  #wasUp = false;
  #told: string | undefined;

  constructor(private readonly options: RedisStoreOptions) {
    const { settings } = options;
    this.#replicated = settings.master !== undefined;
    this.#reads = this.#client();
    this.#writes = this.#client();
  }

  /** Whether both connections are there. */
  get up(): boolean {
    return this.#reads.status === "ready" && this.#writes.status === "ready";
  }

  /** Connects now, and again whenever a connection is lost. Waits for nothing. */
  start(): void {
    for (const client of [this.#reads, this.#writes])
      client.connect().catch(() => {
        // Told by its events, and tried again.
      });
  }

  close(): void {
    this.#closed = true;
    for (const client of [this.#reads, this.#writes]) client.disconnect();
  }

  /** Commands that change nothing, or nothing that matters. */
  read<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#traced("read", () => this.#read(ask));
  }

  async #read<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#reads);
    } catch (error) {
      throw judged(error);
    }
  }

  /**
   * Runs a script that writes. When it returns, the write is on the disk of the master (`appendfsync always`) and, where there
   * are replicas, with one of them: a failover does not lose it.
   */
  write(script: string, keys: readonly string[], values: readonly Argument[]): Promise<unknown> {
    return this.#traced("write", () => this.#write(script, keys, values));
  }

  #traced<T>(operation: "read" | "write", work: () => Promise<T>): Promise<T> {
    const { tracing = noTracing } = this.options;
    return tracing.span(`redis.${operation}`, { "db.system": "redis", "db.operation.name": operation }, work);
  }

  async #write(script: string, keys: readonly string[], values: readonly Argument[]): Promise<unknown> {
    // In one piece: on another connection WAIT would know nothing of the write.
    const pipeline = this.#writes.pipeline().eval(script, keys.length, ...keys, ...values);
    if (this.#replicated) pipeline.wait(REPLICAS, TIMES.replica);
    const [written, copied] = (await pipeline.exec()) ?? [];
    const error = written === undefined ? new Error("Redis has not answered.") : (written[0] ?? copied?.[0]);
    if (error !== null && error !== undefined) throw judged(error);
    if (this.#replicated && Number(copied?.[1]) < REPLICAS)
      throw new StoreUnavailable("No replica has the write.");
    return written?.[1];
  }

  #client(): Redis {
    const { password } = this.options;
    const client = new Redis({
      ...placeOf(this.options.settings),
      username: this.options.settings.user,
      ...secretOf(password(), this.#replicated),
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: TIMES.command,
      socketTimeout: TIMES.silence,
      connectTimeout: TIMES.connect,
      disconnectTimeout: TIMES.goodbye,
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      retryStrategy: (times) => {
        Object.assign(client.options, secretOf(password(), this.#replicated));
        return Math.min(50 * 2 ** Math.min(times, 10), TIMES.retry) * (0.9 + 0.2 * Math.random());
      },
    });
    const closed = "the connection was closed";
    let problem = closed;
    client.on("error", (error: Error) => {
      problem = error.message;
      this.#tell(problem);
    });
    client.on("ready", () => {
      problem = closed;
      // The other one may still be on its way.
      if (this.up) this.#tell(problem);
    });
    client.on("close", () => {
      this.#tell(problem);
    });
    return client;
  }

  /** Each change once, and each new reason. */
  #tell(problem: string): void {
    const { up } = this;
    if (this.#closed || (up === this.#wasUp && (up || problem === this.#told))) return;
    this.#wasUp = up;
    this.#told = up ? undefined : problem;
    this.options.onChange?.(up, up ? undefined : problem);
  }
}

/** Where Redis is, for each of its clients: the trail of the audit has connections of its own. */
export function placeOf({ addresses, master, user }: RedisSettings): Omit<RedisOptions, "replyMapping"> {
  if (master === undefined) return { ...addresses[0] };
  return {
    sentinels: [...addresses],
    name: master,
    sentinelUsername: user,
    sentinelCommandTimeout: TIMES.connect,
    sentinelRetryStrategy: (times) => Math.min(100 * times, TIMES.retry),
    // A master that is cut off from the Sentinels does not say so: they do.
    failoverDetector: true,
    sentinelReconnectStrategy: () => TIMES.retry,
  };
}

export const secretOf = (
  password = "",
  replicated: boolean,
): Pick<RedisOptions, "password" | "sentinelPassword"> => ({
  password,
  ...(replicated && { sentinelPassword: password }),
});

/** Answers of Redis that are a mistake of ours: to try again would not help. */
const OURS = /^(?:ERR|NOPERM|WRONGTYPE|NOSCRIPT)\b/;

/** What a failed command means to who asked. */
export function judged(error: unknown): unknown {
  if (!(error instanceof ReplyError)) return unavailable(error);
  const { message } = error as Error;
  if (message.startsWith("OOM")) return new StoreFull("Redis is full.");
  return OURS.test(message) ? error : unavailable(error);
}

const unavailable = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable("Redis does not answer.", { cause: error });
