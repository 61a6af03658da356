import { Agent, request as httpsRequest } from "node:https";
import type { Lab } from "../../../src/lab/lab";
import { loopback } from "../../../src/lab/servers/net";
import { send, type Incoming, type Outgoing } from "../isolation/wire";

const TIMEOUT_MS = 30_000;

/** One request over a connection that is kept. Of what answers in its own way, `send` knows more. */
function ask(lab: Lab, agent: Agent, { listener, method, path, headers, body }: Outgoing): Promise<Incoming> {
  const length = method === "GET" ? [] : [["content-length", String(body?.length ?? 0)]];
  return new Promise((resolve) => {
    const outgoing = httpsRequest({
      ...{ agent, host: loopback, port: lab.topology.services.envoy.ports[listener] },
      ...{ servername: "localhost", ca: lab.ca, timeout: TIMEOUT_MS, method, path },
      headers: [["host", "localhost"], ...length, ...headers].flat(),
    });
    const fail = (error: Error): void => {
      resolve({ status: 0, headers: {}, body: "", error: error.message });
    };
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", fail);
      response.on("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on("error", fail).on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.end(body);
  });
}

const needsItsOwn = ({ listener, headers }: Outgoing): boolean =>
  listener === "otlpGrpc" || headers.some(([name]) => name === "upgrade");

/**
 * Sends all of them, so many at once and in no order that anybody could rely on, each sender from an address and over
 * connections of his own: the limit by source is not what is tried here. Calls back with each answer.
 */
export async function sendAll<T>(
  lab: Lab,
  items: readonly T[],
  outgoing: (item: T) => Omit<Outgoing, "source">,
  answered: (item: T, answer: Incoming) => void,
  atOnce = 48,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async (_, index) => {
      const source = `127.9.0.${index + 1}`;
      // One a listener: a connection is that listener's.
      const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: source });
      for (const item of rest) {
        const one: Outgoing = { ...outgoing(item), source };
        answered(item, await (needsItsOwn(one) ? send(lab, one) : ask(lab, agent, one)));
      }
      agent.destroy();
    }),
  );
}
