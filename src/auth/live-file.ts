import { readFileSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds. Some volumes deliver no events (network file systems, desktop virtual machines): look anyway. */
const LOOK = 1_000;

type State = "new" | "missing" | "refused" | "good";

/**
 * A file that is replaced by rename while this process runs. A version that cannot be read or does not parse is reported
 * once, and the last good one stays in force.
 */
export class LiveFile<T> {
  #value: T | undefined;
  #state: State = "new";
  #text: string | undefined;
  /** Of the value. */
  #goodText: string | undefined;
  #problem: string | undefined;
  #agreed: number | undefined;
  #refusals = 0;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Reads once; what is wrong then, `problem` says, and {@link watch} reports.
   * @param parse throws when the text is not what it should be; its message quotes nothing of the text
   */
  constructor(
    readonly path: string,
    private readonly parse: (text: string) => T,
    private readonly report: (problem: string) => void,
  ) {
    this.#read();
  }

  /** The last good version; undefined when there never was one. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Whether there is a file, and it is none of ours. */
  get refused(): boolean {
    return this.#state === "refused";
  }

  /** What is wrong with the file as it is now; undefined when it is in force. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** When the file was last seen to be what is in force. Unix time in seconds. */
  get lastSuccess(): number | undefined {
    return this.#agreed;
  }

  /** Versions that were not taken, and times that it went missing. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Starts following changes; the directory is watched, because a rename gives the file a new inode. Throws without one. */
  watch(): void {
    this.#watcher = watch(dirname(this.path), (_event, name) => {
      if (name === null || name === basename(this.path)) this.#read();
    });
    // The directory itself went away: looking goes on.
    this.#watcher.on("error", () => this.#watcher?.close());
    if (this.#problem !== undefined) this.report(this.#problem);
    this.#timer = setInterval(() => {
      this.#read();
    }, LOOK).unref();
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  #read(): void {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      const problem = `cannot read ${this.path} (${code})`;
      if (this.#state !== "missing" || problem !== this.#problem) this.#refuse("missing", problem);
      return;
    }
    if (this.#state === "missing" || this.#state === "new" || text !== this.#text) this.#take(text);
    if (this.#state === "good") this.#agreed = Date.now() / 1_000;
  }

  #take(text: string): void {
    this.#text = text;
    try {
      // What comes back as it was is the same value, to whoever compares.
      if (text !== this.#goodText) this.#value = this.parse(text);
      this.#goodText = text;
      this.#state = "good";
      this.#problem = undefined;
    } catch (error) {
      const kept = this.#value === undefined ? "" : ", the last good version stays";
      this.#refuse("refused", `${this.path} is refused${kept}: ${(error as Error).message}`);
    }
  }

  #refuse(state: "missing" | "refused", problem: string): void {
    this.#state = state;
    this.#problem = problem;
    this.#refusals++;
    if (this.#timer !== undefined) this.report(problem);
  }
}
