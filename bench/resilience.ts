/**
 * `npm run resilience [-- --seconds 40] [--rate 50] [--json]`: writes audit records, data and API keys on a real Redis with
 * replicas and Sentinels, kills the master twice meanwhile, brings the records to a real Loki, reads everything back and counts.
 * Exit 0: nothing that was acknowledged is lost, and every duplicate says that it may be one. 1: otherwise.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { projectRoot } from "../src/lab/root";
import { waitUntil } from "../test/servers";
import { readBack } from "./resilience/found";
import { killMaster } from "./resilience/kills";
import { type Result, resultOf, resultsText } from "./resilience/report";
import { World } from "./resilience/world";
import { Writers } from "./resilience/writers";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Milliseconds until all that is queued must be in Loki: a record whose worker was cut off waits for its lock's end. */
const DRAIN = 90_000;

interface Options {
  readonly seconds: number;
  /** Writes of each kind a second. */
  readonly rate: number;
  readonly json: boolean;
}

/** Throws with what to write instead. */
function options(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "40" },
      rate: { type: "string", default: "50" },
      json: { type: "boolean", default: false },
    },
  });
  const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
  if (!Number.isInteger(seconds) || seconds < 10 || seconds > 3_600)
    throw new Error("--seconds is a whole number from 10 to 3600");
  if (!Number.isInteger(rate) || rate < 1 || rate > 1_000)
    throw new Error("--rate is a whole number from 1 to 1000");
  return { seconds, rate, json: values.json };
}

async function underLoad(world: World, { seconds, rate }: Options) {
  const began = performance.now();
  const { writes } = world;
  const records = new Writers("record", writes.records, rate);
  const data = new Writers("data", writes.data, rate);
  const keys = new Writers("key", writes.keys, rate);
  const all = [records, data, keys];
  const failovers: number[] = [];
  try {
    for (const part of [0.15, 0.5]) {
      await sleep(Math.max(0, part * seconds * 1_000 - (performance.now() - began)));
      say(`killing the master (${failovers.length + 1} of 2) ...`);
      failovers.push(Math.round(await killMaster(world, all)));
    }
    await sleep(Math.max(0, seconds * 1_000 - (performance.now() - began)));
  } finally {
    // Also when nobody could write any more: they would try for ever.
    await Promise.all(all.map((writers) => writers.stop()));
  }
  const [written, stored, made] = await Promise.all([records.stop(), data.stop(), keys.stop()]);
  return { written, stored, made, failovers };
}

async function run(chosen: Options): Promise<{ readonly results: readonly Result[]; readonly failovers: readonly number[] }> {
  say("starting Redis with replicas and Sentinels, and Loki ...");
  await using world = await World.start();
  say(`writing for ${chosen.seconds} s, ${chosen.rate} of each kind a second ...`);
  const { written, stored, made, failovers } = await underLoad(world, chosen);
  say("bringing what is left to Loki ...");
  const [trail] = world.trails;
  await waitUntil("the queue to be empty", async () => {
    const left = await trail?.backlog();
    return left !== undefined && left.waiting + left.active + left.delayed === 0;
  }, { timeoutMs: DRAIN }).catch((error: unknown) => { say((error as Error).message); });
  const { ids, duplicates, unmarked } = await readBack(world);
  const inRedis = await world.stored();
  const results = [
    { ...resultOf("audit records", written, ids), duplicates, unmarked },
    resultOf("data entries", stored, inRedis.data),
    resultOf("API keys", made, inRedis.keys),
  ];
  return { results, failovers };
} // prettier-ignore

async function main(): Promise<void> {
  const chosen = options();
  const brought = spawnSync(
    process.execPath,
    [join(projectRoot(), "scripts", "servers.mjs"), "redis", "loki"],
    {
      stdio: ["ignore", 2, 2],
    },
  );
  if (brought.status !== 0) throw new Error("Redis and Loki are needed, and not all of it is here");
  const { results, failovers } = await run(chosen);
  const lost = results.reduce((sum, result) => sum + result.lost, 0);
  const unmarked = results.reduce((sum, result) => sum + (result.unmarked ?? 0), 0);
  if (chosen.json)
    process.stdout.write(`${JSON.stringify({ ...chosen, failovers, lost, results }, undefined, 2)}\n`);
  else {
    const took = failovers.map((milliseconds) => `${(milliseconds / 1_000).toFixed(1)} s`).join(" and ");
    process.stdout.write(
      `${resultsText(results)}\nThe master was killed twice; everybody wrote again after ${took}. `,
    );
    process.stdout.write(`Acknowledged writes lost: ${lost}\n`);
  }
  process.exitCode = lost > 0 || unmarked > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
