import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { marked } from "../../src/client/telemetry";
import { projectRoot } from "../../src/lab/root";
import { loopback } from "../../src/lab/servers/net";
import { run } from "../../src/lab/servers/process";
import { ROUTES } from "../../src/model/routes";
import { cpuOf } from "../auth/cpu";
import type { Edge } from "../auth/edge";
import type { Counter } from "./counter";

export const ROUTE = "/v1/traces";
/** Connections that keep both cores busy. */
const CONNECTIONS = 16;
/** Until what wrk left behind has been answered, and the last of it is in the log. */
const SETTLE_MS = 700;
/** Spans of a request: about 1 KiB, as in bench:auth. */
const SPANS = 12;

/** Who asks which Envoy. */
export interface Arm {
  readonly name: string;
  readonly what: string;
  readonly edge: Edge;
  /** Of each sender, in turn. */
  readonly senders: readonly {
    readonly organisation: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
}

/** One slice: requests a second, and microseconds of CPU per request. */
export interface Slice {
  readonly perSecond: number;
  readonly envoy: number;
  readonly collector: number;
  readonly p50: number;
}

export interface Instruments {
  readonly wrk: string;
  readonly directory: string;
  readonly counter: Counter;
  /** The collector's process. */
  readonly collector: number;
}

/** An export request of some spans. Messages of protobuf that stand one after the other are one with all their items. */
export function writeBody(directory: string): string {
  const route = ROUTES.find(({ id }) => id === "otlp-http-traces");
  if (route === undefined) throw new Error("There is no route for traces.");
  const file = join(directory, "body.bin");
  const spans = Array.from({ length: SPANS }, (_, index) => marked(route, `bench_span_${index}`).body);
  writeFileSync(file, Buffer.concat(spans));
  return file;
}

/** Of one arm. Credentials stand in a file of their owner's alone. */
export function writeSenders(directory: string, arm: Arm): string {
  const file = join(directory, `senders-${arm.name}`);
  const lines = arm.senders.map(({ headers }) =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\t"),
  );
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

/** Throws unless every answer was a good one, and every request arrived under its sender's tenant. */
export async function slice(
  { wrk, directory, counter, collector }: Instruments,
  arm: Arm,
  files: { readonly senders: string; readonly body: string },
  seconds: number,
): Promise<Slice> {
  counter.taken();
  const before = { envoy: cpuOf(arm.edge.pid), collector: cpuOf(collector) };
  const { code, stdout, stderr } = await run(
    wrk,
    [
      ...[
        "--threads",
        "1",
        "--connections",
        `${CONNECTIONS}`,
        "--duration",
        `${seconds}s`,
        "--timeout",
        "5s",
      ],
      ...[
        "--script",
        join(projectRoot(), "bench", "path", "wrk.lua"),
        `https://${loopback}:${arm.edge.port}`,
      ],
    ],
    {
      cwd: directory,
      timeoutMs: seconds * 1_000 + 15_000,
      env: { BENCH_PATH: ROUTE, BENCH_SENDERS_FILE: files.senders, BENCH_BODY_FILE: files.body },
    },
  );
  await sleep(SETTLE_MS);
  const used = { envoy: cpuOf(arm.edge.pid) - before.envoy, collector: cpuOf(collector) - before.collector };
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined)
    throw new Error(`wrk ended with ${String(code)}:\n${stdout}${stderr}`);
  const said = JSON.parse(line) as Record<"requests" | "micros" | "failed" | "p50", number>;
  if (said.failed > 0 || said.requests === 0)
    throw new Error(`${arm.name}: ${said.failed} of ${said.requests} answers failed`);
  const arrived = checked(arm, counter.taken(), said.requests);
  return {
    perSecond: said.requests / (said.micros / 1e6),
    envoy: used.envoy / arrived,
    collector: used.collector / arrived,
    p50: said.p50,
  };
}

/** How many arrived. Senders take turns, so each tenant has its share, and nobody else has anything. */
function checked(arm: Arm, counts: ReadonlyMap<string, number>, answered: number): number {
  const known = new Set(arm.senders.map(({ organisation }) => organisation));
  const strange = [...counts.keys()].filter((tenant) => !known.has(tenant));
  if (strange.length > 0)
    throw new Error(`${arm.name}: requests arrived for ${strange.slice(0, 3).join(", ")}`);
  const arrived = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // wrk does not wait for what is on its way when its time is over.
  if (arrived < answered || arrived > answered + CONNECTIONS)
    throw new Error(`${arm.name}: ${answered} answers, and ${arrived} requests arrived`);
  const each = [...known].map((tenant) => counts.get(tenant) ?? 0);
  const share = arrived / known.size;
  const uneven = each.filter((count) => Math.abs(count - share) > CONNECTIONS);
  if (uneven.length > 0)
    throw new Error(`${arm.name}: a tenant has ${uneven[0]} requests, and should have ${share}`);
  return arrived;
}
