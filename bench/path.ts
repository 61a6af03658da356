/**
 * `npm run bench:path -- [--tenants 500] [--rounds 5] [--seconds 3] [--json]`: throughput and CPU of the whole way of telemetry, through Envoy
 * and the collector, with many tenants beside one and beside no check. How it is measured: bench/README.md. It fails when something
 * does not run or arrives wrongly, never for being slow.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { compare, resultOf, resultText } from "./path/compare";
import { openStage } from "./path/stage";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const ARMS = 3;
/** Tokens are signed once, and live for 5 minutes. Seconds. */
const LONGEST_RUN = 200;

function options() {
  const { values } = parseArgs({
    options: {
      tenants: { type: "string", default: "500" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  });
  const { json, ...numbers } = values;
  const [tenants = 0, rounds = 0, seconds = 0] = [numbers.tenants, numbers.rounds, numbers.seconds].map(
    Number,
  );
  if (![tenants, rounds, seconds].every((value) => Number.isInteger(value) && value > 0))
    throw new Error("--tenants, --rounds and --seconds are whole numbers from 1");
  if (rounds * ARMS * (seconds + 1) > LONGEST_RUN)
    throw new Error(`That takes longer than a token lives: at most ${LONGEST_RUN} s of slices.`);
  return { tenants, schedule: { rounds, seconds }, json };
}

async function main(): Promise<void> {
  const { tenants, schedule, json } = options();
  const before = loadavg();
  await using stage = await openStage(tenants, say);
  const rounds = await compare(stage, schedule, say);
  const result = resultOf(stage.arms, rounds);
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? "", load: { before, after: loadavg() } };
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ machine, tenants, ...schedule, ...result, rounds }, undefined, 2)}\n`,
    );
    return;
  }
  const [from = 0, to = 0] = [machine.load.before[0], machine.load.after[0]];
  process.stdout.write(
    `${machine.cores} cores (${machine.cpu}), load ${from.toFixed(1)} before, ${to.toFixed(1)} after; ` +
      `${schedule.rounds} rounds of ${schedule.seconds} s\n${resultText(result)}`,
  );
}

main().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
