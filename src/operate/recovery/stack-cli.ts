import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Captured } from "../command";

/** A stack with the Pulumi CLI that finds it: PulumiStack. */
export interface Runner {
  readonly name: string;
  capture(args: readonly string[], timeoutMs?: number): Promise<Captured>;
  /** On this stack, with the terminal. */
  watch(args: readonly string[]): Promise<{ readonly code: number }>;
  problem(what: string, captured: Captured): Error;
}

/** Commands of the Pulumi CLI on a stack. Throws OperateError. */
export interface StackCli {
  /** The state as JSON; with its secrets only on request, and then never to be written anywhere. */
  export(options?: { readonly showSecrets: boolean }): Promise<string>;
  /** @param state as it was exported without its secrets */
  import(state: string): Promise<void>;
  /** Takes the lock away, whosever it is. */
  cancel(): Promise<void>;
  /** Reads resources anew; returns the exit code. */
  refresh(urns: readonly string[]): Promise<number>;
}

/** Milliseconds. A state may be far away, and a large one takes its time. */
const TIMEOUT_MS = 300_000;

export function stackCli(runner: Runner): StackCli {
  const ofStack = ["--stack", runner.name];
  const run = async (what: string, ...args: readonly string[]): Promise<string> => {
    const captured = await runner.capture([...args, ...ofStack], TIMEOUT_MS);
    if (captured.code !== 0) throw runner.problem(what, captured);
    return captured.stdout;
  };
  return {
    export: ({ showSecrets } = { showSecrets: false }) =>
      run(
        `The state of stack ${runner.name} cannot be read`,
        ...["stack", "export"],
        ...(showSecrets ? ["--show-secrets"] : []),
      ),
    import: (state) =>
      withFile(state, async (file) => {
        await run(`The state of stack ${runner.name} is as it was`, "stack", "import", "--file", file);
      }),
    cancel: async () => {
      await run(`The lock of stack ${runner.name} cannot be taken away`, "cancel", "--yes");
    },
    refresh: async (urns) => {
      const targets = urns.flatMap((urn) => ["--target", urn]);
      return (await runner.watch(["refresh", "--yes", "--skip-preview", ...targets])).code;
    },
  };
}

async function withFile(text: string, use: (file: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-recover-"));
  try {
    const file = join(directory, "state.json");
    writeFileSync(file, text, { mode: 0o600 });
    await use(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
