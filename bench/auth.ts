/**
 * `npm run bench:auth -- [--rounds 5] [--seconds 2] [--path jwt|key|person] [--json] [--ablate]`: what checking a request costs, beside the same Envoy
 * without any check. How it is measured: bench/README.md. It fails when something does not run, never for being slow.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { ablate } from "./auth/ablate";
import { Bench } from "./auth/bench";
import { accepted, compare, resultOf, type Schedule } from "./auth/compare";
import { paths, PATHS, type Path } from "./auth/paths";
import { resultsText, stepsText } from "./auth/report";
import { ladder, reduced, UNGUARDED } from "./auth/rungs";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function comparePaths(bench: Bench, wanted: readonly Path[], schedule: Schedule) {
  const guarded = await bench.edge("strict");
  const unguarded = await bench.edge("open", (bootstrap) => reduced(bootstrap, UNGUARDED));
  const measured = await accepted(wanted, guarded, bench.lab.ca, say);
  const pairs = await compare(bench.instruments, { guarded, unguarded }, measured, schedule, say);
  const results = measured.map((path) => resultOf(path, pairs));
  return { json: { results, pairs }, text: resultsText(results) };
}

async function ablateChain(bench: Bench, [path]: readonly Path[], schedule: Schedule) {
  if (path === undefined) throw new Error("There is no path to ablate.");
  const rungs = [];
  for (const rung of ladder(path.verifier)) {
    const edge = await bench.edge("open", (bootstrap) => reduced(bootstrap, rung));
    rungs.push({ rung, edge });
  }
  const steps = await ablate(bench.instruments, rungs, path, schedule, say);
  return { json: { path: path.name, steps }, text: stepsText(steps) };
}

interface Options {
  readonly schedule: Schedule;
  readonly path: string | undefined;
  readonly json: boolean;
  readonly ablate: boolean;
}

/** Throws with what to write instead. */
function options(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      seconds: { type: "string", default: "2" },
      path: { type: "string" },
      json: { type: "boolean", default: false },
      ablate: { type: "boolean", default: false },
    },
  });
  const { path, json, ablate: isAblation } = values;
  const rounds = Number(values.rounds ?? (isAblation ? 3 : 5));
  const schedule = { rounds, seconds: Number(values.seconds) };
  if (!Object.values(schedule).every((value) => Number.isInteger(value) && value > 0))
    throw new Error("--rounds and --seconds are whole numbers from 1");
  if (path !== undefined && !(PATHS as readonly string[]).includes(path))
    throw new Error(`--path is one of ${PATHS.join(", ")}`);
  return { schedule, path, json, ablate: isAblation };
}

async function main(): Promise<void> {
  const { schedule, path, json: asJson, ablate: isAblation } = options();
  const before = loadavg();
  say("starting the lab ...");
  await using bench = await Bench.start();
  const wanted = paths(bench.lab).filter(({ name }) => path === undefined || name === path);
  const { json, text } = await (isAblation ? ablateChain : comparePaths)(bench, wanted, schedule);
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? "", load: { before, after: loadavg() } };
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ machine, ...schedule, ...json }, undefined, 2)}\n`);
    return;
  }
  const [from = 0, to = 0] = [machine.load.before[0], machine.load.after[0]];
  process.stdout.write(
    `${machine.cores} cores (${machine.cpu}), load ${from.toFixed(1)} before, ${to.toFixed(1)} after; ` +
      `${schedule.rounds} rounds of ${schedule.seconds} s\n${text}`,
  );
}

main().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
