import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SECRET_FILES } from "../../src/model/secret-files";
import { REDIS_PROBE_USER, REDIS_USER, redisUsers, renderRedis } from "../../src/render/redis";
import { sendTcp, server, start, tempDir, waitUntil, type Running } from "../servers";
import { localInput, place } from "./local";

const PASSWORD = "correct horse";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** redis.conf and the ACL file, as the real server takes them. */
describe("Redis with the rendered files", () => {
  const dir = tempDir();
  let port = 0;
  let redis: Running;

  beforeAll(async () => {
    const input = await localInput(dir.path);
    const { directories, ports } = input.topology.services.redis;
    port = ports.redis;
    const files = renderRedis(input);
    place(files);
    // Somebody who may look at the settings, for this test alone.
    const looker = `user looker on #${sha256(PASSWORD)} ~* &* +@all\n`;
    writeFileSync(join(directories.secrets, SECRET_FILES.redis.users), redisUsers(sha256(PASSWORD)) + looker);
    redis = await start(server("redis").bin, [files[0]?.target ?? ""], { ready: { port } });
  });
  afterAll(async () => {
    await redis.stop();
    dir.remove();
  });

  /** The answers to some commands on one connection. */
  async function ask(...commands: readonly string[]): Promise<readonly string[]> {
    const text = commands.map((command) => `${command}\r\n`).join("");
    const isWhole = (received: Buffer) => replies(received.toString()).length >= commands.length;
    return replies((await sendTcp(port, text, isWhole)).toString());
  }
  const as = (user: string, ...commands: readonly string[]) => ask(`AUTH ${user} "${PASSWORD}"`, ...commands);

  it("has the settings that we meant", async () => {
    const settings = ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "protected-mode"];
    expect(await as("looker", ...settings.map((name) => `CONFIG GET ${name}`))).toEqual([
      "+OK",
      "appendonly yes",
      "appendfsync always",
      `maxmemory ${192 * 1024 ** 2}`,
      "maxmemory-policy noeviction",
      "protected-mode yes",
    ]);
  });

  it("refuses whoever has no password, or a wrong one", async () => {
    expect(await ask("GET x")).toEqual(["-NOAUTH Authentication required."]);
    const [wrong] = await ask(`AUTH ${REDIS_USER} wrong`);
    expect(wrong).toMatch(/^-WRONGPASS/);
  });

  it("lets the auth service work and keeps the dangerous commands from it", async () => {
    expect(await as(REDIS_USER, "SET x 1", "GET x", "EXPIRE x 60", "DEL x")).toEqual([
      "+OK",
      "+OK",
      "1",
      ":1",
      ":1",
    ]);
    const dangerous = [
      "FLUSHALL",
      "KEYS *",
      "CONFIG GET *",
      "REPLICAOF NO ONE",
      "SHUTDOWN",
      "ACL LIST",
      "MONITOR",
    ];
    const [ok, ...answers] = await as(REDIS_USER, ...dangerous);
    expect(ok).toBe("+OK");
    expect(answers.map((answer) => answer.split(" ")[0])).toEqual(dangerous.map(() => "-NOPERM"));
  });

  it("answers the probe's PING and nothing else of it", async () => {
    const answers = await ask(`AUTH ${REDIS_PROBE_USER} anything`, "PING", "GET x", "INFO");
    expect(answers.map((answer) => answer.split(" ")[0])).toEqual(["+OK", "+PONG", "-NOPERM", "-NOPERM"]);
  });

  it("keeps what was written when it is killed", async () => {
    await as(REDIS_USER, "SET kept yes");
    process.kill(redis.pid, "SIGKILL");
    await redis.stop();
    const conf = join(dir.path, "redis", "config", "redis.conf");
    redis = await start(server("redis").bin, [conf], { ready: { port } });
    // It listens before it has read its files.
    await waitUntil(
      "Redis to load",
      async () => (await as(REDIS_USER, "GET kept"))[1]?.startsWith("-LOADING") === false,
    );
    expect(await as(REDIS_USER, "GET kept")).toEqual(["+OK", "yes"]);
  });
});

/** The whole replies in what was received, in Redis' protocol; an array is its items, joined. */
function replies(received: string): readonly string[] {
  const found: string[] = [];
  for (let rest = received; rest !== "";) {
    const one = reply(rest);
    if (one === undefined) break;
    [, rest] = one;
    found.push(one[0]);
  }
  return found;
}

function reply(text: string): readonly [value: string, rest: string] | undefined {
  const end = text.indexOf("\r\n");
  if (end < 0) return undefined;
  const [line, rest] = [text.slice(0, end), text.slice(end + 2)];
  const count = Number(line.slice(1));
  if (line.startsWith("$"))
    return rest.length < count + 2 ? undefined : [rest.slice(0, count), rest.slice(count + 2)];
  if (!line.startsWith("*")) return [line, rest];
  const items = replies(rest).slice(0, count);
  const size = items.reduce((sum, item) => sum + `$${item.length}\r\n${item}\r\n`.length, 0);
  return items.length < count ? undefined : [items.join(" "), rest.slice(size)];
}

describe("redisUsers", () => {
  it("takes a hash and nothing else, so that no password gets into it", () => {
    expect(() => redisUsers("secret")).toThrow("64 hexadecimal characters");
    expect(() => redisUsers(`${"a".repeat(64)} nopass`)).toThrow("64 hexadecimal characters");
  });
});
