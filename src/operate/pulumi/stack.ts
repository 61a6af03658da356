import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { capture, type Captured } from "../command";
import { OperateError } from "../error";
import { decide, described, variablesFor, type Decision, type Variables } from "./backend";
import { findCli, type Cli } from "./cli";
import { hasStack, homePath, prepareHome } from "./home";
import { firstError, troubleOf, type Asked } from "./troubles";
import { watch, type Watched } from "./watch";

export interface StackOptions {
  readonly stack: string;
  /** The project's directory. */
  readonly root: string;
  /** Tells what takes long, or is to be known. */
  readonly say: (line: string) => void;
  readonly variables?: Variables;
  /** For the provider of Docker, where it would not find the engine by itself. */
  readonly dockerHost?: string | undefined;
}

/** Milliseconds. A stack's state may be far away. */
const TIMEOUT_MS = 60_000;
/** The program runs, and every provider is asked. */
const PREVIEW_MS = 600_000;

export type Decided = Extract<Decision, { readonly kind: "decided" }>;

/** Where a stack's state is, by what is set on this machine and in the project. Reads only. Throws OperateError. */
export function decideFor({ stack, root, variables = process.env }: Omit<StackOptions, "say">): Decided {
  const settings = yamlOf(join(root, `Pulumi.${stack}.yaml`));
  const home = homePath(variables);
  const decision = decide({
    stack,
    variables,
    projectBackend: text((yamlOf(join(root, "Pulumi.yaml"))["backend"] as Fields | undefined)?.["url"]),
    loggedInTo: loggedInTo(variables),
    secretsProvider: text(settings["secretsprovider"]),
    salted: text(settings["encryptionsalt"]) !== undefined,
    home: { path: home, hasStack: hasStack(home, stack) },
  });
  if (decision.kind === "problem") throw new OperateError(decision.message);
  return decision;
}

type Fields = Readonly<Record<string, unknown>>;
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** Whoever reads the project's files strictly says what is wrong with them. */
function yamlOf(file: string): Fields {
  try {
    return (parse(readFileSync(file, "utf8")) ?? {}) as Fields;
  } catch {
    return {};
  }
}

/** `pulumi login` writes it. */
function loggedInTo(variables: Variables): string | undefined {
  const home = (variables["PULUMI_HOME"] ?? "") || join(homedir(), ".pulumi");
  const file = join(variables["PULUMI_CREDENTIALS_PATH"] ?? home, "credentials.json");
  if (!existsSync(file)) return undefined;
  try {
    return text((JSON.parse(readFileSync(file, "utf8")) as Fields)["current"]);
  } catch {
    return undefined;
  }
}

/** Whether this machine's own state is meant, and a stack was never made there: no CLI is needed to know that. */
export const isMissingHere = (decided: Decided, stack: string, variables: Variables = process.env): boolean =>
  decided.backend.kind === "ours" && !hasStack(homePath(variables), stack);

/** Of a preview: what would be done with which resource. */
export interface Step {
  readonly op: string;
  readonly urn: string;
}

interface Previewed {
  readonly steps?: readonly Step[];
  readonly diagnostics?: readonly { readonly severity?: string; readonly message?: string }[];
}

/** What `pulumi preview --json` prints; nothing where it came to nothing. */
function previewed(text: string): Previewed {
  try {
    return JSON.parse(text) as Previewed;
  } catch {
    return {};
  }
}

/** A stack with the CLI, the state and the passphrase by which every command of ours finds it. */
export class PulumiStack {
  private constructor(
    readonly name: string,
    readonly cli: Cli,
    readonly decided: Decided,
    private readonly options: StackOptions,
  ) {}

  /** Finds the CLI and prepares what is ours of the rest. Throws OperateError. */
  static async open(options: StackOptions): Promise<PulumiStack> {
    const { variables = process.env, stack, say } = options;
    const decided = decideFor(options);
    const cli = await findCli({ variables, say });
    if (decided.backend.kind === "ours")
      prepareHome(homePath(variables), { passphrase: decided.encryption.kind === "file" });
    return new PulumiStack(stack, cli, decided, options);
  }

