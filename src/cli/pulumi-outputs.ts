import { TIMED_OUT } from "../operate/command";
import { OperateError } from "../operate/error";
import { decideFor, isMissingHere, PulumiStack } from "../operate/pulumi/stack";
import { UsageError } from "./errors";
import { projectRoot } from "./load";

/** Milliseconds. A stack's state may be far away. */
const TIMEOUT_MS = 60_000;

/** Whatever way a stack's outputs are missing, there are two more to find an environment. */
const OTHERWISE = "Or name a file of its outputs (--outputs FILE), or the lab on this machine (--lab).";

const ARGS = ["stack", "output", "--json", "--show-secrets", "--stack"];

/** The outputs of a stack that was brought up, secrets included, as the Pulumi CLI prints them. Throws UsageError with a remedy. */
export async function pulumiOutputs(stack: string): Promise<string> {
  try {
    return await outputsOf(stack);
  } catch (error) {
    if (!(error instanceof OperateError)) throw error;
    throw new UsageError(`${error.message}\n${OTHERWISE}`, { cause: error });
  }
}

async function outputsOf(stack: string): Promise<string> {
  const options = {
    ...{ stack, root: projectRoot() },
    say: (line: string) => process.stderr.write(`${line}\n`),
  };
  // Said without a CLI, which would have to be downloaded for that.
  if (isMissingHere(decideFor(options), stack))
    throw new OperateError(
      `There is no stack ${stack} on this machine. Bring it up: npm run up -- --stack ${stack}`,
    );
  return readOutputs(await PulumiStack.open(options));
}

/** The same of a stack that is at hand. Throws OperateError, or UsageError where there are none. */
export async function readOutputs(stack: PulumiStack): Promise<string> {
  const read = await stack.capture([...ARGS, stack.name], TIMEOUT_MS);
  if (read.code === TIMED_OUT)
    throw new OperateError(
      `The Pulumi CLI did not print the outputs of stack ${stack.name} within ${TIMEOUT_MS / 1_000} s. Can its state be reached? Try: pulumi stack ls`,
    );
  if (read.code !== 0)
    throw stack.problem(`The Pulumi CLI cannot print the outputs of stack ${stack.name}`, read);
  if (read.stdout.trim() !== "" && read.stdout.trim() !== "{}") return read.stdout;
  throw new UsageError(
    `Stack ${stack.name} has no outputs: it was never brought up, or was destroyed. Run: npm run up -- --stack ${stack.name}`,
  );
}
