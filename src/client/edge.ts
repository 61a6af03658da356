import { connect, type ClientHttp2Session, type IncomingHttpHeaders as Http2Headers } from "node:http2";
import type { IncomingHttpHeaders } from "node:http";
import { request, type Agent } from "node:https";
import type { Listener, Route } from "../model/routes";
import { marked } from "./telemetry";

export interface Response {
  readonly status: number;
  /** Of gRPC: 0 is good. Undefined over HTTP. */
  readonly grpcStatus?: number;
  /** Trailers among them. */
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** Where the edge is, and by what it is trusted. */
export interface EdgeAddress {
  readonly urls: { readonly otlpHttp: string; readonly otlpGrpc: string; readonly query: string };
  /** PEM. */
  readonly ca: string;
}

const TIMEOUT_MS = 30_000;

const UNTRUSTED =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_SIGNATURE_FAILURE|(DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED)_CERT(_IN_CHAIN)?)$/;

export const isUntrusted = (error: Error): boolean =>
  UNTRUSTED.test((error as NodeJS.ErrnoException).code ?? "");

/** The same error, which says of a certificate what it means here; Node's own text is about itself. */
export function withTrust(error: Error): Error {
  if (isUntrusted(error))
    error.message =
      "its certificate is not of the outputs' authority; they may be those of another environment";
  return error;
}

export interface EdgeOptions {
  /** Without a byte. 30 s, unless given. */
  readonly timeoutMs?: number;
  /** Keeps connections for whoever sends many requests over HTTP. */
  readonly agent?: Agent;
}

/** Speaks to the edge as agents, shippers and Grafana do; a connection of its own for every request, unless told otherwise. */
export class EdgeClient {
  readonly #timeout: number;
  readonly #agent: Agent | false;

  constructor(
    private readonly edge: EdgeAddress,
    { timeoutMs = TIMEOUT_MS, agent }: EdgeOptions = {},
  ) {
    this.#timeout = timeoutMs;
    this.#agent = agent ?? false;
  }

  /** One request over TLS, its path exactly as given. */
  ask(
    listener: Exclude<Listener, "otlpGrpc">,
    path: string,
    { method = "GET", headers = {}, body }: Ask = {},
  ): Promise<Response> {
    const { hostname, port } = new URL(this.edge.urls[listener]);
    const target = { hostname, port, ca: this.edge.ca, agent: this.#agent, timeout: this.#timeout };
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...target, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
        });
      });
      const failed = (error: Error): void => {
        reject(withTrust(error));
      };
      outgoing.on("error", failed).on("timeout", () => outgoing.destroy(new Error("no answer in time")));
      outgoing.end(body);
    });
  }

  /** One unary gRPC call with these bytes as its framed message. */
  grpc(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<Response> {
    const session = connect(`https://${this.edge.urls.otlpGrpc}`, { ca: this.edge.ca });
    const all = { ":method": "POST", ":path": path, ...headers };
    return call(session, all, body, this.#timeout).finally(() => {
      session.destroy();
    });
  }

  /** Sends an item with this mark by a write route of the table. */
  write(route: Route, mark: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { contentType, headers: own, body } = marked(route, mark);
    const all = { "content-type": contentType, ...own, ...headers };
    const [listener = "otlpHttp"] = route.listeners;
    return listener === "otlpGrpc"
      ? this.grpc(route.path, all, body)
      : this.ask(listener, route.path, { method: "POST", headers: all, body });
  }
}

function call(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    session.on("error", (error: Error) => {
      reject(withTrust(error));
    });
    const stream = session.request(headers);
    stream.setTimeout(timeoutMs, () => {
      stream.destroy(new Error("no answer in time"));
    });
    let answer: Http2Headers = {};
    const take = (part: Http2Headers): void => {
      answer = { ...answer, ...part };
    };
    const chunks: Buffer[] = [];
    stream.on("response", take).on("trailers", take).on("error", reject);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const { ":status": status, ...rest } = answer;
      // As when the other end goes: a status of 0 would look like gRPC's "good".
      if (status === undefined) {
        reject(new Error("the stream ended without an answer"));
        return;
      }
      const grpc = rest["grpc-status"];
      resolve({
        status: Number(status),
        ...(grpc !== undefined && { grpcStatus: Number(grpc) }),
        headers: rest,
        body: Buffer.concat(chunks).toString(),
      });
    });
    stream.end(body);
  });
}
