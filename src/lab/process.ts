import { existsSync, readFileSync } from "node:fs";
import { LabError } from "./error";
import { start, type ProcessOptions, type Ready, type Running } from "./servers/process";

/** How a process of the lab is started, each time anew. */
export interface ProcessSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly options?: Omit<ProcessOptions, "logFile" | "ownGroup">;
  readonly ready: Ready;
  readonly stopSignal?: NodeJS.Signals;
  /** Before it is killed. */
  readonly graceMs?: number;
}

/** Until a process that says nothing else is ready. */
const TIMEOUT_MS = 60_000;
/** Of a log, for whoever asks why. */
const LAST_LINES = 12;

/** The last lines of a log, indented; or that there are none. */
export function lastLines(log: string, count = LAST_LINES): string {
  const text = existsSync(log) ? readFileSync(log, "utf8").trimEnd() : "";
  if (text === "") return "  (its log is empty)";
  return text
    .split("\n")
    .slice(-count)
    .map((line) => `  ${line.slice(0, 300)}`)
    .join("\n");
}

/** A process of the lab: may be killed, halted and started again. Ctrl-C does not reach it: the lab ends it in its own order. */
export class LabProcess {
  #running: Running | undefined;

  constructor(
    private readonly spec: ProcessSpec,
    /** The output of all its starts, one after the other. */
    readonly log: string,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get running(): boolean {
    return this.#running?.running() === true;
  }

  /** Of the last start. Throws when it never ran. */
  get pid(): number {
    if (this.#running === undefined) throw new LabError(`${this.name} was not started.`);
    return this.#running.pid;
  }

  /** Resolves when it is ready. Throws LabError, with the end of its log. */
  async start(abort?: AbortSignal): Promise<void> {
    if (this.running) return;
    const { program, args, options, ready, stopSignal, graceMs } = this.spec;
    try {
      this.#running = await start(program, args, {
        timeoutMs: TIMEOUT_MS,
        ...options,
        ready,
        logFile: this.log,
        ownGroup: true,
        ...(stopSignal !== undefined && { stopSignal }),
        ...(graceMs !== undefined && { graceMs }),
        ...(abort !== undefined && { abort }),
      });
    } catch (error) {
      abort?.throwIfAborted();
      const why = (error as { readonly cause?: Error }).cause?.message ?? (error as Error).message;
      throw new LabError(`${this.name} did not start: ${why}\nThe end of its log:\n${lastLines(this.log)}`, {
        cause: error,
      });
    }
  }

  /** Asks it to end and kills it when it takes too long. */
  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** At once, without a chance to finish anything. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#running?.ended;
  }

  /** Halts it: it keeps its connections and answers nobody. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.running) process.kill(this.pid, signal);
  }
}
