/**
 * `npm run bench:preview -- [--sizes 10,100,1000] [--runs 1]`: the whole preview as a user runs it (reading the list, registering,
 * rendering, every policy, printing JSON) beside a plain SDK program under tsx that only registers the same number and
 * kinds of resources, in one run.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { profileOf } from "./profile";
import { tenantList } from "./tenants";

const ROOT = process.env["ATALAYA_ROOT"] ?? resolve(__dirname, "..");
const CACHE = join(ROOT, ".cache");

/** Seconds, and megabytes at the peak of the process that used most. */
interface Usage {
  readonly wall: number;
  readonly cpu: number;
  readonly rss: number;
}

/** Runs a command with its output in a file. CPU is summed over all its Node processes. */
function measure(command: readonly string[], output: string): Usage {
  const usage = `${output}.usage`;
  rmSync(usage, { force: true });
  const [program = "", ...args] = command;
  const start = performance.now();
  const { status, error, signal } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: ["ignore", openSync(output, "w"), "inherit"],
    env: {
      ...process.env,
      ATALAYA_BENCH_USAGE: usage,
      NODE_OPTIONS: `--require ${JSON.stringify(join(ROOT, "bench", "usage.cjs"))} --max-old-space-size=8192`,
    },
  });
  const wall = (performance.now() - start) / 1_000;
  if (status !== 0) throw error ?? new Error(`${command.join(" ")} ended with ${String(status ?? signal)}`);
  const processes = readFileSync(usage, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { cpu: number; rss: number });
  return {
    wall,
    cpu: processes.reduce((sum, { cpu }) => sum + cpu, 0),
    rss: Math.max(...processes.map(({ rss }) => rss)),
  };
}

const fastest = (runs: readonly Usage[]): Usage =>
  runs.reduce((best, one) => (one.wall < best.wall ? one : best));

function compare(tenants: number, runs: number, directory: string) {
  const file = join(directory, `tenants-${tenants}.yaml`);
  writeFileSync(file, tenantList(tenants));
  const command = [
    process.execPath,
    join("scripts", "atalaya.mjs"),
    "preview",
    ...["--stack", "dev", "--tenants", file, "--format", "json"],
  ];
  const output = join(directory, `ours-${tenants}.json`);
  const repeat = (make: () => Usage): Usage => fastest(Array.from({ length: runs }, make));
  const own = repeat(() => measure(command, output));

  const { resources } = JSON.parse(readFileSync(output, "utf8")) as {
    resources: Parameters<typeof profileOf>[0];
  };
  const profile = join(directory, `profile-${tenants}.json`);
  writeFileSync(profile, JSON.stringify(profileOf(resources, tenants)));
  const plainCommand = [process.execPath, "--import", "tsx", join("bench", "plain.ts"), profile];
  const plain = repeat(() => measure(plainCommand, join(directory, `plain-${tenants}.txt`)));
  return { tenants, resources: resources.length, own, plain };
}

function main(): void {
  const { values } = parseArgs({
    options: {
      sizes: { type: "string", default: "10,100,1000" },
      runs: { type: "string", default: "1" },
    },
  });
  mkdirSync(join(CACHE, "bench"), { recursive: true });
  const directory = mkdtempSync(join(CACHE, "bench", "run-"));
  const table = new Table({
    head: ["tenants", "resources", "", "wall", "CPU", "peak memory"],
    colAligns: ["right", "right", "left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const size of values.sizes.split(",").map(Number)) {
    process.stderr.write(`${size} tenants ...\n`);
    const { tenants, resources, own, plain } = compare(size, Number(values.runs), directory);
    const cells = ({ wall, cpu, rss }: Usage): string[] => [
      `${wall.toFixed(1)} s`,
      `${cpu.toFixed(1)} s`,
      `${Math.round(rss)} MB`,
    ];
    const times = (key: keyof Usage): string => `${(plain[key] / own[key]).toFixed(1)}x`;
    table.push(
      [tenants, resources, "ours", ...cells(own)],
      ["", "", "plain SDK, tsx", ...cells(plain)],
      ["", "", "plain / ours", times("wall"), times("cpu"), times("rss")],
    );
  }
  process.stdout.write(`${table.toString()}\n`);
  rmSync(directory, { recursive: true });
}

main();
