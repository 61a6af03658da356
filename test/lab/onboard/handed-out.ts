import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { vi } from "vitest";
import { onboard } from "../../../src/cli/onboard";
import type { OnboardOptions } from "../../../src/cli/onboard-asked";
import type { BackendName } from "../../../src/lab/backends/received";
import type { Lab } from "../../../src/lab/lab";
import type { ShipperName } from "../../../src/onboard/model";
import { run, start, tempDir, waitUntil, type Finished, type Ready, type Running } from "../../servers";

/** What is made to look like an installed program, by the name that a README calls it by. */
export type Programs = Readonly<Record<string, string>>;

/** The directory that the command writes for a shipper, and what its README says to type. */
export class HandedOut implements Disposable {
  readonly #temp = tempDir();
  /** As its reader has it. */
  readonly directory = join(this.#temp.path, "handed-out");
  /** Log files that it is told to read. */
  readonly logs = join(this.#temp.path, "logs");
  readonly #programs = join(this.#temp.path, "bin");

  /** By the function behind `npx atalaya onboard`. What it says on standard error is kept in `said`. */
  static async make(
    lab: Lab,
    shipper: ShipperName,
    programs: Programs = {},
    options: Partial<OnboardOptions> = {},
  ): Promise<HandedOut> {
    const handedOut = new HandedOut();
    for (const directory of [handedOut.logs, handedOut.#programs]) mkdirSync(directory);
    for (const [name, bin] of Object.entries({ node: process.execPath, ...programs }))
      symlinkSync(bin, join(handedOut.#programs, name));
    const silenced = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      await onboard("mx", {
        ...{ stack: "dev", outputs: lab.outputsFile, shipper, json: false, withSecret: true },
        out: handedOut.directory,
        logFiles: join(handedOut.logs, "*.log"),
        ...options,
      });
    } finally {
      silenced.mockRestore();
    }
    return handedOut;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  /** The commands of a line of its README, in order: what stands between backticks. */
  commands(line: "Secret" | "Start" | "See it arrive"): readonly string[] {
    const found = this.read("README.md")
      .split("\n")
      .find((text) => new RegExp(`^\\d\\. ${line}: `).test(text));
    const quoted = [...(found ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    const commands = quoted.filter((text) => text.includes(" ") || text.endsWith(".sh"));
    if (commands.length === 0) throw new Error(`README.md has no command after ${line}`);
    return commands;
  }

  /** In its directory, as its reader does. */
  shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return run("sh", ["-c", command], { cwd: this.directory, env: this.#env(env), timeoutMs: 300_000 });
  }

  /** The README's start command, until it is stopped. `change` gives it free ports where the command itself names some. */
  begin(
    ready: Ready,
    env: Readonly<Record<string, string>> = {},
    change: (command: string) => string = (command) => command,
  ): Promise<Running> {
    const [command = ""] = this.commands("Start");
    return start("sh", ["-c", `exec ${change(command)}`], {
      ...{ cwd: this.directory, env: this.#env(env), ready, timeoutMs: 90_000, graceMs: 30_000 },
    });
  }

  #env(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return { ...env, PATH: [this.#programs, process.env["PATH"] ?? ""].join(delimiter) };
  }

  [Symbol.dispose](): void {
    this.#temp.remove();
  }
}

/** Waits until what carries a mark is stored in all of these, and says for whom, each tenant once. */
export async function storedFor(
  lab: Lab,
  contains: string,
  backends: readonly BackendName[],
): Promise<readonly string[]> {
  const there = (backend: BackendName): boolean => lab.stored({ contains, backend }).length > 0;
  await waitUntil(`${contains} in ${backends.join(", ")}`, () => backends.every(there), {
    timeoutMs: 120_000,
  });
  return [...new Set(lab.stored({ contains }).map(({ tenant = "" }) => tenant))];
}

/** Whether anything with this mark came to a backend at all. */
export const arrived = (lab: Lab, contains: string): number =>
  lab.store.received().filter(({ body }) => body.includes(contains)).length;
