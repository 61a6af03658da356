import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { loopback } from "../servers";

export interface Request {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Protobuf; its texts can be read. */
  readonly text: string;
}

/** Stands for what the collector sends to: takes notes, answers with `status`. */
export class Upstream {
  readonly requests: Request[] = [];
  status = 200;
  readonly #server: Server;
  private constructor() {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const plain = incoming.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
        const path = incoming.url ?? "";
        this.requests.push({ path, headers: incoming.headers, text: plain.toString("latin1") });
        const isToken = path.endsWith("/token");
        response.writeHead(isToken ? 200 : this.status, { "content-type": "application/json" });
        response.end(
          isToken ? JSON.stringify({ access_token: "t0k3n", token_type: "Bearer", expires_in: 300 }) : "",
        );
      });
    });
  }
  static listen(port: number): Promise<Upstream> {
    const upstream = new Upstream();
    return new Promise((resolve) => {
      upstream.#server.listen(port, loopback, () => {
        resolve(upstream);
      });
    });
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  sent(path: string): readonly Request[] {
    return this.requests.filter((sent) => sent.path.endsWith(path));
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
