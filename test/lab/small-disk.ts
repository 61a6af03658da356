import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

const MEBIBYTE = 1024 ** 2;

/** A directory that is a disk of its own, which can be full. Needs root. */
export class SmallDisk {
  readonly #ballast: string;

  constructor(
    private readonly directory: string,
    mebibytes: number,
  ) {
    this.#ballast = join(directory, "ballast");
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0777`, "tmpfs", directory]);
  }

  fill(): void {
    const file = openSync(this.#ballast, "w");
    const block = Buffer.alloc(MEBIBYTE / 4);
    try {
      while (this.#free() > 0) writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Which it is not any more. */
  clear(): void {
    rmSync(this.#ballast, { force: true });
  }

  #free(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }

  remove(): void {
    execFileSync("umount", ["--lazy", this.directory]);
  }
}
