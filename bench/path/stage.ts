import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabInput } from "../../src/lab/declare";
import { FreePorts } from "../../src/lab/ports";
import { server } from "../../src/lab/servers/installed";
import { start } from "../../src/lab/servers/process";
import { startLab } from "../../src/lab/start";
import { TENANT_HEADER } from "../../src/model/headers";
import type { Tenant } from "../../src/model/tenant";
import type { Topology } from "../../src/model/topology";
import { gatewayPipeline } from "../../src/render/gateway-pipeline";
import { toCollector } from "../../src/render/otelcol";
import { input } from "../auth/bench";
import { startEdge, type Change, type Edge } from "../auth/edge";
import { findWrk } from "../auth/load";
import { reduced, UNGUARDED } from "../auth/rungs";
import { inputOf } from "../common/list";
import { Signer } from "../common/signer";
import { writeBody, type Arm, type Instruments } from "./arms";
import { Counter } from "./counter";

/** Envoys, a collector and what counts behind it; Keycloak alone of the lab goes on. */
export interface Stage extends AsyncDisposable {
  readonly instruments: Instruments;
  readonly arms: readonly Arm[];
  readonly body: string;
}

const ORDER = ["envoy", "collector", "redis", "auth"] as const;

export async function openStage(tenants: number, say: (line: string) => void): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const wrk = findWrk();
  say("starting the lab ...");
  const lab = opened.use(await startLab({ input: input(), freePorts: true }));
  // They stand still, and would only take turns.
  for (const name of ORDER) await lab.processes[name].stop();
  const free = new FreePorts();
  opened.defer(() => {
    free.close();
  });
  const port = () => free.take();
  const counter = opened.use(await Counter.start(join(lab.directory, "counter"), port));
  const many = inputOf(tenants);
  const collector = opened.use(
    await startCollector(many, lab.topology, counter.port, lab.directory, await port()),
  );
  const signer = await Signer.open(lab);
  let edges = 0;
  const edge = async (of: readonly Tenant[], change?: Change): Promise<Edge> =>
    opened.use(
      await startEdge({
        ...{ environment: many.environment, tenants: of, lab: lab.topology, upstream: counter.port, port },
        collector: collector.port,
        directory: join(lab.directory, `path-${edges++}`),
        ...(change !== undefined && { change }),
      }),
    );
  say(`signing ${tenants} tokens ...`);
  const arms = await armsOf(many.tenants, signer, edge);
  const body = writeBody(lab.directory);
  const instruments = { wrk, directory: lab.directory, counter, collector: collector.pid };
  const resources = opened.move();
  return { instruments, arms, body, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function armsOf(
  tenants: readonly Tenant[],
  signer: Signer,
  edge: (of: readonly Tenant[], change?: Change) => Promise<Edge>,
): Promise<readonly Arm[]> {
  const [first] = tenants;
  if (first === undefined) throw new Error("There is no tenant.");
  const sender = async (tenant: Tenant) => ({
    organisation: tenant.orgId,
    headers: { authorization: `Bearer ${await signer.token(tenant)}` },
  });
  const all = [];
  for (const tenant of tenants) all.push(await sender(tenant));
  // What Envoy would say of it, the client says itself: the collector has the same to do.
  const unchecked = { organisation: first.orgId, headers: { [TENANT_HEADER]: first.orgId } };
  return [
    {
      name: "many",
      what: `${tenants.length} tenants, a token each, in turn`,
      edge: await edge(tenants),
      senders: all,
    },
    {
      name: "one",
      what: "one tenant in the list, one token",
      edge: await edge([first]),
      senders: [await sender(first)],
    },
    {
      ...{ name: "unguarded", what: "no check at all" },
      edge: await edge([first], (bootstrap) => reduced(bootstrap, UNGUARDED)),
      senders: [unchecked],
    },
  ];
}

/** The gateway's own pipeline, as the environment renders it, with what counts in place of all backends. */
async function startCollector(
  { environment, tenants }: LabInput,
  topology: Topology,
  upstream: number,
  directory: string,
  port: number,
) {
  const { mimir, loki, tempo, "alloy-gateway": gateway } = topology.services;
  const services = {
    ...topology.services,
    mimir: { ...mimir, ports: { ...mimir.ports, http: upstream } },
    loki: { ...loki, ports: { ...loki.ports, http: upstream } },
    tempo: { ...tempo, ports: { ...tempo.ports, otlpHttp: upstream } },
    "alloy-gateway": { ...gateway, ports: { ...gateway.ports, otlpHttp: port } },
  };
  const file = join(directory, "collector", "otelcol.yaml");
  mkdirSync(join(directory, "collector"));
  writeFileSync(
    file,
    toCollector(gatewayPipeline({ environment, tenants, topology: { ...topology, services } })),
  );
  const running = await start(server("otelcol").bin, ["--config", file], {
    logFile: join(directory, "collector", "otelcol.log"),
    ready: { port },
  });
  return { port, pid: running.pid, [Symbol.asyncDispose]: () => running.stop() };
}
