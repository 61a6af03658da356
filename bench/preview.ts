/**
 * How a preview of ours compares with a plain SDK program under tsx that registers the same number and kinds of resources.
 *
 *   node --import tsx bench/preview.ts [--sizes 10,100,1000] [--ours "COMMAND"] [--runs 1]
 *
 * COMMAND is measured as it is, with {tenants} (a number) and {file} (a generated tenant list) replaced; it prints JSON with
 * `resources: [{ type, inputs }]`. Without it: the recorder alone, with a synthetic program.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { buildSync } from "esbuild";
import { profileOf } from "./profile";

const ROOT = resolve(__dirname, "..");
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

/** Tenants with nothing but what they must have. */
function tenantList(tenants: number): string {
  const lines = Array.from({ length: tenants }, (_, index) => {
    const number = String(index + 1).padStart(4, "0");
    return `  - { id: t${number}, name: "Tenant ${number}" }\n`;
  });
  return `tenants:\n${lines.join("")}`;
}

function syntheticCommand(): string {
  const outfile = join(CACHE, "bench", "record.js");
  buildSync({
    entryPoints: [join(ROOT, "bench", "record.ts")],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node24",
    format: "cjs",
  });
  return `${process.execPath} ${outfile} {tenants}`;
}

function compare(ours: string, tenants: number, runs: number, directory: string) {
  const file = join(directory, `tenants-${tenants}.yaml`);
  writeFileSync(file, tenantList(tenants));
  const command = ours
    .split(" ")
    .map((word) => word.replace("{tenants}", String(tenants)).replace("{file}", file));
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
      ours: { type: "string" },
      runs: { type: "string", default: "1" },
    },
  });
  mkdirSync(join(CACHE, "bench"), { recursive: true });
  const directory = mkdtempSync(join(CACHE, "bench", "run-"));
  const ours = values.ours ?? syntheticCommand();
  const table = new Table({
    head: ["tenants", "resources", "", "wall", "CPU", "peak memory"],
    colAligns: ["right", "right", "left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const size of values.sizes.split(",").map(Number)) {
    process.stderr.write(`${size} tenants ...\n`);
    const { tenants, resources, own, plain } = compare(ours, size, Number(values.runs), directory);
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
