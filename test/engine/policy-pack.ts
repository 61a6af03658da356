import * as docker from "@pulumi/docker";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import main from "../../src/index";
import { tempDir } from "../servers";

const ROOT = join(__dirname, "..", "..");

/** Options of a command that is to run this project's policies. */
export const PACK = { policyPacks: [join(ROOT, "policies")] };

let provided = false;

/** Puts on PATH what the CLI runs a pack with: it comes with the official CLI, and is two lines. */
export function provideAnalyzer(): void {
  if (provided) return;
  provided = true;
  const directory = join(tempDir().path, "analyzer");
  mkdirSync(directory);
  const program = join(directory, "pulumi-analyzer-policy");
  const runner = join(ROOT, "node_modules/@pulumi/pulumi/cmd/run-policy-pack");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${runner}" "$@"\n`);
  chmodSync(program, 0o755);
  process.env["PATH"] = `${directory}${delimiter}${process.env["PATH"] ?? ""}`;
}

/** The product's program, to which somebody has added a container that the whole network may reach. */
export async function careless(): Promise<Record<string, unknown>> {
  const outputs = await main();
  new docker.Container("stray", {
    name: "stray",
    image: "docker.io/library/busybox:1.37.0",
    ports: [{ internal: 80, external: 8080 }],
  });
  return outputs;
}
