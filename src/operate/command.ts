import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";

export interface CommandOptions {
  readonly cwd?: string;
  /** Beside this process's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface AttachedOptions extends CommandOptions {
  /** Where its standard output goes: what a program reads of us stays ours. */
  readonly stdoutTo?: "stderr";
}

export interface CaptureOptions extends CommandOptions {
  /** Milliseconds; then it is killed, and its code is {@link TIMED_OUT}. */
  readonly timeoutMs?: number;
  /** What it reads on standard input; nothing without it. */
  readonly input?: string;
}

export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** There is no such program on PATH, or it may not be run. */
  readonly missing: boolean;
}

/** As coreutils' `timeout` says it. */
export const TIMED_OUT = 124;
/** As a shell says it. */
const NOT_FOUND = 127;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export const environment = ({ env }: CommandOptions): NodeJS.ProcessEnv => ({ ...process.env, ...env });

export const exitCode = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + constants.signals[signal ?? "SIGKILL"];

/** Runs a program and returns what it printed; never throws because of the program. */
export function capture(
  program: string,
  args: readonly string[],
  options: CaptureOptions = {},
): Promise<Captured> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: environment(options),
      stdio: ["pipe", "pipe", "pipe"],
    });
    const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
      // What it started may hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, options.timeoutMs ?? 0x7fffffff);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ code: NOT_FOUND, stdout: "", stderr: error.message, missing: true });
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const ended = timedOut ? TIMED_OUT : exitCode(code, signal);
      resolve({ code: ended, stdout: stdout(), stderr: stderr(), missing: false });
    });
    // It may end without having read what it was given.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/**
 * Runs a program with this process's own terminal, until it ends, and returns its exit code. A terminal sends Ctrl-C to both; a
 * signal that came to this process alone is passed on. Throws when it cannot be started.
 */
export function attached(
  program: string,
  args: readonly string[],
  options: AttachedOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: environment(options),
      stdio: ["inherit", options.stdoutTo === "stderr" ? 2 : "inherit", "inherit"],
    });
    const restore = passSignals(child);
    child.once("error", (error) => {
      restore();
      reject(error);
    });
    child.once("close", (code, signal) => {
      restore();
      resolve(exitCode(code, signal));
    });
  });
}

/** Milliseconds. npm and scripts/atalaya.mjs pass a signal on that came to all of us: it is the same one. */
const SAME_SIGNAL_MS = 1_000;

/** This process lives as long as the child does, so that the child can end in order. Returns how to stop that. */
export function passSignals(child: ChildProcess): () => void {
  // The child has the terminal's Ctrl-C already; a second one would kill what the first asked to end in order.
  const terminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  let last = -Infinity;
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      const now = performance.now();
      if ((signal !== "SIGINT" || !terminal) && now - last > SAME_SIGNAL_MS) child.kill(signal);
      last = now;
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const restore of listeners) restore();
  };
}
