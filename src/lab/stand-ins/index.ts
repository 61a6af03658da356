import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RenderedStack } from "../../stack/render";
import { sameProtocol, type Behind } from "../backends/behind";
import { tempoByJaeger } from "../backends/jaeger";
import type { BackendName } from "../backends/received";
import { declaredProcess, type Declared } from "../declare";
import type { ProcessSpec } from "../process";
import { pins, server, type Servers } from "../servers/installed";
import { loopback } from "../servers/net";
import { cortexConfig, cortexOverrides } from "./cortex";

/** What runs behind a recorder. */
interface StandIn {
  readonly server: "loki" | "cortex" | "jaeger";
  /** In one line: what differs from the real one. */
  readonly differs: string;
}

export const STAND_INS: Readonly<Record<BackendName, StandIn>> = {
  loki: { server: "loki", differs: "the real one, with its rendered files" },
  mimir: {
    server: "cortex",
    differs:
      "Mimir's ancestor, with the limits of Mimir's rendered files: the same header, limits and ruler; it has no cardinality API, and OTLP at another path",
  },
  tempo: {
    server: "jaeger",
    differs:
      "behind Tempo's paths: traces by id, search by service.name and name alone; in memory, no limits by tenant, no metrics from traces; several tenants in one header, or none, are refused by what stands before it",
  },
};

/** `Cortex 1.20.1 in place of Mimir: ...` */
export function labelOf(backend: BackendName): string {
  const { server: name, differs } = STAND_INS[backend];
  const who = `${name} ${pins()[name]?.version ?? ""}`;
  return name === backend ? `${who}: ${differs}` : `${who} in place of ${backend}: ${differs}`;
}

export const serversOf = (backends: readonly BackendName[]): readonly (keyof Servers)[] =>
  backends.map((backend) => STAND_INS[backend].server);

/** A real server: how it is started, how the recorder speaks to it, and what it has to hear of other tenants. */
export interface RealBackend {
  readonly spec: ProcessSpec;
  readonly behind: Behind;
  /** Only where it does not read the rendered files themselves. */
  readonly follow?: (stack: RenderedStack) => void;
}

interface Where {
  readonly declared: Declared;
  readonly directory: string;
  readonly port: () => Promise<number>;
}

/** The real server behind one of the backends. Puts its files in place. */
export function realBackend(backend: BackendName, where: Where): Promise<RealBackend> {
  switch (backend) {
    case "loki":
      return loki(where);
    case "mimir":
      return cortex(where);
    case "tempo":
      return jaeger(where);
    default:
      return backend satisfies never;
  }
}

/** Until it has read its disk and joined its own ring. */
const READY_MS = 120_000;

/** Its own files and command; the recorder has the port that they name, so it listens on another. */
async function loki({ declared, port }: Where): Promise<RealBackend> {
  const http = await port();
  const { command } = declaredProcess(declared, "loki");
  return {
    spec: {
      name: "loki",
      program: server("loki").bin,
      // 15 s by itself, for rings of many.
      args: [
        ...command,
        `-server.http-listen-port=${http}`,
        "-ingester.min-ready-duration=0s",
        "-log.level=warn",
      ],
      options: { timeoutMs: READY_MS },
      ready: { url: `http://${loopback}:${http}/ready` },
      graceMs: 20_000,
    },
    behind: sameProtocol(http),
  };
}

async function cortex({ declared, directory, port }: Where): Promise<RealBackend> {
  const place = {
    http: await port(),
    grpc: await port(),
    directory: join(directory, "cortex"),
    overrides: join(directory, "cortex", "overrides.yaml"),
  };
  mkdirSync(join(place.directory, "alertmanager"), { recursive: true });
  const follow = (stack: RenderedStack): void => {
    writeFileSync(`${place.overrides}.new`, cortexOverrides(stack));
    renameSync(`${place.overrides}.new`, place.overrides);
  };
  follow(declared.stack);
  const config = join(place.directory, "cortex.yaml");
  writeFileSync(config, cortexConfig(declared.stack, place));
  return {
    spec: {
      name: "cortex",
      program: server("cortex").bin,
      args: [`-config.file=${config}`, "-api.build-info-enabled=true"],
      // It notes its activity in the directory where it stands.
      options: { timeoutMs: READY_MS, cwd: place.directory },
      ready: { url: `http://${loopback}:${place.http}/ready` },
      graceMs: 20_000,
    },
    behind: sameProtocol(place.http, (path) => path.replace(/^\/otlp\/v1\//, "/api/v1/otlp/v1/")),
    follow,
  };
}

async function jaeger({ port }: Where): Promise<RealBackend> {
  const ports = { otlpGrpc: await port(), query: await port() };
  const listen = async (flag: string, at?: number): Promise<string> =>
    `--${flag}.host-port=${loopback}:${at ?? (await port())}`;
  return {
    spec: {
      name: "jaeger",
      program: server("jaeger").bin,
      args: [
        "--multi-tenancy.enabled",
        "--multi-tenancy.header=x-scope-orgid",
        "--log-level=warn",
        await listen("admin.http"),
        await listen("collector.grpc-server"),
        await listen("collector.http-server"),
        await listen("collector.otlp.grpc", ports.otlpGrpc),
        await listen("collector.otlp.http"),
        await listen("query.grpc-server"),
        await listen("query.http-server", ports.query),
      ],
      ready: { port: ports.query },
    },
    behind: tempoByJaeger(ports),
  };
}
