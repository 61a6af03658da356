import type { RedisStore } from "./connection";

/** Of Redis' memory, what those may fill who put something in. The rest is for those who bring audit records out of it. */
const SHARE = 0.8;
/** Milliseconds between looks: in that time nobody puts in as much as is kept free. */
const LOOK = 2_000;

/** Whether Redis has room. Full of records, it would refuse even the scripts that take them out. */
export class Room {
  #full = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly redis: Pick<RedisStore, "read">) {}

  get full(): boolean {
    return this.#full;
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK);
    this.#timer.unref();
  }

  /** Never throws: while Redis is away, what was last known stands. */
  async look(): Promise<void> {
    try {
      this.#full = isFull(await this.redis.read((client) => client.info("memory")));
    } catch {
      // Told by the connection.
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** By Redis' own numbers; a Redis without a limit is never full. */
function isFull(info: string): boolean {
  const number = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const most = number("maxmemory");
  return most > 0 && number("used_memory") > most * SHARE;
}