  /** `on this machine, /home/...; secrets by ...` */
  get state(): string {
    return described(this.decided);
  }

  /** The project's directory. */
  get root(): string {
    return this.options.root;
  }

  /** Our own directory, where the state is there. */
  get home(): string | undefined {
    return this.decided.backend.kind === "ours" ? homePath(this.options.variables ?? process.env) : undefined;
  }

  /** What a failure is judged by. */
  get asked(): Asked {
    const { encryption } = this.decided;
    return {
      stack: this.name,
      ...(encryption.kind === "file" && { passphraseFile: encryption.path }),
    };
  }

  /** Runs the CLI and returns what it printed. */
  capture(args: readonly string[], timeoutMs = TIMEOUT_MS, variables: Variables = {}): Promise<Captured> {
    return capture(this.cli.program, [...args, "--non-interactive"], {
      ...this.#place(variables),
      timeoutMs,
    });
  }

  /** What an update would do, without showing it. Throws OperateError, also for what the program itself refuses. */
  async planned(variables: Variables = {}): Promise<readonly Step[]> {
    const asked = ["preview", "--json", "--stack", this.name];
    const { code, stdout, stderr } = await this.capture(asked, PREVIEW_MS, variables);
    const { steps = [], diagnostics = [] } = previewed(stdout);
    if (code === 0) return steps;
    const said = diagnostics.flatMap(({ severity, message = "" }) => (severity === "error" ? message : []));
    throw this.problem(`What stack ${this.name} would become cannot be said`, {
      stderr: [...said, stderr].join("\n"),
    });
  }

  /** Runs a command of the engine with this process's terminal. */
  watch(args: readonly string[], variables: Variables = {}): Promise<Watched> {
    return watch(this.cli.program, [...args, "--stack", this.name], this.#place(variables));
  }

  /** How many resources it has; undefined where there is no such stack. Throws OperateError where that cannot be known. */
  async size(): Promise<number | undefined> {
    const listed = await this.capture(["stack", "ls", "--json"]);
    if (listed.code !== 0) throw this.problem("The state of this project cannot be read", listed);
    const stacks = JSON.parse(listed.stdout) as readonly {
      readonly name: string;
      readonly resourceCount?: number;
    }[];
    const found = stacks.find(({ name }) => name === this.name || name.endsWith(`/${this.name}`));
    return found === undefined ? undefined : (found.resourceCount ?? 0);
  }

  /** Makes it, without selecting it; returns whether it was not there. Throws OperateError. */
  async make(): Promise<boolean> {
    const { encryption } = this.decided;
    const made = await this.capture([
      ...["stack", "init", this.name, "--no-select"],
      ...(encryption.kind === "provider" ? ["--secrets-provider", encryption.url] : []),
    ]);
    // Another command may have made it meanwhile.
    if (made.code === 0) return true;
    if (/already exists/.test(made.stderr)) return false;
    throw this.problem(`Stack ${this.name} cannot be made`, made);
  }

  /** A failure as a message, by what is known of it or in the CLI's own words. Its standard output may hold secrets. */
  problem(what: string, { stderr }: Pick<Captured, "stderr">): OperateError {
    const known = troubleOf(stderr, this.asked);
    return new OperateError(
      known?.what ?? `${what}: ${firstError(stderr) ?? "the Pulumi CLI does not say why"}`,
    );
  }

  #place(more: Variables = {}) {
    const { variables = process.env, root, dockerHost } = this.options;
    const { directory } = this.cli;
    return {
      cwd: root,
      env: {
        ...variables,
        ...variablesFor(this.decided, variables),
        ...(directory !== undefined && { PATH: `${directory}${delimiter}${variables["PATH"] ?? ""}` }),
        ...(dockerHost !== undefined && { DOCKER_HOST: dockerHost }),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...more,
      },
    };
  }
}
