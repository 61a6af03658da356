import { recover } from "../../src/cli/recover";
import { report } from "../../src/cli/errors";
import { STACK } from "./stack";

/** The command in a process of its own, with a terminal that is a pipe: `[--dry-run] [--yes]`, the rest by the environment. */
async function main(): Promise<void> {
  const options = process.argv.slice(2);
  try {
    process.exitCode = await recover({
      stack: STACK,
      yes: options.includes("--yes"),
      dryRun: options.includes("--dry-run"),
    });
  } catch (error) {
    process.exitCode = report(error);
  }
}

void main();
