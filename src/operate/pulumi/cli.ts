import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join, sep } from "node:path";
import { attached, capture } from "../command";
import { OperateError } from "../error";
import type { Variables } from "./backend";

/** What this project was tried with. */
export const OLDEST_CLI = "3.200.0";
const INSTALL = "https://www.pulumi.com/docs/install/";
/** Milliseconds. It may check its plugins on a slow disk. */
const VERSION_MS = 60_000;
const PROGRAM = process.platform === "win32" ? "pulumi.exe" : "pulumi";

/** A Pulumi CLI that can be run. */
export interface Cli {
  readonly program: string;
  readonly version: string;
  /** Where it was not the user's own: its directory, for PATH, because its language hosts lie beside it. */
  readonly directory?: string;
  /** Of the user's own that was not taken, and why. */
  readonly passedOver?: string;
}

export interface CliOptions {
  readonly variables: Variables;
  /** Tells what takes long. */
  readonly say: (line: string) => void;
  /** The npm package that brings the official CLI. */
  readonly package?: string;
}

/** The user's own CLI where it is new enough, or else the one that is pinned here, which is downloaded once. Throws OperateError. */
export async function findCli({ variables, say, package: bringer = npmPackage() }: CliOptions): Promise<Cli> {
  const own = await ownCli(variables);
  return "program" in own ? own : { ...(await obtained(bringer, { variables, say })), ...own };
}

/** The one on PATH, or why that will not do. */
async function ownCli(variables: Variables): Promise<Cli | Pick<Cli, "passedOver">> {
  const program = onPath(variables["PATH"] ?? "");
  if (program === undefined) return {};
  const version = await versionOf(program);
  if (version !== undefined && isAtLeast(version, OLDEST_CLI)) return { program, version };
  const why =
    version === undefined
      ? "it does not say its version"
      : `it is ${version}, and ${OLDEST_CLI} is the oldest that will do`;
  return { passedOver: `${program} was passed over: ${why}` };
}

const npmPackage = (): string => dirname(require.resolve("pulumi/package.json"));

/** The first one on PATH. npm puts its packages' own launchers there, which are no CLI and know nothing of Ctrl-C. */
export function onPath(path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== "" && !directory.endsWith(join("node_modules", ".bin")))
    .map((directory) => join(directory, PROGRAM))
    .find((file) => isProgram(file) && !isLauncher(file));
}

const isLauncher = (file: string): boolean => {
  const real = realpathSync(file);
  return basename(real) === "run.js" && real.includes(`${sep}node_modules${sep}`);
};

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    const { size } = statSync(file);
    return size > 0 && statSync(file).isFile();
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  const { code, stdout } = await capture(program, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMs: VERSION_MS,
  });
  return code === 0 ? /^v?(\d+\.\d+\.\d+)/.exec(stdout.trim())?.[1] : undefined;
}

export function isAtLeast(version: string, oldest: string): boolean {
  const [numbers, least] = [version, oldest].map((text) => text.split(".").map(Number));
  const at = (numbers ?? []).findIndex((number, position) => number !== least?.[position]);
  return at === -1 || (numbers?.[at] ?? 0) > (least?.[at] ?? 0);
}

/** The CLI that would be run; undefined where it would have to be downloaded first. */
export async function presentCli({
  variables,
  package: bringer = npmPackage(),
}: Omit<CliOptions, "say">): Promise<Cli | undefined> {
  const own = await ownCli(variables);
  if ("program" in own) return own;
  const { version, program, directory } = pinned(bringer, variables);
  return isProgram(program) ? { program, version, directory } : undefined;
}

/** Where the package brings its CLI to. */
function pinned(bringer: string, variables: Variables): Cli & { readonly directory: string } {
  const { version } = JSON.parse(readFileSync(join(bringer, "package.json"), "utf8")) as { version: string };
  const home = (variables["PULUMI_HOME"] ?? "") || join(homedir(), ".pulumi");
  const directory = join(home, "versions", version, "bin");
  return { program: join(directory, PROGRAM), version, directory };
}

async function obtained(
  bringer: string,
  { variables, say }: Pick<CliOptions, "variables" | "say">,
): Promise<Cli> {
  const { program, version, directory } = pinned(bringer, variables);
  if (!isProgram(program)) {
    say(`Downloading the Pulumi CLI ${version} (about 100 MB, once) ...`);
    await attached(process.execPath, [join(bringer, "run.js"), "version"], {
      env: { ...variables, PULUMI_VERSION: version, PULUMI_SKIP_UPDATE_CHECK: "true" },
      stdoutTo: "stderr",
    });
  }
  if (!isProgram(program) || (await versionOf(program)) === undefined)
    throw new OperateError(
      [
        `The Pulumi CLI ${version} is not in ${directory}, and could not be brought there. Either:`,
        "  - let this machine reach https://get.pulumi.com (a proxy: HTTPS_PROXY, and NODE_USE_ENV_PROXY=1) and try again",
        `  - or install it yourself, ${OLDEST_CLI} or newer, so that it is on your PATH: ${INSTALL}`,
      ].join("\n"),
    );
  return { program, version, directory };
}
