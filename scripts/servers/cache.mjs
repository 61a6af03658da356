// Where the servers live on this machine and how a new one gets there: whole or not at all.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What is installed, and in which version. The tests read the same file, so there is one list. */
export const pins = JSON.parse(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), "pins.json"), "utf8"),
);

/** The cache folder: `$ATALAYA_CACHE`, else `~/.cache/atalaya/servers`. test/servers/installed.ts says the same. */
export function cacheDir() {
  const chosen = process.env["ATALAYA_CACHE"];
  return chosen ? resolve(chosen) : join(homedir(), ".cache", "atalaya", "servers");
}

/**
 * Fills a folder of the cache. `fill(dir)` works in a private folder beside it that is renamed when it returns, so a
 * killed install leaves nothing that looks finished, and of two installs at once the second is thrown away.
 */
export function fillFolder(name, fill) {
  const folder = join(cacheDir(), name);
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    fill(partial);
    renameSync(partial, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another install was first
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/**
 * Writes `<cache>/servers.json`, by rename: a test that reads it meanwhile sees the old list or the new one. Servers that only
 * another checkout knows stay listed.
 */
export function writeServers(servers, known) {
  const file = join(cacheDir(), "servers.json");
  mkdirSync(cacheDir(), { recursive: true });
  const listed = existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, "utf8"))) : [];
  const others = Object.fromEntries(listed.filter(([name]) => !known.includes(name)));
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ ...servers, ...others }, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
