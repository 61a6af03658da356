import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { cacheDir, pins } from "../../src/lab/servers/installed";

export const ROOT = join(__dirname, "..", "..");
export const WORKFLOWS = join(ROOT, ".github", "workflows");

export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}
export interface Job {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly environment?: unknown;
  readonly if?: string;
  readonly "runs-on": string;
  readonly steps: readonly Step[];
}
export interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

export const names = (): readonly string[] => readdirSync(WORKFLOWS).sort();
export const textOf = (name: string): string => readFileSync(join(WORKFLOWS, name), "utf8");
export const workflow = (name: string): Workflow => parse(textOf(name)) as Workflow;

/** A program that the workflows are tested with, as `npm run servers` installed it. Throws when it is missing. */
export function tool(name: "actionlint" | "zizmor" | "pulumi"): string {
  const wanted = pins()[name]?.version ?? "";
  const listed = JSON.parse(readFileSync(join(cacheDir(), "servers.json"), "utf8")) as Readonly<
    Record<string, { readonly version: string; readonly bin: string } | undefined>
  >;
  const found = listed[name];
  if (found?.version !== wanted) throw new Error(`${name} ${wanted} is not installed. Run: npm run servers`);
  return found.bin;
}

/** The one step of a workflow with this name. */
export function step(file: string, name: string): Step {
  const found = Object.values(workflow(file).jobs)
    .flatMap(({ steps }) => steps)
    .filter((one) => one.name === name);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} steps "${name}" in ${file}`);
  return found[0];
}

/** A step's environment, with GitHub's expressions answered from a table. Throws for one that the table does not have. */
export function environmentOf(
  { env = {} }: Step,
  answers: Readonly<Record<string, string>>,
): Record<string, string> {
  const answered = (text: string): string =>
    text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const answer = answers[expression];
      if (answer === undefined) throw new Error(`nobody says what ${expression} is`);
      return answer;
    });
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, answered(value)]));
}
