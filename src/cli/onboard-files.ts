import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DATA_PATH, SECRET_PATHS, type OnboardFile } from "../onboard/model";
import { UsageError } from "./errors";

/** Its owner's alone; or, of what runs as another user, to be read, and its secrets by who knows their names. */
const MODES = { private: [0o700, 0o700], read: [0o755, 0o711] } as const;

/** Throws UsageError unless a directory can be filled without touching anything of anybody's. */
export function checkEmpty(directory: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    throw new UsageError(`--out: ${directory} cannot be used: ${code ?? message}.`, { cause: error });
  }
  if (names.length > 0)
    throw new UsageError(
      `--out: ${directory} is not empty, and nothing there is overwritten. Name another directory, or empty it.`,
    );
}

/** Writes what is handed out, into a new directory, with the places that the configurations name. */
export function writeHandedOut(directory: string, files: readonly OnboardFile[], ownUser: boolean): void {
  const [mode, secrets] = MODES[ownUser ? "read" : "private"];
  makeDirectory(directory, mode);
  if (!ownUser) makeDirectory(join(directory, DATA_PATH), mode);
  makeDirectory(join(directory, dirname(SECRET_PATHS.clientSecret)), secrets);
  for (const { path, content, mode: of } of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true, mode });
    // `wx`: whatever came there meanwhile is not ours.
    writeFileSync(file, content, { mode: of, flag: "wx" });
    chmodSync(file, of);
  }
}

/** With just this mode, whatever the umask is. */
function makeDirectory(directory: string, mode: number): void {
  mkdirSync(directory, { recursive: true, mode });
  chmodSync(directory, mode);
}
