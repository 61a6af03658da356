import { spawn } from "node:child_process";
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
import { cacheDir } from "../../src/lab/servers/installed";
import { tempDir, waitUntil } from "../servers";

const ROOT = join(__dirname, "..", "..");

interface Command {
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** The command as npm runs it. */
function lab(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  const child = spawn(
    process.execPath,
    [join(ROOT, "scripts", "atalaya.mjs"), "lab", "--recorders", ...args],
    {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
  return { pid: child.pid ?? 0, output: () => output, ended };
}

const directoryIn = (output: string): string => /their files in (\S+)/.exec(output)?.[1] ?? "";
const pidsIn = (output: string): readonly number[] =>
  [...output.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("npm run lab", () => {
  it("says what it does and where everything is, and leaves nothing when it is stopped", async () => {
    const running = lab(["--free-ports"]);
    await waitUntil("the lab", () => running.output().includes("Ctrl-C stops it"), { timeoutMs: 150_000 });
    const output = running.output();
    const directory = directoryIn(output);
    for (const name of ["postgres", "keycloak", "redis", "collector", "auth", "envoy"])
      expect(output).toMatch(
        new RegExp(`^ +\\d+\\.\\d s  ${name} ready in \\d+\\.\\d s \\(pid \\d+\\)$`, "m"),
      );
    const outputs = JSON.parse(readFileSync(join(directory, "outputs.json"), "utf8")) as { tenants: object };
    expect(Object.keys(outputs.tenants)).toEqual(["co", "mx", "pe"]);
    const pids = pidsIn(output);
    expect(pids.filter(isAlive)).toHaveLength(6);
    process.kill(running.pid, "SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect([pids.filter(isAlive), existsSync(directory)]).toEqual([[], false]);
  }, 180_000);

  it("runs a command in it, and ends as that does", async () => {
    const script =
      'curl -sf "$ATALAYA_LAB_STORED/stored?tenant=tenant-mx" && curl -sf "$ATALAYA_LAB_HEALTH/ready" && exit 7';
    const { code, output } = await lab(["--once", "sh", "-c", script]).ended;
    expect(output).toMatch(/\[\]\nLIVE\n/);
    expect(code).toBe(7);
    expect([pidsIn(output).filter(isAlive), existsSync(directoryIn(output))]).toEqual([[], false]);
  }, 180_000);

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

  it.each([
    [["--once"], "lab --once: name the command that is to run in the lab.\n"],
    [["echo", "hi"], 'lab: to run "echo hi" in it, say --once echo hi\n'],
  ])("says how it is used: %j", async (args, message) => {
    expect(await lab(args).ended).toEqual({ code: 2, output: message });
  });
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
