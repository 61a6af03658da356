import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import pins from "../../scripts/servers/pins.json";

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
  readonly postgresql: Server & { readonly initdb: string; readonly pgCtl: string };
}

/** The same folder as in scripts/servers/cache.mjs. */
function cacheDir(): string {
  const chosen = process.env["ATALAYA_CACHE"];
  return chosen === undefined || chosen === ""
    ? join(homedir(), ".cache", "atalaya", "servers")
    : resolve(chosen);
}

function installed(): Partial<Servers> {
  const file = join(cacheDir(), "servers.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Servers>) : {};
}

/**
 * Where a real server's program is. Throws when it is missing or not the pinned version, so that a test that needs it
 * fails: a skipped test would look like a passed one.
 */
export function server<Name extends keyof Servers>(name: Name): Servers[Name] {
  const found: Servers[Name] | undefined = installed()[name];
  const pinned = pins[name].version;
  if (found === undefined || !existsSync(found.bin)) {
    throw new Error(`${name} ${pinned} is not installed. Run: npm run servers`);
  }
  if (found.version !== pinned && !found.version.startsWith(`${pinned}.`)) {
    throw new Error(`${name} ${found.version} is installed, but ${pinned} is pinned. Run: npm run servers`);
  }
  return found;
}
