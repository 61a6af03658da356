import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { OperateError } from "../error";
import { passphraseFile, type Variables } from "./backend";
import { closeHome, makeDirectory, restrict } from "./directory";

/** Bytes. */
const PASSPHRASE_LENGTH = 32;
/** All stacks in a directory's state: Pulumi's own layout. */
const STACKS = ".pulumi/stacks";
/** Those of this project. */
const PROJECT = "atalaya";

/** Our directory on this machine: state and passphrase of those who have set no other. Throws OperateError. */
export function homePath(variables: Variables, user = homedir()): string {
  const own = variables["ATALAYA_HOME"] ?? "";
  if (own !== "" && !isAbsolute(own))
    throw new OperateError(
      `ATALAYA_HOME=${own} names another directory wherever it is read. Make it absolute: ATALAYA_HOME=${resolve(variables["INIT_CWD"] ?? process.cwd(), own)}`,
    );
  if (own !== "") return resolve(own);
  const data = variables["XDG_DATA_HOME"] ?? "";
  // The specification wants a relative one ignored.
  return join(isAbsolute(data) ? data : join(user, ".local", "share"), "atalaya");
}

/** Whether a stack was made in our own state. */
export const hasStack = (home: string, stack: string): boolean =>
  [".json", ".json.gz"].some((end) => existsSync(join(home, "state", STACKS, PROJECT, stack + end)));

/** Makes the directory of the state, and a passphrase where one is to be there, for nobody else to read. Throws OperateError. */
export function prepareHome(home: string, options: { readonly passphrase: boolean }): void {
  try {
    const state = join(home, "state");
    makeDirectory(home);
    closeHome(home);
    makeDirectory(state);
    restrict(state, 0o700);
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
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true && !existsSync(file))
    throw new OperateError(
      `${file} is a link to ${readlinkSync(file)}, which is not there. Bring that file back, or set PULUMI_CONFIG_PASSPHRASE; without any stack in ${home}, remove the link.`,
    );
  if (!existsSync(file)) generate(home, file);
  if (statSync(file).isFile()) restrict(file, 0o600);
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

/** `dev`, and `other/dev` of another project: the passphrase is everybody's. */
function stacksIn(home: string): readonly string[] {
  const directory = join(home, "state", STACKS);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .flatMap(
      ({ parentPath, name }) =>
        /^(.+)\.json(\.gz)?$/.exec(relative(directory, join(parentPath, name)))?.[1] ?? [],
    )
    .map((stack) => stack.split(sep))
    .map((parts) => (parts[0] === PROJECT ? parts.slice(1) : parts).join("/"))
    .sort();
}
