import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, answers200, loopback, waitUntil } from "./net";

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Runs as nobody when this process is root: PostgreSQL refuses to run as root. */
  readonly unprivileged?: boolean;
}

/** A program that ended by itself. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** When a started process counts as ready: it accepts on a port of loopback, answers a GET with 200, or your own. */
export type Ready =
  | { readonly port: number }
  | { readonly url: string }
  | { readonly what: string; readonly check: () => Promise<boolean> };

/** A process that runs. Use `await using`, or call `stop` in `afterAll`. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Standard output and standard error, interleaved, so far. */
  output(): string;
  running(): boolean;
  /** Asks it to end, kills it after `graceMs` (5 s), and resolves when it has ended. Does nothing the second time. */
  stop(): Promise<void>;
}

/** A new folder, mode 0700. Use `using`, or call `remove` in `afterAll`. */
export interface TempDir extends Disposable {
  readonly path: string;
  remove(): void;
}

/** Debian's user and group `nobody`. */
export const nobody = 65_534;

/** A worker that is told to exit must not leave its servers behind. */
const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

function launch(program: string, args: readonly string[], options: ProcessOptions): ChildProcess {
  const drop = options.unprivileged === true && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const spawnOptions: SpawnOptions = {
    ...drop,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  };
  const child = spawn(program, args, spawnOptions);
  alive.add(child);
  child.once("close", () => alive.delete(child));
  return child;
}

function collect(stream: NodeJS.ReadableStream | null, into: (text: string) => void): void {
  stream?.setEncoding("utf8");
  stream?.on("data", into);
}

/** Runs a program to its end. Throws when it cannot be started, or is still running after `timeoutMs` (30 s). */
export function run(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  const { timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const child = launch(program, args, options);
    let [stdout, stderr, late] = ["", "", false];
    collect(child.stdout, (text) => (stdout += text));
    collect(child.stderr, (text) => (stderr += text));
    const bound = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(bound);
      if (late) reject(new Error(`${program} was still running after ${timeoutMs} ms:\n${stdout}${stderr}`));
      else resolve({ code, stdout, stderr });
    });
  });
}

function readiness(ready: Ready): { readonly what: string; readonly check: () => Promise<boolean> } {
  if ("port" in ready) return { what: `${loopback}:${ready.port}`, check: () => accepts(ready.port) };
  if ("url" in ready) return { what: ready.url, check: () => answers200(ready.url) };
  return ready;
}

/**
 * Starts a server and resolves when it is ready. Throws, with what the process said, when it ends before that or is
 * not ready after `timeoutMs` (20 s); then it runs no more.
 */
export async function start(
  program: string,
  args: readonly string[],
  options: ProcessOptions & {
    readonly ready: Ready;
    readonly stopSignal?: NodeJS.Signals;
    readonly graceMs?: number;
  },
): Promise<Running> {
  const { ready, stopSignal = "SIGTERM", graceMs = 5_000, timeoutMs = 20_000 } = options;
  const child = launch(program, args, options);
  let output = "";
  let ending: string | undefined;
  collect(child.stdout, (text) => (output += text));
  collect(child.stderr, (text) => (output += text));
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      ending = error.message;
      resolve();
    });
    child.once("close", (code, signal) => {
      ending ??= signal === null ? `exit ${code ?? "unknown"}` : `killed by ${signal}`;
      resolve();
    });
  });

  const stop = async (): Promise<void> => {
    if (ending !== undefined) return;
    child.kill(stopSignal);
    const bound = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(bound);
  };
  const { what, check } = readiness(ready);
  try {
    await waitUntil(what, async () => ending !== undefined || (await check()), { timeoutMs });
    if (ending !== undefined) throw new Error(`ended before ${what} was ready: ${ending}`);
  } catch (error) {
    await stop();
    throw new Error(`${program} ${args.join(" ")}: ${(error as Error).message}\n${output}`, { cause: error });
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    running: () => ending === undefined,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A new folder below the system's folder for temporary files. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "atalaya-"));
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove, [Symbol.dispose]: remove };
}
