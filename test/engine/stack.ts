import {
  LocalWorkspace,
  type EngineEvent,
  type PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import main from "../../src/index";
import type { Entry } from "../components/environment";
import { run, tempDir, type Finished } from "../servers";
import { pulumiCommand } from "./cli";
import { frozenRoot } from "./frozen-root";
import { messagesOf, operationsOf } from "./operations";
import { serveStandIns } from "./provider/server";
import { World } from "./provider/world";

export const STACK = "dev";

/** What one command of the engine did. */
export interface Run {
  readonly operations: readonly string[];
  readonly events: readonly EngineEvent[];
  /** What it printed: everything that a person or a CI log sees. */
  readonly output: string;
  /** What the engine counted: `{ same: 230, update: 1 }`. */
  readonly counted: Readonly<Record<string, number>>;
  /** Why it failed; undefined when it did not. */
  readonly problem: string | undefined;
}

/** A stack of this project on the real engine, with stand-in providers and a file backend of its own. */
export interface EngineStack {
  readonly world: World;
  readonly stack: Stack;
  /** Environment of a `pulumi` that is to find the same stack. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  up(tenants?: readonly Entry[], options?: Options): Promise<Run>;
  preview(tenants?: readonly Entry[], options?: Options): Promise<Run>;
  refresh(options?: { readonly clearPendingCreates?: boolean }): Promise<Run>;
  destroy(options?: { readonly excludeProtected?: boolean }): Promise<Run>;
  /** The state file as it is on disk. */
  stateText(): string;
}

export interface Options {
  readonly policyPacks?: string[];
  /** Instead of the product's own. */
  readonly program?: PulumiFn;
  /** As `pulumi up` does: what the preview finds wrong is not begun. The Automation API goes ahead without one. */
  readonly previewFirst?: true;
}

/** A secret of the stack's configuration. */
export const CONFIG_SECRET = { key: "corp-secret", value: "config-secret-4f1c9a7be2" };

export const CONFIG = {
  "atalaya:host": "docker",
  "atalaya:domain": "localhost",
  "atalaya:overCapacity": "warn",
  "atalaya:capacity": JSON.stringify({
    requests: "500/s",
    samples: "50000/s",
    activeSeries: 1_000_000,
    logs: "20MiB/s",
    traces: "20MiB/s",
  }),
  "atalaya:demonstrationUsers": "true",
  "atalaya:identityProviders": JSON.stringify([
    {
      alias: "corp",
      displayName: "Corporation",
      issuer: "https://login.example.com",
      authorizationUrl: "https://login.example.com/authorize",
      tokenUrl: "https://login.example.com/token",
      jwksUrl: "https://login.example.com/keys",
      clientId: "atalaya",
      clientSecretKey: CONFIG_SECRET.key,
    },
  ]),
};

/** A stack that was left: its folder and its servers. */
export interface Saved {
  readonly directory: string;
  readonly world: World;
}

export const PASSPHRASE = "engine-test-passphrase";

/** A tenant list as YAML, which JSON is. */
export const listed = (entries: readonly Entry[]): string =>
  JSON.stringify({
    tenants: entries.map((entry) =>
      typeof entry === "string" ? { id: entry, name: `Tenant ${entry}` } : entry,
    ),
  });

/** Runs `body` with a stack: a new one, or one like `saved`, which is left as it is. */
export async function withStack<Result>(
  body: (stack: EngineStack) => Promise<Result>,
  saved?: Saved,
): Promise<Result> {
  using temporary = tempDir();
  return await runStack(temporary.path, saved?.world.copy() ?? new World(), body, saved);
}

/** The same in a folder that stays. */
export async function runStack<Result>(
  directory: string,
  world: World,
  body: (stack: EngineStack) => Promise<Result>,
  saved?: Saved,
): Promise<Result> {
  await using providers = await serveStandIns(world);
  const { backend, project, list, settings } = places(directory);
  if (saved !== undefined) copyKept(saved.directory, directory);
  mkdirSync(backend, { recursive: true });
  mkdirSync(project, { recursive: true });
  const environment = {
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_DEBUG_PROVIDERS: providers.attach,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_HOME: join(directory, "home"),
  };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: STACK, projectName: "atalaya", program: () => main() },
    {
      workDir: project,
      pulumiCommand: await pulumiCommand(directory),
      envVars: environment,
      ...(!existsSync(settings) && {
        stackSettings: { [STACK]: { config: { ...CONFIG, "atalaya:tenants": list } } },
      }),
    },
  );
  return await body(new Driver(world, stack, environment, directory));
}

