import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A Docker engine of its own: what it keeps is in its directory, and no network of the machine is touched. */
export interface Dockerd {
  readonly host: string;
  readonly docker: (...args: readonly string[]) => string;
  readonly stop: () => Promise<void>;
}

/** Why there can be none here, or undefined: an engine has to be installed, and to be root. */
export function noDockerd(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "not root on Linux";
  const missing = ["dockerd", "containerd", "docker"].filter(
    (program) => spawnSync(program, ["--version"]).status !== 0,
  );
  return missing.length === 0 ? undefined : `no ${missing.join(", ")} on PATH`;
}

export const IMAGE = "atalaya/try:1";

export async function startDockerd(): Promise<Dockerd> {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-dockerd-"));
  const host = `unix://${join(directory, "socket")}`;
  const log = join(directory, "log");
  const child = spawn(
    "dockerd",
    [
      ...["--data-root", join(directory, "data"), "--exec-root", join(directory, "exec")],
      ...["--host", host, "--pidfile", join(directory, "pid")],
      ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"],
    ],
    { stdio: ["ignore", openSync(log, "a"), openSync(log, "a")] },
  );
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  const run = (args: readonly string[], input?: Buffer) =>
    spawnSync("docker", ["--host", host, ...args], {
      encoding: "utf8",
      ...(input !== undefined && { input }),
    });
  const docker = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = run(args);
    if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const patience = Date.now() + 60_000;
  while (run(["version"]).status !== 0) {
    await sleep(200);
    if (child.exitCode === null && Date.now() < patience) continue;
    const said = readFileSync(log, "utf8").split("\n").slice(-5).join("\n");
    await stop();
    throw new Error(`dockerd does not answer:\n${said}`);
  }
  const imported = run(["import", "-", IMAGE], smallImage(directory));
  if (imported.status !== 0) throw new Error(`docker import: ${imported.stderr}`);
  return { host, docker, stop };
}

/** This machine's own shell, in a file system of its own: nothing is pulled. */
function smallImage(directory: string): Buffer {
  const root = join(directory, "root");
  for (const program of ["sh", "sleep", "touch", "rm"]) {
    const bin = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
    copy(root, realpathSync(bin), join("bin", program));
    const { stdout } = spawnSync("ldd", [bin], { encoding: "utf8" });
    for (const [library] of stdout.matchAll(/\/\S+\.so\S*/g)) copy(root, realpathSync(library), library);
  }
  const { status, stdout, stderr } = spawnSync("tar", ["-C", root, "-c", "."], { maxBuffer: 64 * 1024 ** 2 });
  if (status !== 0) throw new Error(`tar: ${stderr.toString()}`);
  return stdout;
}

function copy(root: string, from: string, to: string): void {
  const target = join(root, dirname(to), basename(to));
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) cpSync(from, target);
}
