import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentName } from "../docker/environment";
import { makeDirectory } from "../pulumi/directory";

/** So many copies of a stack's state are kept, the newest ones. */
export const COPIES = 5;

const TIME = /^\d{4}-\d\d-\d\dT[\d.-]+Z\.json$/;

/** Keeps a state as it is, beside our own state, whosever it is: a copy of a state is a state. Returns the file. */
export function keepCopy(home: string, stack: string, state: string, now = new Date()): string {
  makeDirectory(home);
  const start = `recover-${environmentName(stack)}-`;
  const file = join(home, `${start}${now.toISOString().replaceAll(":", "-")}.json`);
  writeFileSync(file, state, { mode: 0o600, flag: "wx" });
  // Their names are in the order of time.
  const copies = readdirSync(home)
    .filter((name) => name.startsWith(start) && TIME.test(name.slice(start.length)))
    .sort();
  for (const old of copies.slice(0, -COPIES)) rmSync(join(home, old), { force: true });
  return file;
}
