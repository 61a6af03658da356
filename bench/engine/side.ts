import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { pulumiCommand } from "../../test/engine/cli";
import { serveStandIns } from "../../test/engine/provider/server";
import { World } from "../../test/engine/provider/world";
import { run } from "../../test/servers";
import type { Up } from "./program";

/** The first `up` of a stack, and the one after it. */
export interface Ups {
  readonly first: Up;
  readonly again: Up;
}

export interface Side {
  /** The stack's own, and its backend's. */
  readonly folder: string;
  readonly tenants: string;
  /** Of the plain program; ours has none. */
  readonly profile?: string;
  /** Whether the engine writes the state after every step, as it does by itself. */
  readonly checkpoints: boolean;
}

const TIMEOUT_MS = 4 * 3_600_000;

/** Two ups of a new stack. Throws when one fails, or when the second one is not without changes. */
export async function upTwice(root: string, { folder, tenants, profile, checkpoints }: Side): Promise<Ups> {
  await using providers = await serveStandIns(new World(), { refuse: false });
  for (const name of ["project", "backend"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "project", "Pulumi.dev.yaml"), settings(root, tenants));
  await pulumiCommand(folder);
  const env = {
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_DEBUG_PROVIDERS: providers.attach,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_SKIP_CHECKPOINTS: String(!checkpoints),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_OPTIONS: "--max-old-space-size=16384",
  };
  const up = async (): Promise<Up> => {
    const result = join(folder, "up.json");
    const program = join("bench", "engine", "program.ts");
    const args = ["--import", "tsx", program, folder, result, ...(profile === undefined ? [] : [profile])];
    const { code, stderr } = await run(process.execPath, args, { cwd: root, env, timeoutMs: TIMEOUT_MS });
    if (code !== 0) throw new Error(`An up has failed:\n${stderr}`);
    return JSON.parse(readFileSync(result, "utf8")) as Up;
  };
  const ups = { first: await up(), again: await up() };
  checkCounts(ups, profile === undefined ? "our program" : "the plain program");
  return ups;
}

/** This project's own stack, with another tenant list. */
function settings(root: string, tenants: string): string {
  const { config } = parse(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as { config: object };
  return stringify({ config: { ...config, "atalaya:tenants": tenants } });
}

/** Throws unless the first up has made everything and the second one has found it all as it is to be. */
function checkCounts({ first, again }: Ups, who: string): void {
  const { create = 0, ...others } = first.counted;
  const { same = 0, ...changes } = again.counted;
  if (create === 0 || Object.keys(others).length > 0)
    throw new Error(`The first up of ${who} did ${JSON.stringify(first.counted)} and not only create.`);
  if (same !== create || Object.keys(changes).length > 0)
    throw new Error(
      `The second up of ${who} should find ${create} resources unchanged, but it did ${JSON.stringify(again.counted)}.`,
    );
}
