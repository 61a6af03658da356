import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  KEYCLOAK_READY,
  keycloakCommand,
  keycloakSecretSettings,
  keycloakSettings,
  type KeycloakPlace,
} from "../../model/keycloak";
import { SECRET_FILES } from "../../model/secret-files";
import { LabError } from "../error";
import type { ProcessSpec } from "../process";
import { accepts, answers200 } from "../servers/net";
import { start, type Running } from "../servers/process";

/** What `npm run servers` installed: `server("keycloak")`. */
export interface KeycloakProgram {
  readonly java: string;
  readonly home: string;
}

export interface KeycloakProcess {
  readonly program: KeycloakProgram;
  /** Its own, for what it writes beside its program. Made if it is missing. */
  readonly directory: string;
  /** As its container has them: after `kc.sh`, and in the environment. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly bind: string;
  readonly ports: KeycloakPlace["ports"];
}

/** It lives for a test or an afternoon: starting fast (8 s for 20) matters more than its top speed, and little memory. */
const JAVA = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xms64m", "-Xmx512m"];
/** Until it is ready: with an empty database it takes 10 to 80 s. */
const TIMEOUT_MS = 180_000;

/** Keycloak as a process: as kc.sh starts it, without the shell in between, so that what is signalled is Keycloak itself. */
export function keycloakProcess(options: KeycloakProcess): ProcessSpec {
  const { program, directory, command, env, bind, ports } = options;
  for (const path of [program.java, program.home])
    if (!existsSync(path)) throw new LabError(`Keycloak cannot start: ${path} is gone. Run: npm run servers`);
  const home = prepareHome(program.home, directory);
  const url = `http://${bind}:${ports.http}`;
  const properties = {
    "java.util.concurrent.ForkJoinPool.common.threadFactory":
      "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "java.util.logging.manager": "org.jboss.logmanager.LogManager",
    "jboss.server.config.dir": join(home, "conf"),
    "kc.home.dir": home,
    "picocli.disable.closures": "true",
    "user.language": "en",
  };
  const opened = ["java.util", "java.util.concurrent", "java.security"];
  return {
    name: "keycloak",
    program: program.java,
    args: [
      ...JAVA,
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ...["-cp", join(home, "lib", "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint"],
      ...command,
      // It was built when it was installed, for these settings; its container builds at every start.
      "--optimized",
    ],
    options: { cwd: directory, env, timeoutMs: TIMEOUT_MS },
    ready: {
      what: `${url}, ready`,
      // Its management port says that it is ready before the other one is open.
      check: async () =>
        (await answers200(`http://${bind}:${ports.management}${KEYCLOAK_READY}`)) &&
        (await answers200(`${url}/realms/master`)),
    },
    graceMs: 10_000,
  };
}

/** A home of its own, because it writes into it; the programs in it are the installed ones. */
function prepareHome(installed: string, directory: string): string {
  const home = join(directory, "home");
  mkdirSync(join(home, "conf"), { recursive: true });
  for (const part of ["lib", "providers", "themes"])
    if (!existsSync(join(home, part))) symlinkSync(join(installed, part), join(home, part));
  return home;
}

export interface KeycloakOptions extends Pick<KeycloakProcess, "program" | "directory" | "bind" | "ports"> {
  /** What people and agents type in, and every token's `iss`. */
  readonly hostname: string;
  /** Of the administrator, while the database is still empty. */
  readonly adminPassword: string;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly user: string;
    readonly password: string;
  };
  readonly trustedProxies?: number;
  readonly timeoutMs?: number;
  /** Ends the start. */
  readonly abort?: AbortSignal;
}

export interface Keycloak extends Running {
  /** Where it is reached from this machine. */
  readonly url: string;
  readonly log: string;
}

/**
 * Starts Keycloak with the settings that its container has, and resolves when it is ready. Throws LabError with the end of
 * its log when it ends before that or takes too long; then it runs no more.
 */
export async function startKeycloak(options: KeycloakOptions): Promise<Keycloak> {
  const { directory, bind, ports, hostname, database, trustedProxies = 0, abort } = options;
  const taken = await inUse(Object.values(ports));
  if (taken.length > 0) throw new LabError(`keycloak did not start: in use: ${bind}:${taken.join(", ")}`);
  mkdirSync(directory, { recursive: true });
  const settingsFile = join(directory, SECRET_FILES.keycloak.settings);
  const settings = keycloakSecretSettings(database.password, options.adminPassword);
  writeFileSync(settingsFile, settings, { mode: 0o600 });
  const { name, user } = database;
  const env = keycloakSettings({
    bind,
    ports,
    url: hostname,
    database: { authority: `${database.host}:${database.port}`, name, user },
    trustedProxies,
  });
  const spec = keycloakProcess({ ...options, command: keycloakCommand(settingsFile), env });
  const log = join(directory, "keycloak.log");
  try {
    const running = await start(spec.program, spec.args, {
      ...spec.options,
      ready: spec.ready,
      logFile: log,
      ...(spec.graceMs !== undefined && { graceMs: spec.graceMs }),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(abort !== undefined && { abort }),
    });
    return { ...running, url: `http://${bind}:${ports.http}`, log };
  } catch (error) {
    abort?.throwIfAborted();
    const why = (error as { readonly cause?: Error }).cause?.message ?? (error as Error).message;
    throw new LabError(`keycloak did not start: ${why}\n${lastMessages(log)}`, { cause: error });
  }
}

/** Asked before: while Keycloak starts, whoever has its ports would answer for it. */
async function inUse(ports: readonly number[]): Promise<readonly number[]> {
  const answers = await Promise.all(ports.map(accepts));
  return ports.filter((_, index) => answers[index] === true);
}

/** What it said last that matters, of lines in JSON and in plain text. */
export function lastMessages(log: string): string {
  const text = existsSync(log) ? readFileSync(log, "utf8").trimEnd() : "";
  const lines = text.split("\n").map(messageOf);
  const serious = lines.filter(({ level }) => level !== "INFO" && level !== "WARN");
  const shown = (serious.length > 0 ? serious : lines).slice(-8).map((line) => `  ${line.message}`);
  return [...shown, `  (all of it: ${log})`].join("\n");
}

function messageOf(line: string): { readonly level: string; readonly message: string } {
  try {
    return JSON.parse(line) as { readonly level: string; readonly message: string };
  } catch {
    return { level: "", message: line };
  }
}
