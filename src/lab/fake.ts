import { createServer, type Server, type Socket } from "node:net";
import { loopback } from "./servers/net";

/** What a server does that cannot do its work: accepts and says nothing, breaks every connection, or speaks another protocol. */
export type Fault = "hang" | "reset" | "nonsense";

/** Stands in the place of a process that was stopped, on its port. Use `await using`. */
export class Fake implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  /** Connections so far. */
  connections = 0;

  private constructor(private readonly server: Server) {}

  /** Throws when the port is in use. */
  static async listen(port: number, fault: Fault): Promise<Fake> {
    const server = createServer();
    const fake = new Fake(server);
    server.on("connection", (socket) => {
      fake.#take(socket, fault);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, loopback, resolve);
    });
    return fake;
  }

  #take(socket: Socket, fault: Fault): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      if (fault === "reset") socket.resetAndDestroy();
      if (fault === "nonsense") socket.end("220 mail.example.com ESMTP\r\n");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}
