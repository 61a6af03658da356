import { readFileSync } from "node:fs";

/** A tick of /proc is a hundredth of a second wherever Linux runs Node. */
const TICK_MICROS = 10_000;

/** CPU that a process has used so far, in user and system mode, of all its threads. Microseconds, in steps of 10,000. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold anything; what follows it are numbers. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}
