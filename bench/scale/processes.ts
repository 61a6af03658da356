import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Lab } from "../../src/lab/lab";
import { loopback } from "../../src/lab/servers/net";
import { start, type Running } from "../../src/lab/servers/process";

/** Resident memory, in bytes. */
export function memoryOf(pid: number): number {
  const [, kilobytes = ""] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1_024;
}

const zeroes = (file: string): readonly string[] =>
  readFileSync(file, "utf8")
    .split("\0")
    .filter((part) => part !== "");

/** Complete, by rename: as a host does. */
export function replace(target: string, content: string): void {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, content);
  renameSync(`${target}.new`, target);
}

export interface AuthService extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Where it looks for them. */
  readonly files: { readonly directory: string; readonly keys: string };
  readonly pepper: string;
}

/** The lab's own auth service once more: the same bundle and settings, with tenants of its own and without a store. */
export async function startAuth(
  lab: Lab,
  directory: string,
  port: number,
  content: (pepper: string) => { readonly directory: string; readonly keys: string },
): Promise<AuthService> {
  const { pid } = lab.processes.auth;
  const [program = "", ...args] = zeroes(`/proc/${pid}/cmdline`);
  const settings = Object.fromEntries(
    zeroes(`/proc/${pid}/environ`).map((line) => [
      line.slice(0, line.indexOf("=")),
      line.slice(line.indexOf("=") + 1),
    ]),
  );
  const pepperFile = settings["ATALAYA_PEPPER_FILE"] ?? "";
  const pepper = readFileSync(pepperFile, "utf8").trim();
  const files = { directory: join(directory, "tenants.json"), keys: join(directory, "keys.json") };
  const first = content(pepper);
  replace(files.directory, first.directory);
  replace(files.keys, first.keys);
  const running: Running = await start(program, args, {
    env: {
      ...settings,
      ATALAYA_LISTEN_PORT: `${port}`,
      ATALAYA_DIRECTORY_FILE: files.directory,
      ATALAYA_KEYS_FILE: files.keys,
    },
    logFile: join(directory, "auth.log"),
    ready: { url: `http://${loopback}:${port}/ready` },
  });
  return { pid: running.pid, port, files, pepper, [Symbol.asyncDispose]: () => running.stop() };
}
