import { requireEngine } from "../operate/docker/answer";
import { besidesStopping, dataOf, volumeSizes, type Data } from "../operate/pulumi/data";
import type { PulumiStack } from "../operate/pulumi/stack";
import { parseExported } from "../operate/recovery/deployment";
import { stackCli } from "../operate/recovery/stack-cli";
import { STOPPED } from "../stack/program";
import { ask } from "./ask";
import { EXIT, UsageError } from "./errors";
import { loadStack } from "./load";
import { step } from "./progress";
import {
  checkPassed,
  failed,
  needConsent,
  npmOption,
  openExisting,
  say,
  type StackCommandOptions,
} from "./stack-command";
import { aligned, colors } from "./terminal";

export interface DestroyOptions extends StackCommandOptions {
  readonly withData: boolean;
}

/** Stops everything and keeps its data, or with --with-data removes all there is. Returns the exit code. */
export async function destroy(passed: readonly string[], options: DestroyOptions): Promise<number> {
  checkPassed("destroy", passed);
  if (options.withData && passed.length > 0)
    throw new UsageError(
      `destroy --with-data -- ${passed.join(" ")}: removes all there is, and takes nothing for the Pulumi CLI.`,
    );
  needConsent("destroy", options);
  // Its tenants are what an update would go by.
  if (!options.withData) loadStack({ stack: options.stack });
  await requireEngine();
  const stack = await openExisting(options.stack);
  return options.withData ? removeAll(stack, options) : stop(stack, passed, options);
}

const STOPPING = { [STOPPED]: "true" };

async function stop(stack: PulumiStack, passed: readonly string[], { yes }: DestroyOptions): Promise<number> {
  const { name } = stack;
  const steps = await step(`Looking what stops in ${name}`, () => stack.planned(STOPPING));
  const more = besidesStopping(steps);
  if (more.length > 0) throw new UsageError(notStoppingAlone(name, more));
  say(
    `\nContainers and networks of ${name} go; data, passwords and all that is in Keycloak and Grafana stay.\n`,
  );
  const ran = await stack.watch(["up", ...(yes ? ["--yes"] : []), ...passed], STOPPING);
  if (ran.code !== 0) return failed(stack, ran);
  say(
    [
      "",
      `${name} is stopped, and its data is kept.`,
      `  To start it again:     npm run up${npmOption(name)}`,
      `  To remove its data:    npm run destroy -- --stack ${name} --with-data`,
    ].join("\n"),
  );
  return EXIT.good;
}

/** Operations that are named. */
const MOST_NAMED = 5;

const notStoppingAlone = (name: string, more: readonly string[]): string =>
  [
    `${name} is not as its tenant list and settings say, and stopping it would change more than what runs (${more.length}):`,
    ...more.slice(0, MOST_NAMED).map((what) => `  - ${what}`),
    ...(more.length > MOST_NAMED ? ["  - ..."] : []),
    `Nothing was changed. Apply that first (npm run up${npmOption(name)}), or take the change back.`,
  ].join("\n");

async function removeAll(stack: PulumiStack, { yes }: DestroyOptions): Promise<number> {
  const { name } = stack;
  const state = stackCli(stack);
  const seen = await state.export();
  say(`\n${formatLost(name, dataOf(parseExported(seen)), await volumeSizes())}\n`);
  if (!yes && (await ask(`Type the stack's name to go ahead, ${name}: `)) !== name) {
    process.stderr.write("Nothing was changed.\n");
    return EXIT.violated;
  }
  if ((await state.export()) !== seen)
    throw new UsageError(`Stack ${name} has changed meanwhile, and nothing was removed. Look again.`);
  const unprotected = await stack.capture(["state", "unprotect", "--all", "--yes", "--stack", name]);
  if (unprotected.code !== 0) throw stack.problem(`Stack ${name} cannot be unprotected`, unprotected);
  const ran = await stack.watch(["destroy", "--yes"]);
  if (ran.code !== 0) {
    failed(stack, ran);
    process.stderr.write(
      `\nNot all of ${name} is removed. To go on: npm run destroy -- --stack ${name} --with-data\n`,
    );
    return EXIT.violated;
  }
  say(`\nNothing of ${name} is left. To begin anew: npm run up${npmOption(name)}`);
  return EXIT.good;
}

/** What nobody can bring back. */
export function formatLost(
  name: string,
  { volumes, tenants }: Data,
  sizes: ReadonlyMap<string, string>,
  color?: boolean,
): string {
  const { red, bold } = colors(color);
  const rows = volumes.map((volume) => [{ text: `    ${volume}` }, { text: sizes.get(volume) ?? "" }]);
  return [
    bold(red(`This removes all that ${name} has, for ever:`)),
    ...(tenants.length === 0
      ? []
      : [
          `  metrics, logs, traces and dashboards of ${count(tenants.length, "tenant")}: ${tenants.join(", ")}`,
        ]),
    "  every password, key and certificate of it, and all that is in Keycloak",
    `  ${count(volumes.length, "volume")}${volumes.length === 0 ? "" : ":"}`,
    ...(rows.length === 0 ? [] : [aligned(rows)]),
  ].join("\n");
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
