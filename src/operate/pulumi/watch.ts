import { spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, exitCode, passSignals, type CommandOptions } from "../command";

const TEMPORARY = "atalaya-up-";
/** Milliseconds: a day. */
const LEFT_MS = 86_400_000;

export interface Watched {
  readonly code: number;
  /** Errors and refused policies, a line each at least: what a person has seen of them, without colours. */
  readonly said: string;
  /** Resources by what was done with them: `{ same: 230, update: 1 }`; undefined where it did not come to that. */
  readonly changes: Readonly<Record<string, number>> | undefined;
}

/**
 * Runs a command of the CLI's engine with this process's terminal, and keeps what it said of failures. Its standard output is
 * the terminal itself, so that it draws and asks as ever; its events, in which the engine has hidden secrets, go to a file that
 * is removed afterwards.
 */
export async function watch(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<Watched> {
  sweep();
  const directory = mkdtempSync(join(tmpdir(), TEMPORARY));
  const log = join(directory, "events.json");
  try {
    const { code, stderr } = await shown(program, [...args, "--event-log", log], {
      ...options,
      // It knows the option without being told only in newer versions.
      env: { ...options.env, PULUMI_DEBUG_COMMANDS: "true" },
    });
    const events = eventsOf(log);
    return {
      code,
      said: [plain(stderr), ...events.flatMap(failureOf)].join("\n"),
      changes: events.findLast(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent
        ?.resourceChanges,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Takes away what commands that were killed have left; whoever runs for longer than that only loses what it said. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(TEMPORARY))) {
    const path = join(tmpdir(), name);
    try {
      const { mtimeMs, uid } = lstatSync(path);
      const isOurs = process.getuid === undefined || uid === process.getuid();
      if (isOurs && Date.now() - mtimeMs > LEFT_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another command does the same.
    }
  }
}

/** Shows its standard error as it comes, and keeps it. */
function shown(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: environment(options),
      stdio: ["inherit", "inherit", "pipe"],
    });
    const restore = passSignals(child);
    const kept: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => {
      kept.push(chunk);
      process.stderr.write(chunk);
    });
    child.once("error", (error) => {
      restore();
      reject(error);
    });
    child.once("close", (code, signal) => {
      restore();
      resolve({ code: exitCode(code, signal), stderr: Buffer.concat(kept).toString() });
    });
  });
}

/** As far as it is read here. */
interface EngineEvent {
  readonly diagnosticEvent?: { readonly severity?: string; readonly message?: string };
  readonly policyEvent?: {
    readonly enforcementLevel?: string;
    readonly policyName?: string;
    readonly message?: string;
  };
  readonly summaryEvent?: { readonly resourceChanges?: Readonly<Record<string, number>> };
}

/** The last one may be half: its writer may have been killed. */
function eventsOf(log: string): readonly EngineEvent[] {
  let text: string;
  try {
    text = readFileSync(log, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as EngineEvent];
    } catch {
      return [];
    }
  });
}

function failureOf({ diagnosticEvent, policyEvent }: EngineEvent): readonly string[] {
  if (diagnosticEvent?.severity === "error") return [plain(diagnosticEvent.message ?? "")];
  return policyEvent?.enforcementLevel === "mandatory"
    ? [`[mandatory] ${policyEvent.policyName ?? ""}: ${plain(policyEvent.message ?? "")}`]
    : [];
}

/** Without the terminal's colours and the engine's marks for them. */
const plain = (text: string): string =>
  text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|<\{%[a-z ]+%\}>/g, "").trim();
