import { hostname } from "node:os";
import { basename } from "node:path";
import { capture } from "../command";
import type { Processes } from "./lock";

/** Milliseconds. */
const TIMEOUT_MS = 10_000;

/** By `ps`: since a process was killed, another one may have its number. When that cannot say, it runs. */
async function runsPulumi(pid: number): Promise<boolean> {
  const { code, stdout, missing } = await capture("ps", ["-o", "comm=", "-o", "stat=", "-p", String(pid)], {
    timeoutMs: TIMEOUT_MS,
  });
  if (missing) return isAlive(pid);
  const [, program = "", state = ""] = /^(.*\S)\s+(\S+)$/m.exec(stdout.trim()) ?? [];
  if (code !== 0 && stdout.trim() === "") return false;
  // A zombie is dead, and waits for its parent to hear of it.
  return basename(program).startsWith("pulumi") && !state.startsWith("Z");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export const thisHost = (): Processes => ({ hostname: hostname(), runsPulumi });
