import { SettingsError } from "../../policies/rules/settings";
import { ClientError } from "../client/error";
import { ConfigError } from "../config/problems";
import { LabError } from "../lab/error";
import { OperateError } from "../operate/error";

/** Exit codes that scripts can use. */
export const EXIT = { good: 0, violated: 1, badInput: 2, ourFault: 3 } as const;

/** What was asked for cannot be done as asked: one clear message, no stack trace, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Pulumi's own kind, by its own mark: what the program says of its settings, in the preview as under an engine. */
const isRunError = (error: unknown): error is Error => error instanceof Error && "__pulumiRunError" in error;

/** Prints what went wrong on standard error and returns the exit code that goes with it. */
export function report(error: unknown): number {
  if (
    error instanceof ConfigError ||
    error instanceof UsageError ||
    error instanceof SettingsError ||
    error instanceof LabError ||
    error instanceof OperateError ||
    error instanceof ClientError ||
    isRunError(error)
  ) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.badInput;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const where = Error.stackTraceLimit === 0 ? "\nATALAYA_DEBUG=true says where." : "";
  process.stderr.write(`atalaya failed; this is a fault of ours, not of your input.\n${detail}${where}\n`);
  return EXIT.ourFault;
}
