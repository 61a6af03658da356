import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheDir } from "../../../src/lab/servers/installed";
import { tempDir, waitUntil } from "../../servers";
import { directoryIn, isAlive, lab, pidsIn, type Command } from "../lab-command";

describe("npm run lab, when it does not go well", () => {
  it("takes back what it has begun when it is interrupted", async () => {
    const running = lab(["--free-ports"]);
    await waitUntil("its first processes", () => pidsIn(running.output()).length >= 2, { timeoutMs: 60_000 });
    process.kill(running.pid, "SIGINT");
    const { code, output } = await running.ended;
    expect([code, output.includes("stopped before it was ready")]).toEqual([130, true]);
    expect([pidsIn(output).filter(isAlive), existsSync(directoryIn(output))]).toEqual([[], false]);
  }, 180_000);

  it.each([
    ["its starter", ({ pid }: Command) => pid],
    ["it", labOf],
  ])(
    "leaves nothing even when %s is killed",
    async (_who, victim) => {
      const running = lab(["--free-ports"]);
      await waitUntil("its first processes", () => pidsIn(running.output()).length >= 3, {
        timeoutMs: 60_000,
      });
      process.kill(victim(running), "SIGKILL");
      const left = () => pidsIn(running.output()).some(isAlive) || existsSync(directoryIn(running.output()));
      await waitUntil("the end of everything", () => !left(), { timeoutMs: 30_000 });
    },
    180_000,
  );

  it("stops the rest and shows one log's end when a server does not start", async () => {
    using cache = tempDir();
    // PostgreSQL, who is somebody else, has to get through.
    chmodSync(cache.path, 0o711);
    for (const name of readdirSync(cacheDir()))
      if (name !== "servers.json") symlinkSync(join(cacheDir(), name), join(cache.path, name));
    const servers = JSON.parse(readFileSync(join(cacheDir(), "servers.json"), "utf8")) as {
      redis: { bin: string };
    };
    servers.redis.bin = join(cache.path, "broken");
    writeFileSync(join(cache.path, "servers.json"), JSON.stringify(servers));
    writeFileSync(servers.redis.bin, "#!/bin/sh\necho out of luck\nexit 3\n", { mode: 0o755 });
    mkdirSync(join(cache.path, "tmp"));
    const env = { ATALAYA_CACHE: cache.path, TMPDIR: join(cache.path, "tmp") };
    const { code, output } = await lab(["--free-ports"], env).ended;
    expect(output).toMatch(/redis did not start: .*exit 3\nThe end of its log:\n {2}out of luck\n$/);
    expect([code, readdirSync(join(cache.path, "tmp"))]).toEqual([2, []]);
    expect(pidsIn(output).filter(isAlive)).toEqual([]);
  }, 60_000);
});

/** The lab itself: npm's script only starts it. */
const labOf = ({ pid }: Command): number =>
  Number(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
      .find((name) => readFileSync(`/proc/${name}/cmdline`, "utf8").includes("--free-ports")),
  );

const parentOf = (pid: string): number => {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return 0;
  }
};
