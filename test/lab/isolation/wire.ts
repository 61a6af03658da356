import { request } from "node:https";
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Lab } from "../../../src/lab/lab";
import { loopback } from "../../../src/lab/servers/net";
import type { Listener } from "../../../src/model/routes";

/** An edge by its ports, and whom to trust for it: a lab, or another Envoy. */
export type Edge = Pick<Lab, "topology" | "ca">;

/** As on the wire: a name may stand twice. */
export type Header = readonly [name: string, value: string];

export interface Outgoing {
  readonly listener: Listener;
  readonly method: string;
  /** With the query, exactly as given. */
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body?: Buffer;
  /** The address of loopback it comes from: every request has its own, by which its audit record is found. */
  readonly source: string;
}

export interface Incoming {
  /** 0: no answer, and `error` says why. */
  readonly status: number;
  readonly grpcStatus?: number;
  /** Trailers among them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly error?: string;
}

const TIMEOUT_MS = 20_000;

/** One request on a connection of its own: HTTP/2 on the gRPC listener, HTTP/1.1 on the others unless `http2`. */
export function send(lab: Edge, outgoing: Outgoing, http2 = false): Promise<Incoming> {
  return http2 || outgoing.listener === "otlpGrpc" ? sendHttp2(lab, outgoing) : sendHttp1(lab, outgoing);
}

const portOf = (lab: Edge, listener: Listener): number => lab.topology.services.envoy.ports[listener];

/** A TLS connection to a listener, on which anything may be written. */
export function rawTls(lab: Edge, listener: Listener, source: string, alpn: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host: loopback, port: portOf(lab, listener), servername: "localhost", ca: lab.ca },
      ALPNProtocols: [alpn],
      localAddress: source,
    };
    const socket = connectTls(options);
    socket.once("error", reject).once("secureConnect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function sendHttp1(
  lab: Edge,
  { listener, method, path, headers, body, source }: Outgoing,
): Promise<Incoming> {
  const lines: Header[] = [...headers];
  const has = (name: string): boolean => headers.some(([key]) => key.toLowerCase() === name);
  if (!has("host")) lines.unshift(["host", "localhost"]);
  if (!has("content-length") && !has("transfer-encoding") && method !== "GET")
    lines.push(["content-length", String(body?.length ?? 0)]);
  return new Promise((resolve) => {
    const outgoing = request({
      ...{ host: loopback, port: portOf(lab, listener), servername: "localhost", ca: lab.ca },
      ...{ agent: false, localAddress: source, timeout: TIMEOUT_MS, method, path },
      headers: lines.flat(),
    });
    const fail = (error: Error & { readonly code?: string }): void => {
      resolve({ status: 0, headers: {}, body: "", error: error.code ?? error.message });
    };
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: "" });
    });
    outgoing.on("error", fail).on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.end(body);
  });
}

async function sendHttp2(lab: Edge, outgoing: Outgoing): Promise<Incoming> {
  const socket = await rawTls(lab, outgoing.listener, outgoing.source, "h2");
  const session = connectHttp2("https://localhost", { createConnection: () => socket });
  // The stream says it as well.
  session.on("error", () => undefined);
  try {
    return await onSession(session, outgoing);
  } finally {
    session.destroy();
  }
}

/** One request on a connection that others share. */
export function onSession(
  session: ReturnType<typeof connectHttp2>,
  { method, path, headers, body }: Pick<Outgoing, "method" | "path" | "headers" | "body">,
): Promise<Incoming> {
  return new Promise((resolve) => {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of headers) {
      const before = fields[name.toLowerCase()];
      fields[name.toLowerCase()] = before === undefined ? value : [before, value].flat();
    }
    const stream = session.request({ ":method": method, ":path": path, ...fields }, { endStream: false });
    stream.setTimeout(TIMEOUT_MS, () => {
      stream.destroy(new Error("no answer in time"));
    });
    let answer: Http2Headers = {};
    const take = (part: Http2Headers): void => {
      answer = { ...answer, ...part };
    };
    const chunks: Buffer[] = [];
    stream.on("response", take).on("trailers", take);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Answered is answered, also where the peer wants no more of the body.
    const done = (): void => {
      const { ":status": status, ...rest } = answer;
      const grpc = rest["grpc-status"];
      const headers = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith(":")));
      resolve({
        status: Number(status ?? 0),
        ...(grpc !== undefined && { grpcStatus: Number(grpc) }),
        headers,
        body: Buffer.concat(chunks).toString(),
        ...(status === undefined && { error: `closed with ${stream.rstCode}` }),
      });
    };
    stream.on("end", () => {
      if (answer[":status"] !== undefined) done();
    });
    // Also after an answer: the peer may break off a body that it does not want.
    stream.on("error", ({ code = "", message }: Error & { readonly code?: string }) => {
      if (answer[":status"] !== undefined) done();
      else resolve({ status: 0, headers: {}, body: "", error: code === "" ? message : code });
    });
    stream.on("close", done);
    stream.end(body);
  });
}
