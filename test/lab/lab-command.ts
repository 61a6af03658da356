import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");

export interface Command {
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** The command as npm runs it. */
export function lab(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  const child = spawn(
    process.execPath,
    [join(ROOT, "scripts", "atalaya.mjs"), "lab", "--recorders", ...args],
    {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
  return { pid: child.pid ?? 0, output: () => output, ended };
}

export const directoryIn = (output: string): string => /their files in (\S+)/.exec(output)?.[1] ?? "";
export const pidsIn = (output: string): readonly number[] =>
  [...output.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
export const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);
