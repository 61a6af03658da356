import { PROJECT } from "../config";
import { dockerHost } from "../operate/docker/engine";
import { environmentName } from "../operate/docker/environment";
import { homePath } from "../operate/pulumi/home";
import { decideFor, isMissingHere, PulumiStack } from "../operate/pulumi/stack";
import { keepCopy } from "../operate/recovery/copies";
import { directoryOf, lockIn, type LockState } from "../operate/recovery/lock";
import { thisHost } from "../operate/recovery/processes";
import { recoverStack, type Outcome } from "../operate/recovery/recover";
import { SERVERS } from "../operate/recovery/servers";
import { stackCli } from "../operate/recovery/stack-cli";
import { ask } from "./ask";
import { EXIT, UsageError } from "./errors";
import { projectRoot } from "./load";
import { say } from "./stack-command";

export interface RecoverOptions {
  readonly stack: string;
  /** Nobody works on the stack, where that cannot be seen. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Puts in order what a killed update left, and returns the exit code. Throws UsageError, OperateError and ClientError. */
export async function recover({ stack, yes, dryRun }: RecoverOptions): Promise<number> {
  const root = projectRoot();
  const decided = decideFor({ stack, root });
  if (isMissingHere(decided, stack))
    throw new UsageError(
      `There is no stack ${stack} on this machine. Make it: npm run up -- --stack ${stack}`,
    );
  const opened = await PulumiStack.open({
    stack,
    root,
    say: (line) => process.stderr.write(`${line}\n`),
    dockerHost: await dockerHost(),
  });
  const outcome = await recoverStack({
    stack,
    pulumi: stackCli(opened),
    lock: () => lockOf(decided.backend.url, root, stack),
    servers: SERVERS,
    keep: (state) => keepCopy(homePath(process.env), stack, state),
    dryRun,
    confirm: (question) => confirm(question, yes),
    say,
  });
  if (outcome !== "refused")
    say(dryRun ? "Nothing was changed: this was --dry-run." : `Now: npm run up -- --stack ${stack}`);
  return EXIT_OF[outcome];
}

const EXIT_OF: Readonly<Record<Outcome, number>> = {
  recovered: EXIT.good,
  nothing: EXIT.good,
  refused: EXIT.violated,
};

/** Undefined for a backend that is no directory, or an older one. */
async function lockOf(url: string, root: string, stack: string): Promise<LockState | undefined> {
  const directory = directoryOf(url, root);
  return directory === undefined ? undefined : lockIn(directory, PROJECT, environmentName(stack), thisHost());
}

async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new UsageError(`${question} Nobody can be asked here: where it is certain, add --yes.`);
  return /^y(es)?$/i.test((await ask(`${question} (yes/no) `)) ?? "no");
}
