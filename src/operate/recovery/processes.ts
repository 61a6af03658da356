import { hostname } from "node:os";
import { basename } from "node:path";
import { capture } from "../command";
import type { Owner, Processes } from "./lock";

/** Milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Since a process was killed, another one may have its number, and so `ps` says what it is. Not every `ps` can, and some show
 * nothing of other users': gone is what the kernel does not know either. A program's name comes last, because macOS cuts it elsewhere.
 */
async function look(pid: number): Promise<Owner> {
  const { code, stdout } = await capture("ps", ["-o", "stat=", "-o", "comm=", "-p", String(pid)], {
    timeoutMs: TIMEOUT_MS,
  });
  const [, state, program] = /^(\S+)\s+(\S.*)$/.exec(stdout.trim()) ?? [];
  if (code !== 0 || state === undefined || program === undefined) return isGone(pid) ? "gone" : "unseen";
  // A zombie is dead, and waits for its parent to hear of it.
  if (state.startsWith("Z")) return "gone";
  // `pulumi`, `pulumi-language-nodejs`, and `.pulumi-wrapped` where Nix installed it.
  return basename(program).includes("pulumi") ? "runs" : "unseen";
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

export const thisHost = (): Processes => ({ hostname: hostname(), look });
