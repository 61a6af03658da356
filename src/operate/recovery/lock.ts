import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What the Pulumi CLI writes into a file backend while it updates a stack (pkg/backend/diy/lock.go). */
export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/**
 * The directory of a file backend, as Pulumi reads it: `file:///home/ana/state`, `file://~`, `file://./state?no_tmp_dir=true`.
 * Undefined for another backend.
 */
export function directoryOf(url: string, root: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path.startsWith("/")) return fileURLToPath(`file://${path}`);
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : resolve(root, path);
}

/** The locks of a stack. One that cannot be read is somebody's, of an unknown host. @param directory of the file backend */
export function readLocks(directory: string, project: string, stack: string): readonly Lock[] {
  const folder = join(directory, ".pulumi", "locks", "organization", project, stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => parseLock(textOf(join(folder, name))) ?? []);
}

/** Undefined when it went meanwhile. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const UNKNOWN: Lock = { pid: 0, username: "somebody", hostname: "an unknown host", timestamp: "" };

function parseLock(text: string | undefined): Lock | undefined {
  if (text === undefined) return undefined;
  try {
    const lock = JSON.parse(text) as Partial<Lock> | null;
    return { ...UNKNOWN, ...lock };
  } catch {
    // Killed while it wrote it.
    return UNKNOWN;
  }
}

/** What is known of the locks' owners. */
export interface Processes {
  readonly hostname: string;
  /** Whether a process of this host is a Pulumi CLI that runs. */
  readonly runsPulumi: (pid: number) => boolean | Promise<boolean>;
}

export type LockState =
  | { readonly kind: "free" }
  /** Its owners are gone. */
  | { readonly kind: "left"; readonly owners: readonly string[] }
  /** Whether its owners are gone cannot be seen from here. */
  | { readonly kind: "elsewhere"; readonly owners: readonly string[] }
  /** Somebody works. */
  | { readonly kind: "held"; readonly owners: readonly string[] };

/** Who holds a stack's locks; one that runs decides, then one that cannot be asked. */
export async function lockState(locks: readonly Lock[], processes: Processes): Promise<LockState> {
  if (locks.length === 0) return { kind: "free" };
  const local = locks.filter(({ hostname }) => hostname === processes.hostname);
  const running: Lock[] = [];
  for (const lock of local) if (await processes.runsPulumi(lock.pid)) running.push(lock);
  if (running.length > 0) return { kind: "held", owners: running.map(owner) };
  const elsewhere = locks.filter((lock) => !local.includes(lock));
  if (elsewhere.length > 0) return { kind: "elsewhere", owners: elsewhere.map(owner) };
  return { kind: "left", owners: locks.map(owner) };
}

/** `ana on laptop (process 4711, since 2026-11-21T09:13:04Z)` */
function owner({ username, hostname, pid, timestamp }: Lock): string {
  const when = timestamp === "" ? "" : `, since ${timestamp.replace(/\.\d+/, "")}`;
  return `${username} on ${hostname} (process ${pid}${when})`;
}
