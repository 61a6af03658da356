import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { projectRoot } from "../root";

/** A real server that `npm run servers` installed: what it says of its version, and its program's path. */
export interface Server {
  readonly version: string;
  readonly bin: string;
}

export interface Servers {
  readonly envoy: Server;
  readonly otelcol: Server;
  /** Our own small program around Grafana Alloy's syntax module: scripts/servers/alloyfmt. */
  readonly alloyfmt: Server;
  readonly redis: Server;
  /** Brought for the full suite and by `npm run servers`, not by `npm test`. */
  readonly loki: Server;
  /** In place of Mimir. */
  readonly cortex: Server;
  /** In place of Tempo. */
  readonly jaeger: Server;
  /** Loki's own client. */
  readonly logcli: Server;
  readonly prometheus: Server & { readonly promtool: string };
  /** OpenTelemetry's SDKs: `bin` is node_modules, or a folder for PYTHONPATH. */
  readonly "otel-sdk-node": Server;
  readonly "otel-sdk-python": Server;
  readonly postgresql: Server & { readonly initdb: string; readonly pgCtl: string };
  /** `bin` is kc.sh; `home` the distribution, built; `java` one that runs it. */
  readonly keycloak: Server & { readonly home: string; readonly java: string };
}

/** The same folder as in scripts/servers/cache.mjs. */
export function cacheDir(): string {
  const chosen = process.env["ATALAYA_CACHE"];
  return chosen === undefined || chosen === ""
    ? join(homedir(), ".cache", "atalaya", "servers")
    : resolve(chosen);
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

function installed(): Partial<Servers> {
  const file = join(cacheDir(), "servers.json");
  return existsSync(file) ? (read(file) as Partial<Servers>) : {};
}

/** The versions that we are to run, by server: data of the scripts that install them. */
export const pins = (): Readonly<Record<string, { readonly version: string }>> =>
  read(join(projectRoot(), "scripts", "servers", "pins.json")) as Record<string, { version: string }>;

/** What keeps a server from being started, or undefined. */
function problem(name: keyof Servers, found: Server | undefined): string | undefined {
  const version = pins()[name]?.version ?? "";
  if (found === undefined || !existsSync(found.bin)) return `${name} ${version} is not installed`;
  if (found.version !== version && !found.version.startsWith(`${version}.`))
    return `${name} ${found.version} is installed, but ${version} is pinned`;
  return undefined;
}

/**
 * Where a real server's program is. Throws when it is missing or not the pinned version, so that a test that needs it
 * fails: a skipped test would look like a passed one.
 */
export function server<Name extends keyof Servers>(name: Name): Servers[Name] {
  const found: Servers[Name] | undefined = installed()[name];
  const what = problem(name, found);
  if (found === undefined || what !== undefined) throw new Error(`${what ?? name}. Run: npm run servers`);
  return found;
}

/** What keeps any of these servers from being started, all of it at once. */
export function missingServers(names: readonly (keyof Servers)[]): readonly string[] {
  const found = installed();
  return names.flatMap((name) => problem(name, found[name]) ?? []);
}
