import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { loopback } from "../../src/lab/servers/net";
import { cpuOf } from "./cpu";
import type { Edge } from "./edge";
import { load, type Asked } from "./load";
import type { Gate, Upstream } from "./upstream";

/** Connections that keep both cores busy. */
const BUSY = 16;
/** Until what wrk left behind has been answered and counted. */
const SETTLE_MS = 100;

export interface Instruments {
  readonly wrk: string;
  readonly upstream: Upstream;
  /** The auth service's process. */
  readonly auth: number;
}

/** Which Envoy is asked, and what its upstream insists on. */
export interface Arm {
  readonly edge: Edge;
  readonly gate: Gate;
  readonly asked: Asked;
}

/** One slice. CPU is per request, all times in microseconds. */
export interface Measured {
  readonly requests: number;
  readonly perSecond: number;
  readonly envoy: number;
  readonly auth: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Asks for some seconds. Throws unless every answer was good and every request arrived where it should: with the gate
 * `strict`, under the right tenant and without its credential.
 */
async function slice(
  { wrk, upstream, auth }: Instruments,
  { edge, gate, asked }: Arm,
  seconds: number,
  connections: number,
): Promise<Measured> {
  const before = { envoy: cpuOf(edge.pid), auth: cpuOf(auth), counted: await upstream.counted(gate) };
  const { requests, perSecond, p50, p99 } = await load(wrk, { port: edge.port, asked, seconds, connections });
  await sleep(SETTLE_MS);
  const counted = await upstream.counted(gate);
  const good = counted.good - before.counted.good;
  const bad = counted.bad - before.counted.bad;
  // wrk does not wait for what is on its way when its time is over.
  if (bad > 0 || good < requests || good > requests + connections)
    throw new Error(
      `${asked.path}: ${requests} answers, but ${good} arrived well (${gate}) and ${bad} did not`,
    );
  return {
    ...{ requests: good, perSecond, p50, p99 },
    envoy: (cpuOf(edge.pid) - before.envoy) / good,
    auth: (cpuOf(auth) - before.auth) / good,
  };
}

/** Throughput and CPU, with both cores busy. */
export const busy = (instruments: Instruments, arm: Arm, seconds: number): Promise<Measured> =>
  slice(instruments, arm, seconds, BUSY);

/** Latency, one request after the other: with more at a time it would say how long the queue is. */
export const calm = (instruments: Instruments, arm: Arm, seconds: number): Promise<Measured> =>
  slice(instruments, arm, seconds, 1);

/** The status of one request. */
export function probe({ edge, asked }: Arm, ca: string): Promise<{ status: number; body: string }> {
  const { method, path, headers, body } = asked;
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: loopback, port: edge.port, method, path, ca, headers: { ...headers, "content-length": body } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    asking.once("error", reject);
    asking.end("x".repeat(body));
  });
}