const places = (directory: string) => ({
  backend: join(directory, "kept", "backend"),
  project: join(directory, "kept", "project"),
  settings: join(directory, "kept", "project", `Pulumi.${STACK}.yaml`),
  list: join(directory, "kept", "tenants.yaml"),
});

function copyKept(from: string, to: string): void {
  cpSync(join(from, "kept"), join(to, "kept"), { recursive: true });
  const { settings, list } = places(to);
  writeFileSync(settings, readFileSync(settings, "utf8").replaceAll(places(from).list, list));
}

/** What the program finds in its environment; the engine would say the first to one that it starts itself. */
export const PROGRAM_ENVIRONMENT = (): Readonly<Record<string, string>> => ({
  PULUMI_CONFIG_SECRET_KEYS: JSON.stringify([`atalaya:${CONFIG_SECRET.key}`]),
  ATALAYA_ROOT: frozenRoot(),
});

/** Sets variables and returns what puts them back. */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  };
}

/** From now on every command previews first. The property is the SDK's own: its types leave it out. */
function withPreviews(pulumi: PulumiCommand): void {
  const command = pulumi as unknown as {
    run: (args: readonly string[], ...rest: unknown[]) => Promise<unknown>;
  };
  const run = command.run.bind(command);
  command.run = (args, ...rest) =>
    run(
      args.filter((arg) => arg !== "--skip-preview"),
      ...rest,
    );
}

class Driver implements EngineStack {
  constructor(
    readonly world: World,
    readonly stack: Stack,
    readonly environment: Readonly<Record<string, string>>,
    readonly directory: string,
  ) {}

  up(tenants?: readonly Entry[], options: Options = {}): Promise<Run> {
    const { previewFirst, ...rest } = options;
    return this.#run((common) => {
      if (previewFirst === true) withPreviews(this.stack.workspace.pulumiCommand);
      return this.stack.up({ ...common, ...rest });
    }, tenants);
  }

  preview(tenants?: readonly Entry[], options: Options = {}): Promise<Run> {
    return this.#run((common) => this.stack.preview({ ...common, ...options }), tenants);
  }

  refresh(options: { readonly clearPendingCreates?: boolean } = {}): Promise<Run> {
    return this.#run((common) => this.stack.refresh({ ...common, ...options }));
  }

  destroy(options: { readonly excludeProtected?: boolean } = {}): Promise<Run> {
    return this.#run((common) => this.stack.destroy({ ...common, ...options }));
  }

  stateText(): string {
    return readFileSync(join(this.directory, "kept/backend/.pulumi/stacks/atalaya", `${STACK}.json`), "utf8");
  }

  async #run(
    command: (common: {
      readonly onEvent: (event: EngineEvent) => void;
      readonly onOutput: (text: string) => void;
      readonly onError: (text: string) => void;
    }) => Promise<unknown>,
    tenants?: readonly Entry[],
  ): Promise<Run> {
    if (tenants !== undefined) writeFileSync(places(this.directory).list, listed(tenants));
    const events: EngineEvent[] = [];
    let output = "";
    const onOutput = (text: string): void => {
      output += text;
    };
    let problem: string | undefined;
    const restore = setEnvironment(PROGRAM_ENVIRONMENT());
    try {
      await command({ onEvent: (event) => events.push(event), onOutput, onError: onOutput });
    } catch (error) {
      problem = `${messagesOf(events)}\n${error instanceof Error ? error.message : String(error)}`;
    }
    restore();
    const counted = events.findLast(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent;
    return {
      operations: operationsOf(events),
      events,
      output,
      counted: counted?.resourceChanges ?? {},
      problem,
    };
  }
}

/** Runs the CLI itself on a stack, without a program. */
export const pulumi = ({ directory, environment }: EngineStack, args: readonly string[]): Promise<Finished> =>
  run(join(directory, "bin", "pulumi"), [...args, "--non-interactive", "--stack", STACK], {
    cwd: places(directory).project,
    env: environment,
    timeoutMs: 120_000,
  });
