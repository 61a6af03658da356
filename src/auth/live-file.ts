import { readFileSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * A file that is replaced by rename while this process runs. A version that cannot be read or does not parse is reported
 * and the last good one stays in force.
 */
export class LiveFile<T> {
  #value: T | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param parse throws when the text is not what it should be */
  constructor(
    private readonly path: string,
    private readonly parse: (text: string) => T,
    private readonly report: (problem: string) => void,
  ) {
    this.#read();
  }

  /** The last good version; undefined when there never was one. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Starts following changes; the directory is watched, because a rename gives the file a new inode. */
  watch(): void {
    this.#watcher = watch(dirname(this.path), (_event, name) => {
      if (name === null || name === basename(this.path)) this.#read();
    });
    // Some volumes deliver no events (network file systems, desktop virtual machines): look anyway.
    this.#timer = setInterval(() => {
      this.#read();
    }, 1_000).unref();
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  #last: string | undefined;
  #read(): void {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if (this.#last !== "unreadable") this.report(`cannot read ${this.path}: ${(error as Error).message}`);
      this.#last = "unreadable";
      return;
    }
    if (text === this.#last) return;
    this.#last = text;
    try {
      this.#value = this.parse(text);
    } catch (error) {
      this.report(`${this.path} is refused, the last good version stays: ${(error as Error).message}`);
    }
  }
}
