import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "./errors";

/** Marks a directory as one that we wrote and may replace. */
const MARKER = ".atalaya-output";

export interface OutputFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly content: string;
}

/**
 * Fails early where {@link writeDirectory} would: a file of that name, or a directory with something in it that is not ours.
 * Throws UsageError.
 */
export function checkDirectory(directory: string): void {
  if (!existsSync(directory)) return;
  if (!lstatSync(directory).isDirectory()) {
    throw new UsageError(`--out ${directory}: is not a directory. Name another one.`);
  }
  if (readdirSync(directory).length > 0 && !existsSync(join(directory, MARKER))) {
    throw new UsageError(
      `--out ${directory}: holds files that Atalaya did not write. Name an empty or a new directory, because it is replaced as a whole.`,
    );
  }
}

/** Writes all files beside the directory, then puts them in its place: nobody ever sees half of them. Throws UsageError. */
export function writeDirectory(directory: string, files: readonly OutputFile[]): void {
  checkDirectory(directory);
  const target = resolve(directory);
  const fresh = join(dirname(target), `.${basename(target)}.new-${process.pid}`);
  const old = join(dirname(target), `.${basename(target)}.old-${process.pid}`);
  try {
    for (const file of [
      ...files,
      { path: MARKER, content: "Written by Atalaya and replaced as a whole.\n" },
    ]) {
      const path = join(fresh, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content);
    }
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } catch (error) {
    if (existsSync(old) && !existsSync(target)) renameSync(old, target);
    throw new UsageError(`--out ${directory}: cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}
