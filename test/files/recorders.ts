import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { Socket } from "node:net";
import { loopback } from "../servers";

/** What an upstream received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers?: IncomingHttpHeaders;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Never answers. */
  readonly hang?: true;
  readonly reset?: true;
}

/** A program that Envoy sends to: takes notes and answers as it is told. */
export class Recorder {
  readonly received: Received[] = [];
  answer: (received: Received) => Answer = () => ({});
  /** Answers before it has the body, and never takes it. */
  early = false;
  readonly #server: Server;
  /** Upgraded ones included, which a server forgets. */
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      if (!this.early) incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      const take = (): void => {
        const { method = "", url: path = "", headersDistinct } = incoming;
        const headers = Object.fromEntries(
          Object.entries(headersDistinct).map(([name, values]) => [name, values?.join(" & ")]),
        );
        const received = { method, path, headers, body: Buffer.concat(chunks).toString() };
        this.received.push(received);
        const { status = 200, headers: answered, body = "", hang, reset } = this.answer(received);
        if (reset === true) incoming.socket.destroy();
        else if (hang !== true) response.writeHead(status, answered).end(body);
      };
      if (this.early) take();
      else incoming.on("end", take);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (incoming, socket) => {
      const { method = "", url: path = "", headers } = incoming;
      this.received.push({ method, path, headers, body: "" });
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello",
      );
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(port, loopback, resolve);
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/** The collector over gRPC: answers every call with `status` and `message`, as Alloy does. */
export class GrpcRecorder {
  readonly received: Received[] = [];
  status = 0;
  message = "";
  /** Refusals come without a body, all in the headers; answers have trailers. */
  trailersOnly = true;
  early = false;
  readonly #server: Http2Server = createHttp2Server((incoming, response) => {
    if (!this.early) incoming.resume();
    const take = (): void => {
      const { method, url: path, headers, trailers } = incoming;
      this.received.push({ method, path, headers, body: "", trailers: { ...trailers } });
      const status = {
        "grpc-status": `${this.status}`,
        ...(this.message !== "" && { "grpc-message": this.message }),
        "grpc-status-details-bin": Buffer.from(this.message).toString("base64"),
      };
      response.setHeader("content-type", "application/grpc");
      if (this.trailersOnly)
        for (const [name, value] of Object.entries(status)) response.setHeader(name, value);
      else response.addTrailers(status);
      response.end(Buffer.alloc(this.trailersOnly ? 0 : 5));
    };
    if (this.early) take();
    else incoming.on("end", take);
  });

  listen(port: number): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(port, loopback, () => {
        resolve();
      });
    });
  }

  close(): void {
    this.#server.close();
  }
}
