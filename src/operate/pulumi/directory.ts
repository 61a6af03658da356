import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { OperateError } from "../error";

/** Makes a directory that nobody else may read, one level after the other: Node's own way to make several never ends below /proc. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another command may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Of a directory that everybody uses, as /tmp. */
const STICKY = 0o1000;
/** What our commands leave there. */
const OWN = /^(?:state|passphrase(?:\.\d+)?|certificates|stacks|recover-.*\.json)$/;

/**
 * Keeps everybody else out of our directory. One that holds other things as well, such as a user's home, is not ours to close: it
 * is refused where others may put something there. Throws OperateError.
 */
export function closeHome(home: string): void {
  const mode = modeOf(home);
  const isOurs = (mode & STICKY) === 0 && readdirSync(home).every((name) => OWN.test(name));
  if (isOurs) restrict(home, 0o700);
  else if ((mode & 0o022) !== 0)
    throw new OperateError(
      `${home} is not for our things alone, and others may write there (mode ${mode.toString(8)}). Name a directory of its own: ATALAYA_HOME`,
    );
}

/** Takes from everybody else what they may do with what is ours. Throws OperateError where it is somebody else's. */
export function restrict(path: string, wanted: number): void {
  const { uid } = statSync(path);
  const own = process.getuid?.();
  // Windows has neither.
  if (own === undefined) return;
  if (uid !== own)
    throw new OperateError(
      `${path} belongs to another user (${uid}; you are ${own}). Work as that user, or name a directory of your own: ATALAYA_HOME`,
    );
  const mode = modeOf(path);
  if ((mode & 0o077) !== 0) chmodSync(path, mode & wanted);
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;
