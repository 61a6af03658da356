import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEYCLOAK_DATABASE } from "../model/keycloak";
import { gatewayPipeline } from "../render/gateway-pipeline";
import { toCollector } from "../render/otelcol";
import { prepareAuthImage } from "../stack/auth-image";
import { placeDatabase, type PreparedDatabase } from "./database";
import { declaredProcess, type Declared } from "./declare";
import { keycloakProcess } from "./keycloak/server";
import type { ProcessSpec } from "./process";
import { projectRoot } from "./root";
import { server } from "./servers/installed";
import { loopback } from "./servers/net";
import { postgresPrograms, takesLogins } from "./servers/postgres";

/** The servers that the lab runs. */
export const SERVERS = ["envoy", "keycloak", "otelcol", "postgresql", "redis"] as const;

/** The processes of the lab by name, each after those it needs. */
export const PROCESS_NAMES = ["postgres", "keycloak", "redis", "collector", "auth", "envoy"] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

interface Place {
  readonly declared: Declared;
  readonly directory: string;
  readonly database: PreparedDatabase;
}

/** What is started in place of the environment's containers. Puts in place what an image would bring. */
export const processSpecs = async (place: Place): Promise<Readonly<Record<ProcessName, ProcessSpec>>> => ({
  postgres: await postgres(place),
  keycloak: keycloak(place),
  redis: redis(place),
  collector: collector(place),
  auth: auth(place),
  envoy: envoy(place),
});

/** Arguments of a container's command, without the program's name. */
const flags = ([, ...args]: readonly string[]): readonly string[] => args;

async function postgres({ declared, directory, database }: Place): Promise<ProcessSpec> {
  const { ports, directories } = declared.stack.topology.services.postgres;
  const { command, env } = declaredProcess(declared, "postgres");
  const data = env["PGDATA"] ?? directories.data;
  placeDatabase(database, data);
  const { bin } = await postgresPrograms(directory);
  return {
    name: "postgres",
    program: bin,
    // Where its socket is belongs to the image; nobody uses it here.
    args: ["-D", data, ...flags(command), "-c", "unix_socket_directories="],
    options: { unprivileged: true, cwd: directory },
    ready: { what: "PostgreSQL", check: () => takesLogins(ports.sql, KEYCLOAK_DATABASE) },
    // Its fast shutdown: SIGTERM would wait for clients to leave.
    stopSignal: "SIGINT",
    graceMs: 10_000,
  };
}

function keycloak({ declared }: Place): ProcessSpec {
  const { bind, ports, directories } = declared.stack.topology.services.keycloak;
  const program = server("keycloak");
  return keycloakProcess({
    ...{ program, bind, ports, directory: directories.data },
    ...declaredProcess(declared, "keycloak"),
  });
}

const redis = ({ declared }: Place): ProcessSpec => ({
  name: "redis",
  program: server("redis").bin,
  args: flags(declaredProcess(declared, "redis").command),
  ready: { port: declared.stack.topology.services.redis.ports.redis },
});

/** The OpenTelemetry Collector in place of Alloy: the same pipeline, in its own syntax. */
function collector({ declared: { stack } }: Place): ProcessSpec {
  const { ports, directories } = stack.topology.services["alloy-gateway"];
  // Not beside the declared files: a change of tenants removes what is not declared there.
  const file = join(directories.data, "otelcol.yaml");
  writeFileSync(file, toCollector(gatewayPipeline(stack)));
  return {
    name: "collector",
    program: server("otelcol").bin,
    args: ["--config", file],
    ready: { port: ports.otlpHttp },
  };
}

/** The bundle that its image holds, in a copy of its own: when it is started again it is the same program. */
function auth({ declared }: Place): ProcessSpec {
  const { ports, directories } = declared.stack.topology.services.auth;
  const program = join(directories.data, "main.cjs");
  mkdirSync(directories.data, { recursive: true });
  copyFileSync(join(prepareAuthImage(projectRoot()).context, "main.cjs"), program);
  return {
    name: "auth",
    program: process.execPath,
    args: ["--enable-source-maps", program],
    options: { env: { NODE_ENV: "production", ...declaredProcess(declared, "auth").env } },
    ready: { url: `http://${loopback}:${ports.http}/ready` },
  };
}

const envoy = ({ declared }: Place): ProcessSpec => ({
  name: "envoy",
  program: server("envoy").bin,
  args: declaredProcess(declared, "envoy").command,
  ready: { url: `http://${loopback}:${declared.stack.topology.services.envoy.ports.health}/ready` },
  graceMs: 10_000,
});
