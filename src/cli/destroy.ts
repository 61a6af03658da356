import { createInterface } from "node:readline/promises";
import { dataOf, volumeSizes, withoutAccounts, type Data } from "../operate/pulumi/data";
import type { PulumiStack } from "../operate/pulumi/stack";
import { parseExported } from "../operate/recovery/deployment";
import { stackCli } from "../operate/recovery/stack-cli";
import { STOPPED } from "../stack/program";
import { EXIT, UsageError } from "./errors";
import { loadStack } from "./load";
import {
  checkPassed,
  failed,
  hasTerminal,
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
  needConsent("destroy", options);
  // Its tenants are what an update would go by.
  if (!options.withData) loadStack({ stack: options.stack });
  const stack = await openExisting(options.stack);
  return options.withData ? removeAll(stack, passed, options) : stop(stack, passed, options);
}

async function stop(stack: PulumiStack, passed: readonly string[], { yes }: DestroyOptions): Promise<number> {
  const { name } = stack;
  say(
    `\nContainers and networks of ${name} go; data, passwords and all that is in Keycloak and Grafana stay.\n`,
  );
  const ran = await stack.watch(["up", ...(yes ? ["--yes"] : []), ...passed], { [STOPPED]: "true" });
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

async function removeAll(
  stack: PulumiStack,
  passed: readonly string[],
  { yes }: DestroyOptions,
): Promise<number> {
  const { name } = stack;
  const state = stackCli(stack);
  const exported = parseExported(await state.export());
  say(`\n${formatLost(name, dataOf(exported), await volumeSizes())}\n`);
  if (!yes && !(await confirmed(name))) {
    process.stderr.write("Nothing was changed.\n");
    return EXIT.violated;
  }
  await state.import(JSON.stringify(withoutAccounts(exported)));
  const unprotected = await stack.capture(["state", "unprotect", "--all", "--yes", "--stack", name]);
  if (unprotected.code !== 0) throw stack.problem(`Stack ${name} cannot be unprotected`, unprotected);
  const ran = await stack.watch(["destroy", "--yes", ...passed]);
  if (ran.code !== 0) return failed(stack, ran);
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

async function confirmed(name: string): Promise<boolean> {
  if (!hasTerminal()) throw new UsageError("There is no terminal to confirm on.");
  const asked = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await asked.question(`Type the stack's name to go ahead, ${name}: `)).trim() === name;
  } finally {
    asked.close();
  }
}
