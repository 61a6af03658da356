import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Delivery } from "./declare";

/**
 * Does what the program's writers do (components/docker/writer.ts): every file whole and by rename, only what changed, and
 * nothing else stays in the directories. Returns the files that changed or went.
 */
export function deliver({ directories, mode, files }: Delivery): readonly string[] {
  const changed = files.filter(({ target, content }) => contentOf(target) !== content);
  for (const { target, content } of changed) {
    mkdirSync(dirname(target), { recursive: true });
    const fresh = `${target}.new`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, content, { mode });
    chmodSync(fresh, mode);
    renameSync(fresh, target);
  }
  const kept = new Set(files.map(({ target }) => target));
  const old = directories.flatMap(filesIn).filter((file) => !kept.has(file));
  for (const file of old) rmSync(file);
  return [...changed.map(({ target }) => target), ...old];
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function filesIn(directory: string): readonly string[] {
  mkdirSync(directory, { recursive: true });
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
