/**
 * `npm run bench:engine -- [--sizes 100,500] [--rounds 1] [--checkpoints] [--json]`: the real engine's `up`, and one after it that changes nothing,
 * of our program and of a plain one that registers as many resources of the same kinds, with stand-in providers. How it is
 * measured: bench/README.md. It fails when an up fails or the second one changes anything, never for being slow.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sizeText, type Size } from "./engine/report";
import { upTwice, type Side, type Ups } from "./engine/side";
import { profileOf } from "./profile";
import { tenantList } from "./tenants";

const ROOT = process.env["ATALAYA_ROOT"] ?? resolve(__dirname, "..");
const BENCH = join(ROOT, ".cache", "bench");

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Writes what our program registers of a list, as the plain program is to do it, and returns how much it is. */
function writeProfile(tenants: number, list: string, profile: string): number {
  const output = `${profile}.preview`;
  const args = ["preview", "--stack", "dev", "--tenants", list, "--format", "json"];
  const { status } = spawnSync(process.execPath, [join("scripts", "atalaya.mjs"), ...args], {
    cwd: ROOT,
    stdio: ["ignore", openSync(output, "w"), "inherit"],
  });
  if (status !== 0) throw new Error(`The preview of ${tenants} tenants has failed.`);
  const { resources } = JSON.parse(readFileSync(output, "utf8")) as {
    readonly resources: Parameters<typeof profileOf>[0];
  };
  writeFileSync(profile, JSON.stringify(profileOf(resources, tenants)));
  return resources.length;
}

interface Options {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly checkpoints: boolean;
  readonly json: boolean;
}

async function compare(tenants: number, { rounds, checkpoints }: Options, directory: string): Promise<Size> {
  const list = join(directory, "tenants.yaml");
  const profile = join(directory, "profile.json");
  writeFileSync(list, tenantList(tenants));
  const resources = writeProfile(tenants, list, profile);
  const pairs: { ours: Ups; plain: Ups }[] = [];
  for (let round = 0; round < rounds; round++) {
    const side = async (name: string, more: Pick<Side, "profile">): Promise<Ups> => {
      say(`${tenants} tenants, ${resources} resources, round ${round + 1} of ${rounds}: ${name} ...`);
      const folder = join(directory, `${name}-${round}`);
      const ups = await upTwice(ROOT, { folder, tenants: list, checkpoints, ...more });
      rmSync(folder, { recursive: true });
      if (ups.again.counted["same"] !== resources)
        throw new Error(
          `The engine counts ${ups.again.counted["same"]} resources of ${name}, not ${resources}.`,
        );
      return ups;
    };
    const ours = () => side("ours", {});
    const plain = () => side("plain", { profile });
    // Who comes first changes.
    if (round % 2 === 0) pairs.push({ ours: await ours(), plain: await plain() });
    else {
      const first = await plain();
      pairs.push({ plain: first, ours: await ours() });
    }
  }
  return { tenants, resources, pairs };
}

/** Throws with what to write instead. */
function options(): Options {
  const { values } = parseArgs({
    options: {
      sizes: { type: "string", default: "100,500" },
      rounds: { type: "string", default: "1" },
      checkpoints: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { checkpoints, json } = values;
  const [sizes, rounds] = [values.sizes.split(",").map(Number), Number(values.rounds)];
  if (![...sizes, rounds].every((value) => Number.isInteger(value) && value > 0))
    throw new Error("--sizes (several with commas) and --rounds are whole numbers from 1");
  return { sizes, rounds, checkpoints, json };
}

async function main(): Promise<void> {
  const wanted = options();
  const before = loadavg();
  mkdirSync(BENCH, { recursive: true });
  const sizes: Size[] = [];
  for (const tenants of wanted.sizes) {
    const directory = mkdtempSync(join(BENCH, "engine-"));
    try {
      sizes.push(await compare(tenants, wanted, directory));
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? "", load: { before, after: loadavg() } };
  if (wanted.json) {
    process.stdout.write(`${JSON.stringify({ machine, ...wanted, sizes }, undefined, 2)}\n`);
    return;
  }
  const [from = 0, to = 0] = [machine.load.before[0], machine.load.after[0]];
  process.stdout.write(
    `${machine.cores} cores (${machine.cpu}), load ${from.toFixed(1)} before, ${to.toFixed(1)} after; ` +
      `rounds: ${wanted.rounds}; the state is written ${wanted.checkpoints ? "after every step" : "once, at the end"}\n` +
      sizes.map(sizeText).join(""),
  );
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
