import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExtraUpstream } from "../../src/model/upstreams";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A program of the environment's owner that tenants' services call through the edge. Ends with the process. */
export interface Orders {
  readonly upstream: ExtraUpstream;
  /** What it was asked since the last time. */
  readonly calls: () => readonly Call[];
}

export function openOrders(): Promise<Orders> {
  let calls: Call[] = [];
  const server = createServer(({ method = "", url = "", headers }, response) => {
    calls.push({ method, path: url, headers });
    response.writeHead(200, { "content-type": "application/json" }).end('{"orders":[]}');
  });
  server.unref();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        upstream: {
          ...{ name: "orders", host: "127.0.0.1", port, path: "/orders" },
          methods: { GET: "orders:read", POST: "orders:write" },
        },
        calls: () => {
          const made = calls;
          calls = [];
          return made;
        },
      });
    });
  });
}
