/**
 * One `pulumi up` in a process of its own, which is the program's: `node --import tsx bench/engine/program.ts <folder>
 * <where to write what it took> [<profile>]`. With a profile it is a plain program that registers as many, else ours.
 */
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "../profile";
import { registerAll } from "../resources";
import { measured, type Measured } from "./measured";

/** What the engine counted (`{ same: 4207 }`), and what it took. */
export interface Up extends Measured {
  readonly counted: Readonly<Record<string, number>>;
}

/** Loaded when the engine asks for the program, so that its packages are measured as well. */
async function ours(): Promise<Record<string, unknown>> {
  const { default: program } = await import("../../src/index.js");
  return program();
}

async function plain(file: string): Promise<void> {
  await registerAll(JSON.parse(readFileSync(file, "utf8")) as Profile);
}

async function main(): Promise<void> {
  const [folder = "", result = "", profile] = process.argv.slice(2);
  const command = await PulumiCommand.get({ root: folder });
  const commands = measured(command);
  const stack = await LocalWorkspace.createOrSelectStack(
    {
      stackName: "dev",
      projectName: "atalaya",
      program: profile === undefined ? ours : () => plain(profile),
    },
    { workDir: join(folder, "project"), pulumiCommand: command },
  );
  const { summary } = await stack.up();
  const up = commands.get("up");
  if (up === undefined) throw new Error("The Automation API has run no `pulumi up`.");
  writeFileSync(result, JSON.stringify({ ...up, counted: summary.resourceChanges ?? {} } satisfies Up));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
