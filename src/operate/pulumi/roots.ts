import { readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { makeDirectory } from "./directory";

/** A stack, the project's directory that it is worked on from, and our own directory where the state is there. */
export interface Placed {
  readonly name: string;
  readonly root: string;
  readonly home: string | undefined;
}

const fileOf = (home: string, stack: string): string => join(home, "stacks", `${basename(stack)}.root`);

/**
 * The project's directory that a stack on this machine was last updated from, where it is another one than this: both would make
 * the same environment theirs. Undefined where it is this one, or nobody knows.
 */
export function otherRoot({ name, root, home }: Placed): string | undefined {
  if (home === undefined) return undefined;
  try {
    const last = readFileSync(fileOf(home, name), "utf8").trim();
    return last === "" || last === realpathSync(root) ? undefined : last;
  } catch {
    return undefined;
  }
}

/** Keeps from where a stack was updated; an update that went well does not fail by it. */
export function recordRoot({ name, root, home }: Placed): void {
  if (home === undefined) return;
  try {
    const file = fileOf(home, name);
    makeDirectory(join(home, "stacks"));
    writeFileSync(`${file}.${process.pid}`, `${realpathSync(root)}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // It is only a hint.
  }
}
