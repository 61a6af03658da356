import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guard } from "./guard";
import { accepts, answers200, loopback, waitUntil } from "./net";

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Runs as nobody when this process is root: PostgreSQL refuses to run as root. */
  readonly unprivileged?: boolean;
  /** Where its output is appended, instead of being kept in memory. */
  readonly logFile?: string;
  /** Out of the terminal's reach: Ctrl-C is for this process, which ends that one in its own order. */
  readonly ownGroup?: boolean;
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
  /** Resolves when it has ended, by itself or because it was told to. */
  readonly ended: Promise<void>;
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

function launch(program: string, args: readonly string[], options: ProcessOptions): ChildProcess {
  const drop = options.unprivileged === true && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const spawnOptions: SpawnOptions = {
    ...drop,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    detached: options.ownGroup === true,
  };
  const child = spawnTo(options.logFile, (stdio) => spawn(program, args, { ...spawnOptions, stdio }));
  const { pid } = child;
  if (pid !== undefined) {
    guard.process(pid);
    child.once("exit", () => {
      guard.ended(pid);
    });
  }
  return child;
}

function spawnTo(
  logFile: string | undefined,
  launchWith: (stdio: SpawnOptions["stdio"]) => ChildProcess,
): ChildProcess {
  if (logFile === undefined) return launchWith(["ignore", "pipe", "pipe"]);
  const log = openSync(logFile, "a", 0o600);
  try {
    return launchWith(["ignore", log, log]);
  } finally {
    closeSync(log);
  }
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
    /** Gives up waiting for it, and ends it. */
    readonly abort?: AbortSignal;
  },
): Promise<Running> {
  const { ready, stopSignal = "SIGTERM", graceMs = 5_000, timeoutMs = 20_000, abort } = options;
  const child = launch(program, args, options);
  const { logFile } = options;
  let collected = "";
  const output = () => (logFile === undefined ? collected : readFileSync(logFile, "utf8"));
  let ending: string | undefined;
  collect(child.stdout, (text) => (collected += text));
  collect(child.stderr, (text) => (collected += text));
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
    // One that was halted would hear of it only when it goes on.
    child.kill("SIGCONT");
    const bound = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(bound);
  };
  const { what, check } = readiness(ready);
  try {
    const settled = () => ending !== undefined || abort?.aborted === true;
    await waitUntil(what, async () => settled() || (await check()), { timeoutMs });
    abort?.throwIfAborted();
    if (ending !== undefined) throw new Error(`ended before ${what} was ready: ${ending}`);
  } catch (error) {
    await stop();
    throw new Error(`${program} ${args.join(" ")}: ${(error as Error).message}\n${output()}`, {
      cause: error,
    });
  }
  return {
    pid: child.pid ?? 0,
    ended,
    output,
    running: () => ending === undefined,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A new folder below the system's folder for temporary files. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "atalaya-"));
  guard.directory(path);
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
    guard.removed(path);
  };
  return { path, remove, [Symbol.dispose]: remove };
}
