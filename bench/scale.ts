/**
 * `npm run bench:scale -- [--sizes 10,100,500,1000,2000] [--live 10,500,2000] [--json]`: what grows with the number of tenants: every rendered file,
 * the memory of Envoy and of the auth service, and the time until a new tenant is let in. How it is measured: bench/README.md. It fails
 * when something does not run, never for being large.
 */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FreePorts } from "../src/lab/ports";
import { startLab } from "../src/lab/start";
import { input } from "./auth/bench";
import { Signer } from "./common/signer";
import { Counter } from "./path/counter";
import { laws, rendered, type Rendered } from "./scale/files";
import { live, type Live } from "./scale/live";
import { filesText, liveText } from "./scale/report";
import { whole, type Whole } from "./scale/whole";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** `10,500`, in ascending order. `none`: no size. */
function sizes(text: string, option: string): readonly number[] {
  const found = text === "none" ? [] : text.split(",").map(Number);
  if (!found.every((size) => Number.isInteger(size) && size > 0))
    throw new Error(`${option} is a list of whole numbers, such as 10,500`);
  return found.sort((a, b) => a - b);
}

function options() {
  const { values } = parseArgs({
    options: {
      sizes: { type: "string", default: "10,100,500,1000,2000" },
      live: { type: "string", default: "10,500,2000" },
      json: { type: "boolean", default: false },
    },
  });
  const all = sizes(values.sizes, "--sizes");
  if (all.length < 2) throw new Error("--sizes has two sizes at least: a law needs them");
  return { sizes: all, live: sizes(values.live, "--live"), json: values.json };
}

interface Processes {
  readonly live: readonly Live[];
  readonly whole: Whole | undefined;
}

async function processes(wanted: readonly number[]): Promise<Processes> {
  if (wanted.length === 0) return { live: [], whole: undefined };
  say("starting the lab ...");
  await using lab = await startLab({ input: input(), freePorts: true });
  say("one tenant more in the whole lab ...");
  const added = await whole(lab);
  // They stand still, and would only take turns.
  for (const name of ["envoy", "collector", "redis"] as const) await lab.processes[name].stop();
  const free = new FreePorts();
  try {
    const port = () => free.take();
    await using counter = await Counter.start(join(lab.directory, "counter"), port);
    const ground = { lab, signer: await Signer.open(lab), upstream: counter.port, port };
    const found: Live[] = [];
    for (const size of wanted) {
      say(`Envoy and the auth service with ${size} tenants ...`);
      found.push(await live(size, ground));
    }
    return { live: found, whole: added };
  } finally {
    free.close();
  }
}

async function main(): Promise<void> {
  const wanted = options();
  const before = loadavg();
  const files: Rendered[] = [];
  for (const size of wanted.sizes) {
    say(`rendering for ${size} tenants ...`);
    files.push(rendered(size));
  }
  const found = await processes(wanted.live);
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? "", load: { before, after: loadavg() } };
  if (wanted.json) {
    process.stdout.write(
      `${JSON.stringify({ machine, files, laws: laws(files), ...found }, undefined, 2)}\n`,
    );
    return;
  }
  const [from = 0, to = 0] = [machine.load.before[0], machine.load.after[0]];
  process.stdout.write(
    `${machine.cores} cores (${machine.cpu}), load ${from.toFixed(1)} before, ${to.toFixed(1)} after\n` +
      `${filesText(files, laws(files))}${found.live.length > 0 ? liveText(found.live, found.whole) : ""}`,
  );
}

main().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
