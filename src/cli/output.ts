import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "./errors";

/** Marks a directory as one that we wrote and may replace; lists what we wrote there. */
const MARKER = ".atalaya-output";

export interface OutputFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly content: string;
}

/**
 * Fails early where {@link writeDirectory} would: something else of that name, or a directory with a file in it that is not
 * ours. Throws UsageError.
 */
export function checkDirectory(directory: string): void {
  try {
    check(directory);
  } catch (error) {
    throw error instanceof UsageError ? error : cannotWrite(directory, error);
  }
}

const cannotWrite = (directory: string, error: unknown): UsageError =>
  new UsageError(`--out ${directory}: cannot be written: ${(error as Error).message}`, { cause: error });

function check(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isSymbolicLink() && !existsSync(directory)) {
    throw new UsageError(`--out ${directory}: is a symbolic link that leads nowhere. Name another one.`);
  }
  if (!lstatSync(realpathSync(directory)).isDirectory()) {
    throw new UsageError(`--out ${directory}: is not a directory. Name another one.`);
  }
  const foreign = foreignFile(directory);
  if (foreign !== undefined) {
    throw new UsageError(
      `--out ${directory}: holds files that Atalaya did not write, such as ${foreign}. Name an empty or a new directory, because it is replaced as a whole.`,
    );
  }
}

/** A file below the directory that its last writer did not list, if there is one. */
function foreignFile(directory: string): string | undefined {
  const marker = join(directory, MARKER);
  const ours = new Set(existsSync(marker) ? [MARKER, ...readFileSync(marker, "utf8").split("\n")] : []);
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length)
        .replace(/^[/\\]/, "")
        .replaceAll("\\", "/"),
    )
    .find((path) => !ours.has(path));
}

/** Writes all files beside the directory, then puts them in its place: nobody ever sees half of them. Throws UsageError. */
export function writeDirectory(directory: string, files: readonly OutputFile[]): void {
  checkDirectory(directory);
  const target = existsSync(directory) ? realpathSync(directory) : resolve(directory);
  const fresh = join(dirname(target), `.${basename(target)}.new-${process.pid}`);
  const old = join(dirname(target), `.${basename(target)}.old-${process.pid}`);
  try {
    if (!existsSync(dirname(target))) mkdirSync(dirname(target), { recursive: true });
    // Not recursive: on some file systems (/proc) Node would try that for ever.
    mkdirSync(fresh);
    for (const { path, content } of files) writeBelow(fresh, path, content);
    writeBelow(fresh, MARKER, files.map(({ path }) => `${path}\n`).join(""));
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } catch (error) {
    if (existsSync(old) && !existsSync(target)) renameSync(old, target);
    throw cannotWrite(directory, error);
  } finally {
    discard(fresh);
    discard(old);
  }
}

function writeBelow(directory: string, path: string, content: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), content);
}

/** What cannot be removed was never made, or is said by the error that is on its way. */
function discard(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    return;
  }
}
