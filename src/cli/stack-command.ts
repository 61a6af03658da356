import { dockerHost } from "../operate/docker/engine";
import { otherRoot } from "../operate/pulumi/roots";
import { decideFor, isMissingHere, PulumiStack } from "../operate/pulumi/stack";
import { troubleOf } from "../operate/pulumi/troubles";
import type { Watched } from "../operate/pulumi/watch";
import { EXIT, UsageError } from "./errors";
import { projectRoot } from "./load";

export interface StackCommandOptions {
  readonly stack: string;
  /** Without asking. */
  readonly yes: boolean;
}

/** Ours to say, or what would take the policies' word away until everything is done. */
const OURS = [
  ...["--stack", "--skip-preview", "--policy-pack", "--policy-pack-config", "--plan", "--cwd"],
  // What was judged is what is applied, and here.
  ...["--config", "--config-file", "--config-path", "--remote", "--event-log", "--help"],
];
/** The same by their letters, alone, in a bunch or with a value behind: `-yf`, `-C/tmp`. */
const OUR_LETTERS = /^-[^-]*[sfCch]/;

/** What follows `--` is the CLI's own. Throws UsageError for what is not an option, and for those that are ours. */
export function checkPassed(command: string, passed: readonly string[]): void {
  const first = passed.find((one, index) => !one.startsWith("-") && (index === 0 || one.includes("://")));
  if (first !== undefined)
    throw new UsageError(
      `${command} ${first}: names nothing. The stack is --stack NAME; what is for the Pulumi CLI comes after --, as in: npx atalaya ${command} -- --diff`,
    );
  const taken = passed.find((one) => OURS.includes(one.split("=")[0] ?? "") || OUR_LETTERS.test(one));
  if (taken !== undefined)
    throw new UsageError(`${command} -- ${taken}: cannot be passed on to the Pulumi CLI by this command.`);
}

/** Whether somebody can be asked. The CLI sees it the same way. */
export const hasTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Throws UsageError where nobody can confirm. */
export function needConsent(command: string, { stack, yes }: StackCommandOptions): void {
  if (!yes && !hasTerminal())
    throw new UsageError(
      `${command} asks before it changes anything, and there is no terminal to ask on. To go ahead without: npm run ${command} -- --stack ${stack} --yes`,
    );
}

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Options that npm keeps for itself where no `--` stands before them: it says so by a variable. */
const KEPT_BY_NPM = ["stack", "with-data", "preview-only"];

/** Throws UsageError where npm has kept an option that was meant for us: what is left would mean something else. */
export function checkKeptByNpm(variables: NodeJS.ProcessEnv = process.env): void {
  const script = variables["npm_lifecycle_event"];
  if (script === undefined) return;
  const kept = KEPT_BY_NPM.filter((name) => (variables[`npm_config_${name.replace("-", "_")}`] ?? "") !== "");
  if (kept.length > 0)
    throw new UsageError(
      `npm kept ${kept.map((name) => `--${name}`).join(" and ")} for itself. Options come after --, as in: npm run ${script} -- --${kept[0] ?? ""}`,
    );
}

/** The stack with what it takes to change it, said in two lines. Throws OperateError. */
export async function openStack(stack: string): Promise<PulumiStack> {
  const opened = await PulumiStack.open({
    ...{ stack, root: projectRoot(), say: progress },
    dockerHost: await dockerHost(),
  });
  const { version, program, passedOver } = opened.cli;
  if (passedOver !== undefined) progress(passedOver);
  say(`Pulumi  ${version}, ${program}`);
  say(`State   ${opened.state}`);
  const other = otherRoot(opened);
  if (other !== undefined)
    progress(
      `Stack ${stack} was last updated from ${other}, and this is ${opened.root}: both work on the same environment.`,
    );
  return opened;
}

/** The same of a stack that must be there. */
export async function openExisting(stack: string): Promise<PulumiStack> {
  const missing = new UsageError(
    `There is no stack ${stack} where its state should be: nothing was brought up. npm run up -- --stack ${stack} does.`,
  );
  // Nothing is downloaded to say that.
  if (isMissingHere(decideFor({ stack, root: projectRoot() }), stack)) throw missing;
  const opened = await openStack(stack);
  if ((await opened.size()) === undefined) throw missing;
  return opened;
}

/** Says what is known about a failure, below what the CLI has said itself, and returns the exit code. */
export function failed(stack: PulumiStack, { said }: Pick<Watched, "said">): number {
  const known = troubleOf(said, stack.asked);
  if (known === undefined) return EXIT.violated;
  process.stderr.write(`\n${known.what}\n`);
  return known.kind === "input" ? EXIT.badInput : EXIT.violated;
}

/** ` --stack prod`; nothing for the one that is meant without. */
export const stackOption = (stack: string): string => (stack === "dev" ? "" : ` --stack ${stack}`);
/** The same for a script of npm's. */
export const npmOption = (stack: string): string => (stack === "dev" ? "" : ` -- --stack ${stack}`);
