// Prepares node_modules from a fresh clone. Runs on the machine's own Node (20 or newer) with nothing installed,
// so it uses Node's own modules only.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".atalaya-lock");

/** The Node that the project pins by npm: the machine's own may be older than the SDK accepts. */
export const node = join(
  root,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** What node_modules was installed from. */
const lockDigest = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");

/** Runs `npm ci` when node_modules is missing or was installed from another lock file. Exits 3 when npm fails. */
export function ensureDependencies() {
  const lock = lockDigest();
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  process.stderr.write(
    "atalaya: installing dependencies with npm ci (first run, or the lock file changed) ...\n",
  );
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", process.stderr.fd, process.stderr.fd],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0 || !existsSync(node)) {
    process.stderr.write(
      "atalaya: npm ci failed; nothing was run. Mend what npm says above and try again.\n",
    );
    process.exit(3);
  }
  writeFileSync(stamp, lock);
}

/**
 * Runs a program with the pinned Node and this process's terminal; resolves never, exits with its exit code. Signals are
 * its own to answer: it may have processes to end before it ends itself.
 */
export function runNode(args, env = {}) {
  const child = spawn(node, args, { stdio: "inherit", env: { ...process.env, ...env } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise(() => {
    child.once("error", (error) => {
      process.stderr.write(`atalaya: cannot start ${node}: ${error.message}\n`);
      process.exit(3);
    });
    child.once("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  });
}

// npm's own postinstall: an install by hand counts as well.
if (process.argv[2] === "--stamp") writeFileSync(stamp, lockDigest());
