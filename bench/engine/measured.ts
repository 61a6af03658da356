import type { PulumiCommand } from "@pulumi/pulumi/automation";
import { readFileSync } from "node:fs";

/** What a command of the CLI took, of it and of the program's process. Seconds, and megabytes at the peak. */
export interface Measured {
  readonly wall: number;
  readonly program: { readonly cpu: number; readonly memory: number };
  readonly cli: { readonly cpu: number; readonly memory: number };
}

/** A tick of /proc is a hundredth of a second wherever Linux runs Node. */
const TICKS = 100;

/** CPU of all children that have ended and were waited for. Seconds. */
function cpuOfChildren(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The name, in parentheses, may hold anything; cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** The most memory that any present child has had so far. Megabytes; 0 without one. */
function memoryOfChildren(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ");
  const peaks = children.filter(Boolean).map((pid) => {
    try {
      return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.max(0, ...peaks) / 1_024;
}

const LOOK_MS = 100;

type Run = (args: readonly string[], ...rest: unknown[]) => Promise<unknown>;

/**
 * From now on every command of this CLI is measured; returns what the last one of each name took. The Automation API runs more
 * than the `up` that it is asked for (outputs, history), which is nobody's concern here. The property is the SDK's own: its types leave it out.
 */
export function measured(pulumi: PulumiCommand): ReadonlyMap<string, Measured> {
  const took = new Map<string, Measured>();
  const command = pulumi as unknown as { run: Run };
  const run = command.run.bind(command);
  command.run = async (args, ...rest) => {
    const [start, own, others] = [performance.now(), process.cpuUsage(), cpuOfChildren()];
    let memory = 0;
    const look = setInterval(() => {
      memory = Math.max(memory, memoryOfChildren());
    }, LOOK_MS);
    try {
      return await run(args, ...rest);
    } finally {
      clearInterval(look);
      const { user, system } = process.cpuUsage(own);
      took.set(args[0] ?? "", {
        wall: (performance.now() - start) / 1_000,
        program: { cpu: (user + system) / 1e6, memory: process.resourceUsage().maxRSS / 1_024 },
        cli: { cpu: cpuOfChildren() - others, memory },
      });
    }
  };
  return took;
}
