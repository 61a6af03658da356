import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { printable } from "../printable";

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
  const locks = join(directory, ".pulumi", "locks");
  // The second is Pulumi's older layout, which PULUMI_DIY_BACKEND_LEGACY_LAYOUT brings back.
  return [join(locks, "organization", project, stack), join(locks, stack)].flatMap(locksIn);
}

const locksIn = (folder: string): readonly Lock[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .flatMap((name) => parseLock(textOf(join(folder, name))) ?? [])
    : [];

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

/** A process that runs Pulumi, that is there no more, or of which neither can be seen. */
export type Owner = "runs" | "gone" | "unseen";

/** What is known of the locks' owners. */
export interface Processes {
  readonly hostname: string;
  /** What a process of this host is. */
  readonly look: (pid: number) => Owner | Promise<Owner>;
}

export type LockState =
  | { readonly kind: "free" }
  /** Its owners are gone. */
  | Locked<"left">
  /** Whether its owners are gone cannot be seen from here. */
  | Locked<"elsewhere">
  /** Somebody works. */
  | { readonly kind: "held"; readonly owners: readonly string[] };

interface Locked<Kind> {
  readonly kind: Kind;
  readonly owners: readonly string[];
  /** When the first of them began; undefined where that is not known. */
  readonly begun?: Date;
}

/**
 * Of a stack in a file backend. Undefined where it cannot be known: only the older layout has no `meta.yaml`, and where else its
 * locks might be nobody says. @param directory of the file backend
 */
export async function lockIn(
  directory: string,
  project: string,
  stack: string,
  processes: Processes,
): Promise<LockState | undefined> {
  const state = await lockState(readLocks(directory, project, stack), processes);
  const certain = existsSync(join(directory, ".pulumi", "meta.yaml"));
  return certain || state.kind === "held" || state.kind === "elsewhere" ? state : undefined;
}

/** Who holds a stack's locks; one that runs decides, then one that cannot be asked. */
export async function lockState(locks: readonly Lock[], processes: Processes): Promise<LockState> {
  if (locks.length === 0) return { kind: "free" };
  const [running, unseen]: [Lock[], Lock[]] = [[], []];
  for (const lock of locks) {
    const seen = lock.hostname === processes.hostname ? await processes.look(lock.pid) : "unseen";
    if (seen === "runs") running.push(lock);
    if (seen === "unseen") unseen.push(lock);
  }
  if (running.length > 0) return { kind: "held", owners: running.map(owner) };
  const begun = begunOf(locks);
  return unseen.length > 0
    ? { kind: "elsewhere", owners: unseen.map(owner), ...begun }
    : { kind: "left", owners: locks.map(owner), ...begun };
}

function begunOf(locks: readonly Lock[]): { readonly begun?: Date } {
  const times = locks.map(({ timestamp }) => Date.parse(timestamp));
  return times.some(Number.isNaN) ? {} : { begun: new Date(Math.min(...times)) };
}

/** `ana on laptop (process 4711, since 2026-11-21T09:13:04Z)` */
function owner({ username, hostname, pid, timestamp }: Lock): string {
  const when = timestamp === "" ? "" : `, since ${timestamp.replace(/\.\d+/, "")}`;
  return printable(`${username} on ${hostname} (process ${pid}${when})`);
}
