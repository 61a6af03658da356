import type { Sdk } from "./sdk";

export type Severity = "info" | "warning" | "error";
export type OnLog = (severity: Severity, message: string) => void;

/** Several things that went wrong in one recording, all of them in the message. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";

  constructor(readonly problems: readonly string[]) {
    super(listed(`${problems.length} problems:`, problems));
  }
}

/** At most this many lines: what follows is mostly a consequence of the first. */
const LISTED = 20;

export function listed(head: string, lines: readonly string[]): string {
  const more = lines.length > LISTED ? [`  and ${lines.length - LISTED} more`] : [];
  return [head, ...lines.slice(0, LISTED).map((line) => `  - ${line}`), ...more].join("\n");
}

export const toError = (problem: unknown): Error =>
  problem instanceof Error ? problem : new Error(String(problem));

/**
 * One error from all that went wrong, `undefined` if nothing did. A single one is handed on as it is: it is the program's own.
 * `failures` are what the monitor answered; the SDK repeats most of them with the resource's name in front.
 */
export function combine(
  problems: readonly unknown[],
  { failures, duplicates }: { readonly failures: readonly Error[]; readonly duplicates: ReadonlySet<string> },
): Error | undefined {
  const repeated = duplicates.size > 0 ? [duplicateError([...duplicates].sort())] : [];
  const all = [...repeated, ...problems.map(toError)];
  const silent = failures.filter(({ message }) => !all.some((error) => error.message.endsWith(message)));
  const distinct = new Map([...all, ...silent].map((error) => [error.message, error] as const));
  const errors = [...distinct.values()];
  return errors.length > 1 ? new RecordingError(errors.map(({ message }) => message)) : errors[0];
}

function duplicateError(urns: readonly string[]): Error {
  // Not `listed`: whoever renames one wants to see all that meet.
  const lines = urns.map((urn) => `\n  - ${urn}`).join("");
  return new Error(`these resources are registered more than once, give each a name of its own:${lines}`);
}

/** Node's own events for what nobody caught: the SDK relies on them to tell of an error in an `apply`. */
const STRAY = ["unhandledRejection", "uncaughtException"] as const;

/** Collects them instead of whoever else listens, a test runner or Node's crash, until restored. */
export function collectStrayErrors(): { readonly errors: unknown[]; restore: () => void } {
  const errors: unknown[] = [];
  const collect = (error: unknown): void => {
    if (!errors.includes(error)) errors.push(error);
  };
  type Listener = (...args: unknown[]) => void;
  const others = STRAY.map((event) => [event, process.rawListeners(event as "exit") as Listener[]] as const);
  for (const event of STRAY) process.removeAllListeners(event).on(event, collect);
  return {
    errors,
    restore: () => {
      for (const [event, listeners] of others) {
        process.removeListener(event, collect);
        for (const listener of listeners) process.on(event, listener);
      }
    },
  };
}

const toStderr: OnLog = (severity, message) => {
  process.stderr.write(`${severity}: ${message}\n`);
};

/** Without an engine the SDK would print to stdout. An error that is logged fails an `up`, so it fails a recording. */
export function captureLogs(
  { log, utils }: Sdk,
  onLog: OnLog = toStderr,
): { readonly errors: Error[]; restore: () => void } {
  const errors: Error[] = [];
  const original = { ...log };
  const { errorOutputString } = utils;
  const tell =
    (severity: Severity) =>
    (message: string): Promise<void> => {
      onLog(severity, message);
      return Promise.resolve();
    };
  log.debug = () => Promise.resolve();
  log.info = tell("info");
  log.warn = tell("warning");
  log.error = (message) => {
    errors.push(new Error(message));
    return Promise.resolve();
  };
  // An output in a template is a mistake that would be recorded as a sentence about mistakes.
  utils.errorOutputString = true;
  return {
    errors,
    restore: () => {
      Object.assign(log, original);
      utils.errorOutputString = errorOutputString;
    },
  };
}
