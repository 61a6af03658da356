import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Lab } from "../lab/lab";
import { isActive } from "../model/tenant";
import { BACKENDS } from "../lab/backends/received";
import { startLab } from "../lab/start";
import { TOKEN_PATH } from "../client/token";
import { EXIT, UsageError } from "./errors";
import { loadStack, type LoadOptions } from "./load";
import { HELLO } from "./token";

export interface LabOptions extends LoadOptions {
  readonly once: boolean;
  readonly freePorts: boolean;
  readonly keep: boolean;
  /** Backends that only record, in place of real ones. */
  readonly recorders: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the lab until it is told to stop, or as long as a command runs in it, and returns the exit code. */
export async function lab(command: readonly string[], options: LabOptions): Promise<number> {
  const { once, keep, recorders } = options;
  if (once !== command.length > 0)
    throw new UsageError(
      once
        ? "lab --once: name the command that is to run in the lab."
        : `lab: to run "${command.join(" ")}" in it, say --once ${command.join(" ")}`,
    );
  const input = loadStack(options);
  const told = untilTold();
  // Progress is not the command's output.
  const say = progress(once ? process.stderr : process.stdout);
  say(`${input.environment.name}: starting the lab`);
  try {
    await using running = await startLab({
      input,
      keep,
      freePorts: options.freePorts || once,
      real: recorders ? [] : BACKENDS,
      say,
      abort: told.abort,
    });
    say("ready");
    return once ? await runIn(running, command, told) : await serve(running, told, say);
  } catch (error) {
    if (told.signal() === undefined) throw error;
    say("stopped before it was ready");
    return 128 + constants.signals[told.signal() ?? "SIGINT"];
  } finally {
    told.restore();
    if (told.signal() !== undefined) say("stopped");
  }
}

/** Lines with the seconds since the start. */
function progress(to: NodeJS.WriteStream): (line: string) => void {
  const began = performance.now();
  return (line) => {
    to.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
}

interface Told {
  readonly abort: AbortSignal;
  readonly signal: () => (typeof SIGNALS)[number] | undefined;
  readonly restore: () => void;
}

/** Milliseconds between two looks at who started this process. */
const LOOK_MS = 1_000;

/** The first signal counts: the same one comes from the terminal and from npm. The end of who started this is one, too. */
function untilTold(): Told {
  const controller = new AbortController();
  let got: (typeof SIGNALS)[number] | undefined;
  const tell = (signal: (typeof SIGNALS)[number]): void => {
    got ??= signal;
    controller.abort();
  };
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      tell(signal);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  const parent = process.ppid;
  // Also keeps this process alive while it waits.
  const timer = setInterval(() => {
    if (process.ppid !== parent) tell("SIGHUP");
  }, LOOK_MS);
  return {
    abort: controller.signal,
    signal: () => got,
    restore: () => {
      clearInterval(timer);
      for (const restore of listeners) restore();
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => {
      resolve();
    });
  });

async function serve(running: Lab, told: Told, say: (line: string) => void): Promise<number> {
  process.stdout.write(`\n${described(running)}\n\n`);
  await aborted(told.abort);
  say("stopping");
  return EXIT.good;
}

/** For whoever wants to try something. */
function described({ urls, directory, outputsFile, caFile, tenants, processes }: Lab): string {
  const tenant = tenants.find(isActive)?.id ?? "mx";
  const rows = {
    "OTLP over HTTP, pushes, reads": urls.otlpHttp,
    "OTLP over gRPC": urls.otlpGrpc,
    "Grafana's queries": urls.query,
    "Envoy's health and metrics": `${urls.health}/ready, /stats/prometheus`,
    Keycloak: urls.keycloak,
    "What the backends stored": `${urls.stored}/stored, /received`,
    Credentials: outputsFile,
    Logs: `${directory}/logs (${Object.keys(processes).join(", ")})`,
  };
  return [
    ...Object.entries(rows).map(([what, where]) => `${what.padEnd(30)} ${where}`),
    "",
    "Try it in another terminal:",
    "  npx atalaya health --lab",
    "  npx atalaya check-tenants --lab",
    `  npx atalaya token ${tenant} --lab`,
    `  curl -i --cacert ${caFile} -H "$(npx atalaya token ${tenant} --lab --header)" -H 'Content-Type: application/json' ${urls.otlpHttp}/v1/logs -d '${HELLO}'`,
    `  curl -s '${urls.stored}/stored?contains=hello'`,
    "",
    "Ctrl-C stops it and removes everything.",
  ].join("\n");
}

/** What a command in the lab may go by. */
const variables = ({ urls, directory, caFile, outputsFile }: Lab): Readonly<Record<string, string>> => ({
  ATALAYA_LAB_DIRECTORY: directory,
  ATALAYA_LAB_OTLP_HTTP: urls.otlpHttp,
  ATALAYA_LAB_OTLP_GRPC: urls.otlpGrpc,
  ATALAYA_LAB_QUERY: urls.query,
  ATALAYA_LAB_HEALTH: urls.health,
  ATALAYA_LAB_KEYCLOAK: urls.keycloak,
  ATALAYA_LAB_TOKEN_URL: `${urls.keycloak}${TOKEN_PATH}`,
  ATALAYA_LAB_STORED: urls.stored,
  ATALAYA_LAB_CA: caFile,
  ATALAYA_LAB_OUTPUTS: outputsFile,
});

/** Returns the command's exit code. A signal is passed on to it. */
function runIn(running: Lab, [program = "", ...args]: readonly string[], told: Told): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: "inherit",
      cwd: process.env["INIT_CWD"] ?? process.cwd(),
      env: { ...process.env, ...variables(running) },
    });
    child.once("error", (error) => {
      reject(new UsageError(`lab --once: cannot run ${program}: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
    void aborted(told.abort).then(() => child.kill(told.signal()));
  });
}
