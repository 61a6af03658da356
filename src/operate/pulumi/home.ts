import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { OperateError } from "../error";
import { passphraseFile, type Variables } from "./backend";

/** Bytes. */
const PASSPHRASE_LENGTH = 32;
/** A stack of this project in a directory's state: Pulumi's own layout. */
const STACKS = ".pulumi/stacks/atalaya";

/** Our directory on this machine: state and passphrase of those who have set no other. */
export function homePath(variables: Variables, user = homedir()): string {
  const own = variables["ATALAYA_HOME"] ?? "";
  if (own !== "") return resolve(variables["INIT_CWD"] ?? process.cwd(), own);
  const data = variables["XDG_DATA_HOME"] ?? "";
  // The specification wants a relative one ignored.
  return join(isAbsolute(data) ? data : join(user, ".local", "share"), "atalaya");
}

/** Whether a stack was made in our own state. */
export const hasStack = (home: string, stack: string): boolean =>
  [".json", ".json.gz"].some((end) => existsSync(join(home, "state", STACKS, stack + end)));

/** Makes the directory of the state, and of a passphrase where one is to be there. Throws OperateError. */
export function prepareHome(home: string, options: { readonly passphrase: boolean }): void {
  try {
    mkdirSync(join(home, "state"), { recursive: true, mode: 0o700 });
    if (options.passphrase) keepPassphrase(home);
  } catch (error) {
    if (error instanceof OperateError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OperateError(
      `${home} cannot be used for the state on this machine: ${code ?? message}. Make it yours to read and write, or name another directory: ATALAYA_HOME`,
      { cause: error },
    );
  }
}

function keepPassphrase(home: string): void {
  const file = passphraseFile(home);
  if (!existsSync(file)) generate(home, file);
  if (readFileSync(file, "utf8").trim() === "")
    throw new OperateError(
      `The passphrase in ${file} is empty. Put it back from a backup; without any stack in ${home}, remove the file.`,
    );
}

/** Two commands may do this at once: the first one's file is everybody's, and is whole from the beginning. */
function generate(home: string, file: string): void {
  const stacks = stacksIn(home);
  // Looked for again: another command may have made both meanwhile.
  if (stacks.length > 0 && !existsSync(file))
    throw new OperateError(
      `There is no ${file}, and the secrets of ${stacks.join(", ")} in ${home}/state were encrypted with it. Put it back from a backup, or set PULUMI_CONFIG_PASSPHRASE.`,
    );
  const fresh = `${file}.${process.pid}`;
  try {
    writeFileSync(fresh, randomBytes(PASSPHRASE_LENGTH).toString("base64url"), { mode: 0o600 });
    linkSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

const stacksIn = (home: string): readonly string[] => {
  const directory = join(home, "state", STACKS);
  return existsSync(directory)
    ? readdirSync(directory)
        .flatMap((file) => /^([^.]+)\.json(\.gz)?$/.exec(file)?.[1] ?? [])
        .sort()
    : [];
};
