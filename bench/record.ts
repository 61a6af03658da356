/**
 * Records the synthetic program and prints the recording as JSON, on stderr how it went.
 *
 *   node record.js TENANTS [BATCH] [usual]      `usual`: with the SDK as it is
 */
import { record } from "../src/preview/recorder";
import { synthetic } from "./synthetic";

async function main(): Promise<void> {
  const [tenants = "10", batch = "25", usual] = process.argv.slice(2);
  const start = performance.now();
  const recording = await record(() => synthetic(Number(tenants), Number(batch)), {
    project: "atalaya",
    stack: "bench",
    config: new Map(),
    lean: usual === undefined,
  });
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpu = ((userCPUTime + systemCPUTime) / 1e6).toFixed(1);
  process.stderr.write(
    `${recording.resources.length} resources in ${seconds} s; the process: CPU ${cpu} s, ${Math.round(maxRSS / 1_024)} MB\n`,
  );
  process.stdout.write(`${JSON.stringify(recording)}\n`);
}

void main();
