import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EdgeStatus } from "../../src/lab/edge";
import { server } from "../../src/lab/servers/installed";
import { loopback } from "../../src/lab/servers/net";
import { start, type Running } from "../../src/lab/servers/process";
import type { Environment } from "../../src/model/environment";
import { PORTS } from "../../src/model/services";
import type { Tenant } from "../../src/model/tenant";
import type { Topology } from "../../src/model/topology";
import { renderEnvoy } from "../../src/render/envoy";
import { STATIC_FILES } from "../../src/render/envoy/names";

export type Change = (bootstrap: string) => string;
const unchanged: Change = (bootstrap) => bootstrap;

export interface EdgePlan {
  readonly environment: Environment;
  readonly tenants: readonly Tenant[];
  /** Of the lab, whose Keycloak, auth service and certificate it uses. */
  readonly lab: Topology;
  /** Where all backends are. */
  readonly upstream: number;
  /** Where the collector is, when it is not one of those. */
  readonly collector?: number;
  /** Where the auth service is, when it is not the lab's. */
  readonly auth?: number;
  /** Its own. */
  readonly directory: string;
  /** A free one, each time. */
  readonly port: () => Promise<number>;
  /** Makes another bootstrap of the rendered one. */
  readonly change?: Change;
}

/** An Envoy by the environment's own renderer, at ports of its own. */
export interface Edge extends AsyncDisposable {
  readonly pid: number;
  /** Of its listener for OTLP over HTTP, which has reads as well. */
  readonly port: number;
  /** Where its files are. */
  readonly topology: Topology;
}

/** The lab's topology with another Envoy, and one port in place of every backend. */
async function topologyOf({ lab, upstream, directory, port, ...others }: EdgePlan): Promise<Topology> {
  const { envoy, loki, auth, "alloy-gateway": gateway } = lab.services;
  const { collector = upstream, auth: service = auth.ports.http } = others;
  const ports = { ...envoy.ports };
  for (const name of Object.keys(PORTS.envoy) as (keyof typeof ports)[]) ports[name] = await port();
  const own = { config: `${directory}/config`, live: `${directory}/live`, data: `${directory}/data` };
  return {
    ...lab,
    services: {
      ...lab.services,
      envoy: { ...envoy, ports, directories: { ...envoy.directories, ...own } },
      loki: { ...loki, ports: { ...loki.ports, http: upstream } },
      "alloy-gateway": { ...gateway, ports: { ...gateway.ports, otlpHttp: collector } },
      auth: { ...auth, ports: { ...auth.ports, http: service } },
    },
  };
}

/** Renders its files, starts it and resolves when it can verify tokens. */
export async function startEdge(plan: EdgePlan): Promise<Edge> {
  const { environment, tenants, directory, change = unchanged } = plan;
  const topology = await topologyOf(plan);
  const { directories, ports } = topology.services.envoy;
  mkdirSync(directories.data, { recursive: true });
  let verifies = false;
  for (const { target, content } of renderEnvoy({ environment, tenants, topology })) {
    const text = target.endsWith(`/${STATIC_FILES.bootstrap}`) ? change(content) : content;
    verifies ||= text.includes("jwt_authn.v3.JwtAuthentication");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  const process = await launch(directories.config, directory, environment, ports.health);
  if (verifies) await new EdgeStatus(topology).hasKeys();
  return {
    pid: process.pid,
    port: ports.otlpHttp,
    topology,
    [Symbol.asyncDispose]: () => process.stop(),
  };
}

/** As components/gateway.ts does. Its access log is written to where it costs nobody anything: of all Envoys alike. */
const launch = (
  config: string,
  directory: string,
  environment: Environment,
  health: number,
): Promise<Running> =>
  start(
    server("envoy").bin,
    [
      ...["--config-path", join(config, STATIC_FILES.bootstrap), "--log-level", "info"],
      ...["--log-path", join(directory, "envoy.log"), "--disable-hot-restart"],
      ...["--concurrency", String(Math.max(1, Math.ceil(environment.sizes.envoy.cpus)))],
    ],
    { logFile: "/dev/null", ready: { url: `http://${loopback}:${health}/ready` } },
  );
