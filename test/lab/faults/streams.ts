import { once } from "node:events";
import { request } from "node:https";
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Duplex } from "node:stream";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { route } from "./load";

/** A gRPC call of an agent that has begun and is not finished: its headers are through, its message is not sent. */
export class HeldCall {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #body: Buffer;
  #trailer: string | undefined;
  /** What broke it. */
  fault: string | undefined;

  constructor(
    lab: Lab,
    headers: Readonly<Record<string, string>>,
    readonly mark: string,
  ) {
    const of = route("otlp-grpc-logs");
    const { contentType, headers: own, body } = marked(of, mark);
    this.#body = body;
    this.#session = connect(`https://${lab.urls.otlpGrpc}`, { ca: lab.ca });
    const all = { ":method": "POST", ":path": of.path, "content-type": contentType, ...own, ...headers };
    this.#stream = this.#session.request(all);
    const take = (part: IncomingHttpHeaders): void => {
      this.#trailer ??= part["grpc-status"]?.toString();
    };
    this.#stream.on("response", take).on("trailers", take).resume();
    for (const emitter of [this.#session, this.#stream])
      emitter.on("error", (error: Error) => (this.fault ??= error.message));
    // The half of its message, so that it is on its way.
    this.#stream.write(body.subarray(0, 8));
  }

  get open(): boolean {
    return !this.#stream.closed && this.fault === undefined && this.#trailer === undefined;
  }

  /** Sends the rest; gRPC's status, or what broke it. */
  async finish(): Promise<string> {
    this.#stream.end(this.#body.subarray(8));
    if (!this.#stream.closed) await once(this.#stream, "close");
    this.close();
    return this.fault ?? this.#trailer ?? "no status";
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A log tail by Grafana's key of a tenant: a websocket that stays open. */
export function openTail(lab: Lab, tenant: string): Promise<Duplex> {
  const { hostname, port } = new URL(lab.urls.query);
  const headers = {
    ...lab.grafana(tenant),
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.alloc(16, 1).toString("base64"),
  };
  return new Promise((resolve, reject) => {
    request({ hostname, port, ca: lab.ca, agent: false, path: "/loki/api/v1/tail?query=%7B%7D", headers })
      .on("upgrade", (_response, socket) => {
        socket.on("error", () => socket.destroy());
        resolve(socket);
      })
      .on("response", ({ statusCode }) => {
        reject(new Error(`no tail: ${statusCode ?? 0}`));
      })
      .on("error", reject)
      .end();
  });
}
