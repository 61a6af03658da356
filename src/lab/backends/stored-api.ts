import { createServer, type Server } from "node:http";
import { loopback } from "../servers/net";
import type { BackendName, Received } from "./received";
import type { Store } from "./store";

/** As text, for people and scripts. */
const shown = ({ backend, at, tenant, method, path, query, status, body, headers }: Received) => ({
  time: new Date(at).toISOString(),
  backend,
  tenant,
  method,
  path,
  query,
  status,
  bytes: body.length,
  headers,
  // Protobuf's texts can be read in it.
  body: body.toString().replaceAll(/[^\P{C}\n\t]+/gu, " "),
});

/**
 * `GET /stored?tenant=tenant-mx&backend=loki&contains=text`: what was stored, as JSON; `/received` also has what was refused
 * and what was read. The newest half a gigabyte of it.
 */
export function storedApi(store: Store, port: number): Promise<Server> {
  const server = createServer((incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? "", "http://lab");
    const of = (name: string) => searchParams.get(name) ?? undefined;
    const [tenant, backend, contains] = [of("tenant"), of("backend"), of("contains")];
    const query = {
      ...(tenant !== undefined && { tenant }),
      ...(backend !== undefined && { backend: backend as BackendName }),
      ...(contains !== undefined && { contains }),
    };
    const answers: Readonly<Record<string, () => readonly Received[]>> = {
      "/stored": () => store.recentlyStored(query),
      "/received": () => store.recent(),
    };
    const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(`${JSON.stringify(answer?.().map(shown) ?? { code: "not_found" }, undefined, 2)}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, loopback, () => {
      resolve(server);
    });
  });
}
