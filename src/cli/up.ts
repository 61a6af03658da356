import { join } from "node:path";
import { parseOutputs } from "../client/outputs";
import { ClientError } from "../client/error";
import { leftovers, needsOf, preflight, type Finding, type Needs } from "../operate/docker/preflight";
import { recordRoot } from "../operate/pulumi/roots";
import type { PulumiStack } from "../operate/pulumi/stack";
import { formatViolation, headline } from "../preview/text";
import { STOPPED } from "../stack/program";
import { keepCertificate } from "./certificate";
import { EXIT } from "./errors";
import { projectRoot } from "./load";
import { recorded } from "./preview";
import { step } from "./progress";
import { readOutputs } from "./pulumi-outputs";
import { checkPassed, failed, needConsent, openStack, say, type StackCommandOptions } from "./stack-command";
import { colors, hasColor } from "./terminal";
import { whereToGo } from "./where-to-go";

/**
 * Brings a stack up: what was typed is judged first, then what this machine lacks, and only then is anything changed. Returns
 * the exit code.
 */
export async function up(passed: readonly string[], options: StackCommandOptions): Promise<number> {
  checkPassed("up", passed);
  needConsent("up", options);
  const { plan, recording } = await recorded({ stack: options.stack });
  const { passed: good, violations } = plan.policies;
  say(`${plan.environment.name}: ${headline(plan)}, ${verdict(good.length, violations.length)}`);
  if (violations.length > 0) {
    for (const violation of violations) process.stderr.write(`\n${formatViolation(violation)}\n`);
    process.stderr.write("\nNothing was changed.\n");
    return EXIT.violated;
  }
  const needs = needsOf(recording);
  if (!(await isGood(() => preflight(needs)))) return EXIT.badInput;
  return apply(await openStack(options.stack), needs, { passed, ...options });
}

/** Shows what is found; whether nothing of it is in the way. */
async function isGood(look: () => Promise<readonly Finding[]>): Promise<boolean> {
  const found = await step("Asking the Docker engine", look);
  if (found.length > 0) process.stderr.write(`\n${formatFindings(found, hasColor(process.stderr))}\n\n`);
  return found.every(({ severity }) => severity !== "error");
}

const verdict = (passed: number, violated: number): string =>
  violated === 0
    ? `all ${passed} policies pass`
    : `${violated} violation${violated === 1 ? "" : "s"} of policies`;

/** What this machine lacks, all at once. */
export function formatFindings(findings: readonly Finding[], color?: boolean): string {
  const { red, yellow } = colors(color);
  const of = (wanted: Finding["severity"]) => findings.filter(({ severity }) => severity === wanted);
  const listed = (title: string, found: readonly Finding[]): readonly string[] =>
    found.length === 0
      ? []
      : [title, ...found.flatMap(({ what, remedy }) => [`  - ${what}`, `    ${remedy}`])];
  return [
    ...listed(red("This machine cannot run it yet; nothing was changed:"), of("error")),
    ...listed(yellow("To be known:"), of("warning")),
  ].join("\n");
}

async function apply(
  stack: PulumiStack,
  needs: Needs,
  { passed, yes }: StackCommandOptions & { readonly passed: readonly string[] },
): Promise<number> {
  const size = await stack.size();
  if ((size ?? 0) === 0 && !(await isGood(() => leftovers(needs)))) return EXIT.badInput;
  if (size === undefined && (await stack.make())) {
    recordRoot(stack);
    say(madeNow(stack));
  }
  say("");
  const ran = await stack.watch(
    ["up", "--policy-pack", join(projectRoot(), "policies"), ...(yes ? ["--yes"] : []), ...passed],
    { [STOPPED]: undefined },
  );
  if (ran.code !== 0) return failed(stack, ran);
  recordRoot(stack);
  say(await report(stack));
  return EXIT.good;
}

/** What a person has to know once. */
export function madeNow({ name, decided: { encryption } }: Pick<PulumiStack, "name" | "decided">): string {
  const made = `Stack ${name} is new.`;
  if (encryption.kind !== "file" && encryption.kind !== "passphrase") return made;
  const salt = `Pulumi has written encryptionsalt to Pulumi.${name}.yaml, by which it knows the passphrase again: keep it there`;
  return encryption.kind === "file"
    ? `${made} ${salt}, and do not commit it: the passphrase is this machine's own, and colleagues could not open the stack with theirs.\nWithout ${encryption.path} nobody can read its secrets: back that directory up.`
    : `${made} ${salt}, and commit it where colleagues have the same passphrase, only there.`;
}

async function report(stack: PulumiStack): Promise<string> {
  const text = await step(`Reading the outputs of stack ${stack.name}`, () => readOutputs(stack));
  try {
    const outputs = parseOutputs(text);
    return `\n${whereToGo({ stack: stack.name, outputs, certificate: keepCertificate(stack.name, outputs.caCertificate) })}`;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    // Only a part of it may have been updated: `-- --target ...`.
    return `\nIt is up, as far as it was asked for. ${error.message}`;
  }
}
