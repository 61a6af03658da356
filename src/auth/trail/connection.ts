import { Redis, type RedisOptions } from "ioredis";
import { StoreUnavailable } from "../api/ports";
import type { RedisSettings } from "../config";
import { placeOf, REPLICAS, secretOf, TIMES } from "../redis/connection";

export interface RedisAccess {
  readonly settings: RedisSettings;
  /** The newest, asked for before each attempt to connect; undefined while nobody gave it. */
  readonly password: () => string | undefined;
}

type Options = Omit<RedisOptions, "replyMapping">;

/** Milliseconds without a word from Redis while it should answer: a worker waits for work for ten seconds at most. */
const SILENCE = { commands: 5_000, waiting: 15_000 };

/** For who waits for an answer: nothing is queued while Redis is away, and nothing is sent twice. */
export const promptClient = (access: RedisAccess): Redis =>
  connect(access, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: TIMES.command,
    socketTimeout: TIMES.silence,
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });

/**
 * For the worker, who has time: what Redis did not answer is sent again when it is back. BullMQ makes a second one of it, to
 * wait for work with, which `made` is told.
 */
export function patientClient(access: RedisAccess, made: (client: Redis) => void): Redis {
  const options = (silence: number): Options => ({
    maxRetriesPerRequest: null,
    socketTimeout: silence,
    // With a pause between: BullMQ would ask again at once. 2: and what was refused is sent again.
    reconnectOnError: (error) =>
      /^(?:READONLY|NOREPLICAS|MASTERDOWN|LOADING)/.test(error.message) ? 2 : false,
  });
  const client = connect(access, options(SILENCE.commands));
  client.duplicate = () => {
    const second = connect(access, options(SILENCE.waiting));
    made(second);
    return second;
  };
  return client;
}

function connect({ settings, password }: RedisAccess, options: Options): Redis {
  const replicated = settings.master !== undefined;
  const client = new Redis({
    ...placeOf(settings),
    username: settings.user,
    ...secretOf(password(), replicated),
    lazyConnect: true,
    connectTimeout: TIMES.connect,
    disconnectTimeout: TIMES.goodbye,
    retryStrategy: (times) => {
      Object.assign(client.options, secretOf(password(), replicated));
      return Math.min(50 * 2 ** Math.min(times, 10), TIMES.retry) * (0.9 + 0.2 * Math.random());
    },
    ...options,
  });
  // Told by who uses it, if at all; without a listener ioredis would print it.
  client.on("error", () => undefined);
  return client;
}

/** Says whether writes of a connection are with a replica. */
export class Replicas {
  #connections = 0;

  constructor(
    private readonly client: Redis,
    private readonly replicated: boolean,
  ) {
    client.on("close", () => this.#connections++);
  }

  /** To be taken before the write, for {@link have}. */
  get connection(): number {
    return this.#connections;
  }

  /**
   * Waits until a replica has all that this connection has written. Throws {@link StoreUnavailable} when none has it in time,
   * and when it is another connection by now: that one knows of no write, and would have nothing to wait for.
   */
  async have(connection: number): Promise<void> {
    if (!this.replicated) return;
    const copies = connection === this.#connections ? await this.client.wait(REPLICAS, TIMES.replica) : 0;
    if (copies < REPLICAS || connection !== this.#connections)
      throw new StoreUnavailable("No replica has the write.");
  }
}
