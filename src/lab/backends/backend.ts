import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { loopback } from "../servers/net";
import { usualAnswer, type Answer } from "./answers";
import type { Behind } from "./behind";
import { receivedOf, type BackendName, type Received } from "./received";
import type { Store } from "./store";

type Asked = Omit<Received, "status">;

/** An answer that a test chooses: as given, none at all, or a broken connection. */
export type Chosen = Answer | "hang" | "reset";

/**
 * Stands for Mimir, Loki or Tempo: takes notes of everything. The answer is the real server's behind it, where there is one, and
 * else what such a server would say; unless a test chooses another.
 */
export class Backend {
  /** Undefined answers as usual. */
  answer: ((asked: Asked) => Chosen | undefined | Promise<Chosen | undefined>) | undefined;
  /** Log tails and other upgraded connections that are open. */
  readonly streams = new Set<Duplex>();
  readonly #sockets = new Set<Socket>();
  #servers: readonly Server[] = [];

  constructor(
    readonly name: BackendName,
    private readonly ports: readonly number[],
    private readonly store: Store,
    private readonly behind?: Behind,
  ) {}

  get running(): boolean {
    return this.#servers.length > 0;
  }

  /** Listens on all its ports. Throws when one is in use. */
  async start(): Promise<void> {
    if (!this.running) this.#servers = await Promise.all(this.ports.map((port) => this.#listen(port)));
  }

  /** As a process that was killed: what is open breaks. */
  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    for (const stream of this.streams) stream.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise((resolve) => {
            server.close(resolve);
          }),
      ),
    );
  }

  #listen(port: number): Promise<Server> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      this.#take(incoming, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("upgrade", (incoming, socket, head) => {
      this.#upgrade(incoming, socket, head);
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, loopback, () => {
        resolve(server);
      });
    });
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const asked = receivedOf(this.name, incoming, raw);
    const chosen = (await this.answer?.(asked)) ?? (await this.#usual(asked, incoming, raw));
    this.store.add({ ...asked, status: typeof chosen === "string" ? 0 : chosen.status });
    if (chosen === "reset") incoming.socket.destroy();
    else if (chosen !== "hang") response.writeHead(chosen.status, chosen.headers).end(chosen.body);
  }

  /** One that is away is a broken connection. */
  async #usual(asked: Asked, incoming: IncomingMessage, raw: Buffer): Promise<Chosen> {
    if (this.behind === undefined) return usualAnswer(asked, this.store);
    const { path, tenant } = asked;
    return this.behind.forward({ incoming, path, tenant, raw }).catch(() => "reset" as const);
  }

  /** A log tail: a websocket that stays open, and says nothing unless a real one is behind. */
  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asked = receivedOf(this.name, incoming, Buffer.alloc(0));
    const real = this.behind?.upgrade?.(incoming, head, socket);
    const answered = (status: number): void => {
      this.store.add({ ...asked, status });
      if (status === 101) this.streams.add(socket);
    };
    if (real === undefined) answered(101);
    else
      real.once("data", (first: Buffer) => {
        answered(Number(first.toString("latin1").split(" ")[1]));
      });
    real?.on("error", () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      real?.destroy();
      this.streams.delete(socket);
    });
    if (real !== undefined) return;
    socket.resume();
    socket.write(
      [
        "HTTP/1.1 101 Switching Protocols",
        "upgrade: websocket",
        "connection: Upgrade",
        `sec-websocket-accept: ${acceptOf(incoming.headers["sec-websocket-key"] ?? "")}`,
        "\r\n",
      ].join("\r\n"),
    );
  }
}

/** RFC 6455, 4.2.2. */
const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
