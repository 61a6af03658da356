import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { loopback } from "../servers/net";
import type { Answer } from "./answers";

/** A request on its way to a real server: its body as it came, still packed. */
export interface Passed {
  readonly incoming: IncomingMessage;
  /** Without the query. */
  readonly path: string;
  /** `X-Scope-OrgID`, as the recorder notes it. */
  readonly tenant: string | undefined;
  readonly raw: Buffer;
}

/** A real server behind a recorder: what it answers is the answer. */
export interface Behind {
  /** Throws when it cannot be reached. */
  readonly forward: (passed: Passed) => Promise<Answer>;
  /** A connection that becomes something else than HTTP. */
  readonly upgrade?: (incoming: IncomingMessage, head: Buffer, socket: Duplex) => Duplex;
}

/** Of the connection, not of the request. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "host"]);
const TIMEOUT_MS = 60_000;

/** Pairs of a raw list of headers, without those of the connection. */
function headersOf(raw: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (!HOP_BY_HOP.has(name)) (headers[name] ??= []).push(raw[at + 1] ?? "");
  }
  return headers;
}

/** One that speaks the same protocol. @param path from that of the environment's own backend to its path */
export function sameProtocol(port: number, path: (path: string) => string = (same) => same): Behind {
  const agent = new Agent({ keepAlive: true });
  const target = (incoming: IncomingMessage): string => {
    const [own = "", ...query] = (incoming.url ?? "").split("?");
    return [path(own), ...query].join("?");
  };
  return {
    forward: ({ incoming, raw }) =>
      new Promise((resolve, reject) => {
        const headers = { ...headersOf(incoming.rawHeaders), "content-length": raw.length };
        const { method } = incoming;
        const to = { host: loopback, port, path: target(incoming), agent, timeout: TIMEOUT_MS };
        const outgoing = request({ ...to, method, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
          response.on("end", () => {
            const { statusCode: status = 502, rawHeaders } = response;
            resolve({ status, headers: headersOf(rawHeaders), body: Buffer.concat(chunks) });
          });
        });
        outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time"))).on("error", reject);
        outgoing.end(raw);
      }),
    upgrade: (incoming, head, socket) => {
      const { rawHeaders } = incoming;
      const lines = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ""}`] : [],
      );
      const real = connect({ host: loopback, port }, () => {
        real.write([`GET ${target(incoming)} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
        real.write(head);
        socket.pipe(real).pipe(socket);
      });
      return real;
    },
  };
}
