import { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RedisSettings } from "../../../src/auth/config";
import type { RedisStore } from "../../../src/auth/redis/connection";
import { SECRET_FILES } from "../../../src/model/secret-files";
import { REDIS_USER, renderRedis } from "../../../src/render/redis";
import {
  REDIS_MASTER,
  replicatedUsers,
  replication,
  replicationSecret,
  sentinelConfig,
  sentinelUsers,
} from "../../../src/render/redis-sentinel";
import { localInput } from "../../files/local";
import { freePort, loopback, server, start, tempDir, type Running } from "../../servers";
import { PASSWORD } from "./password";

const HASH = createHash("sha256").update(PASSWORD).digest("hex");
/** Milliseconds that a master may be silent before Sentinels ask each other about it. */
export const DOWN_AFTER = 1_000;

interface Node {
  readonly port: number;
  readonly conf: string;
  running?: Running;
}

/** A master, two replicas and three Sentinels, all with the rendered files. */
export class Replicated implements AsyncDisposable {
  readonly #dir = tempDir();
  readonly nodes: Node[] = [];
  readonly sentinels: Node[] = [];

  static async start(): Promise<Replicated> {
    const all = new Replicated();
    try {
      for (let index = 0; index < 3; index++) all.nodes.push(await all.#node(index));
      for (const node of all.nodes) await all.run(node);
      for (let index = 0; index < 3; index++) all.sentinels.push(await all.#sentinel(index));
      for (const sentinel of all.sentinels) await all.run(sentinel, ["--sentinel"]);
      return all;
    } catch (error) {
      await all[Symbol.asyncDispose]();
      throw error;
    }
  }

  get settings(): RedisSettings {
    const addresses = this.sentinels.map(({ port }) => ({ host: loopback, port }));
    return { addresses, master: REDIS_MASTER, user: REDIS_USER, passwordFile: "" };
  }

  async run(node: Node, more: readonly string[] = []): Promise<void> {
    node.running = await start(server("redis").bin, [node.conf, ...more], { ready: { port: node.port } });
  }

  /** SIGKILL. */
  async kill(node: Node): Promise<void> {
    process.kill(node.running?.pid ?? 0, "SIGKILL");
    await node.running?.stop();
  }

  async #node(index: number): Promise<Node> {
    const root = join(this.#dir.path, `redis-${index}`);
    const input = await localInput(root);
    const { directories, ports } = input.topology.services.redis;
    const [file] = renderRedis(input);
    if (file === undefined) throw new Error("nothing is rendered for Redis");
    const [first] = this.nodes;
    const of = first === undefined ? undefined : { host: loopback, port: first.port };
    mkdirSync(dirname(file.target), { recursive: true });
    writeFileSync(file.target, `${file.content}${replication(of)}${replicationSecret(PASSWORD)}`);
    writeFileSync(join(directories.secrets, SECRET_FILES.redis.users), replicatedUsers(HASH));
    return { port: ports.redis, conf: file.target };
  }

  async #sentinel(index: number): Promise<Node> {
    const root = join(this.#dir.path, `sentinel-${index}`);
    mkdirSync(root);
    const port = await freePort();
    const usersFile = join(root, "users.acl");
    const master = { host: loopback, port: this.nodes[0]?.port ?? 0 };
    const options = { bind: loopback, port, directory: root, usersFile, master, quorum: 2 };
    writeFileSync(usersFile, sentinelUsers(HASH));
    const config = sentinelConfig({ ...options, downAfter: DOWN_AFTER, failover: 3_000 }, PASSWORD);
    writeFileSync(join(root, "sentinel.conf"), config);
    return { port, conf: join(root, "sentinel.conf") };
  }

  /** Whether every Sentinel knows both others and both replicas. */
  async complete(): Promise<boolean> {
    const known = await Promise.all(
      this.sentinels.map(async ({ port }) => {
        const client = new Redis(port, loopback, { username: "sentinel", password: PASSWORD });
        const info = await client.info("sentinel").finally(() => {
          client.disconnect();
        });
        return info.includes("slaves=2,sentinels=3");
      }),
    );
    return known.every(Boolean);
  }

  /** The node that this store writes to. */
  async masterOf(store: RedisStore): Promise<Node> {
    const info = await store.read((client) => client.info());
    const port = Number(/^tcp_port:(\d+)/m.exec(info)?.[1]);
    const node = this.nodes.find((one) => one.port === port);
    if (node === undefined || !/^role:master/m.test(info)) throw new Error(`port ${port} is no master`);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { running } of [...this.sentinels, ...this.nodes]) await running?.stop();
    this.#dir.remove();
  }
}
