import type { PulumiStack } from "../operate/pulumi/stack";
import type { Watched } from "../operate/pulumi/watch";
import { EXIT } from "./errors";
import {
  checkPassed,
  failed,
  needConsent,
  npmOption,
  openExisting,
  say,
  type StackCommandOptions,
} from "./stack-command";

export interface RefreshOptions extends StackCommandOptions {
  readonly previewOnly: boolean;
}

/** Looks what has been changed by hand, and returns the exit code. */
export async function refresh(passed: readonly string[], options: RefreshOptions): Promise<number> {
  checkPassed("refresh", passed);
  if (!options.previewOnly) needConsent("refresh", options);
  const stack = await openExisting(options.stack);
  say("");
  const ran = await stack.watch([
    "refresh",
    // The CLI takes one of both: what only looks needs no consent.
    ...(options.previewOnly ? ["--preview-only"] : options.yes ? ["--yes"] : []),
    ...passed,
  ]);
  if (ran.code !== 0) return failed(stack, ran);
  say(`\n${drifted(stack, ran, options)}`);
  return EXIT.good;
}

/** What is the same, or was never touched. */
const SAME = ["same", "read", "refresh"];

function drifted({ name }: PulumiStack, { changes }: Watched, { previewOnly }: RefreshOptions): string {
  const count = Object.entries(changes ?? {}).reduce(
    (sum, [operation, number]) => sum + (SAME.includes(operation) ? 0 : number),
    0,
  );
  if (count === 0) return `Nothing of ${name} was changed by hand.`;
  const things = `${count} thing${count === 1 ? " is" : "s are"}`;
  const known = previewOnly ? "" : " The state knows it now.";
  return `${things} not as the last update left ${count === 1 ? "it" : "them"}.${known} To make everything as it is declared: npm run up${npmOption(name)}`;
}
