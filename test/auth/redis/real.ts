import { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Principal } from "../../../src/auth/api/ports";
import type { RedisSettings } from "../../../src/auth/config";
import { RedisStore } from "../../../src/auth/redis/connection";
import type { DirectoryTenant, KeyRight } from "../../../src/model/directory";
import { SECRET_FILES } from "../../../src/model/secret-files";
import { REDIS_USER, redisUsers, renderRedis } from "../../../src/render/redis";
import { localInput, place } from "../../files/local";
import { loopback, server, start, tempDir, waitUntil, type Running } from "../../servers";
import { directory } from "../world";
import { PASSWORD } from "./password";

export { PASSWORD };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A real Redis with the rendered files, and somebody who may do all to it, for tests alone. */
export class RealRedis implements AsyncDisposable {
  readonly #dir = tempDir();
  #running: Running | undefined;
  #conf = "";
  port = 0;

  static async start(): Promise<RealRedis> {
    const redis = new RealRedis();
    const input = await localInput(redis.#dir.path);
    const { directories, ports } = input.topology.services.redis;
    const files = renderRedis(input);
    place(files);
    redis.port = ports.redis;
    redis.#conf = files[0]?.target ?? "";
    const everything = `user tester on #${sha256(PASSWORD)} ~* &* +@all\n`;
    const users = redisUsers(sha256(PASSWORD)) + everything;
    writeFileSync(join(directories.secrets, SECRET_FILES.redis.users), users);
    await redis.back();
    return redis;
  }

  get settings(): RedisSettings {
    return { addresses: [{ host: loopback, port: this.port }], user: REDIS_USER, passwordFile: "" };
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    process.kill(this.#running?.pid ?? 0, "SIGKILL");
    await this.#running?.stop();
  }

  /** As SIGSTOP and SIGCONT: it takes connections and answers nobody. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.#running?.pid ?? 0, signal);
  }

  async back(): Promise<void> {
    this.#running = await start(server("redis").bin, [this.#conf], { ready: { port: this.port } });
  }

  /** As the tester. */
  async asTester<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.port, loopback, { username: "tester", password: PASSWORD });
    try {
      return await ask(client);
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop();
    this.#dir.remove();
  }
}

const opened: RedisStore[] = [];
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
});

/** A store on it, which is closed after the test. */
export function open(
  settings: RedisSettings,
  onChange: (up: boolean, problem?: string) => void = () => undefined,
  password: () => string | undefined = () => PASSWORD,
): RedisStore {
  const store = new RedisStore({ settings, password, onChange });
  opened.push(store);
  store.start();
  return store;
}

export async function connected(...args: Parameters<typeof open>): Promise<RedisStore> {
  const store = open(...args);
  if (!(await untilUp(store, 5_000))) throw new Error("Redis was not connected to within 5 s");
  return store;
}

/** Waits until Redis is there. False when it takes too long. */
export const untilUp = (store: RedisStore, timeoutMs: number): Promise<boolean> =>
  waitUntil("Redis", () => store.up, { timeoutMs }).then(
    () => true,
    () => false,
  );
export const untilDown = (store: RedisStore): Promise<void> => waitUntil("Redis to be gone", () => !store.up);

export function tenantOf(id: string): DirectoryTenant {
  const tenant = directory.get(`tenant-${id}`);
  if (tenant === undefined) throw new Error(`no tenant ${id}`);
  return tenant;
}
export const RIGHTS: readonly KeyRight[] = ["logs:read", "logs:write", "metrics:read"];
export const principal = (id = "mx", changes: Partial<Principal> = {}): Principal => ({
  ...{ kind: "person", user: "somebody", tenant: tenantOf(id), rights: RIGHTS, scopes: [] },
  ...changes,
});
