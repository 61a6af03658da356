import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EdgeStatus } from "../../../src/lab/edge";
import type { Lab } from "../../../src/lab/lab";
import { freePort, loopback, server, start, type Running } from "../../servers";

/** Another Envoy on the lab's files and backends, some of whose settings are others. */
export interface SecondEnvoy extends AsyncDisposable {
  /** As of a lab: what is sent there goes through this Envoy. */
  readonly edge: Pick<Lab, "topology" | "ca" | "urls" | "token">;
  readonly running: Running;
}

/** @param changes of its bootstrap's text: each of these is there, and becomes the other */
export async function secondEnvoy(lab: Lab, changes: Readonly<Record<string, string>>): Promise<SecondEnvoy> {
  const place = lab.topology.services.envoy;
  const ports = { ...place.ports };
  let text = readFileSync(join(place.directories.config, "bootstrap.yaml"), "utf8");
  for (const [name, port] of Object.entries(place.ports)) {
    const free = await freePort();
    text = text.replaceAll(`port_value: ${port}\n`, `port_value: ${free}\n`);
    Object.assign(ports, { [name]: free });
  }
  for (const [before, after] of Object.entries({ ...changes, "admin.sock": "admin-write.sock" })) {
    if (!text.includes(before)) throw new Error(`the bootstrap does not say ${before}`);
    text = text.replaceAll(before, after);
  }
  const file = join(lab.directory, "second-envoy.yaml");
  writeFileSync(file, text);
  const topology = {
    ...lab.topology,
    services: { ...lab.topology.services, envoy: { ...place, ports } },
  };
  const ready = { url: `http://${loopback}:${ports.health}/ready` };
  const args = ["--config-path", file, "--disable-hot-restart", "--concurrency", "2"];
  const running = await start(server("envoy").bin, args, {
    ready,
    ownGroup: true,
    logFile: join(lab.directory, "logs", "second-envoy.log"),
  });
  await new EdgeStatus(topology).hasKeys();
  const local = `localhost:`;
  return {
    running,
    edge: {
      topology,
      ca: lab.ca,
      urls: {
        ...lab.urls,
        otlpHttp: `https://${local}${ports.otlpHttp}`,
        otlpGrpc: `${local}${ports.otlpGrpc}`,
        query: `https://${local}${ports.query}`,
      },
      token: (client) => lab.token(client),
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
