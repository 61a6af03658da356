import { runtime } from "@pulumi/pulumi";
import type { Recording } from "../model/recording";
import type { Values } from "./computed";
import { makeLean } from "./lean";
import { RecordingMonitor } from "./monitor";
import { captureLogs, collectStrayErrors, combine, type OnLog } from "./problems";
import { loadSdk, type Sdk, type Store } from "./sdk";
import { turn, untilStuck } from "./stuck";
import { unwrap } from "./wire";

export type Program = () => Promise<Record<string, unknown> | undefined>;

export interface RecordOptions {
  readonly project: string;
  readonly stack: string;
  readonly organization?: string;
  /** The stack's configuration, `atalaya:domain`; a key without a namespace belongs to the project. */
  readonly config: ReadonlyMap<string, string>;
  readonly secretConfigKeys?: readonly string[];
  /** Real values of outputs in place of markers: the lab's, whose processes need passwords and certificates. */
  readonly values?: Values;
  /** What the program or the SDK logs, by default to stderr. An error that is logged fails the recording. */
  readonly onLog?: OnLog;
  /** Milliseconds without any progress after which the program counts as stuck. */
  readonly stallMs?: number;
  /** False records with the SDK as it is: several times slower, for comparing. */
  readonly lean?: boolean;
}

const STALL_MS = 10_000;

/** Runs wait for each other: the SDK's modules, which a run changes and puts back, exist once. */
let running: Promise<unknown> = Promise.resolve();

/**
 * Runs a Pulumi program in this process, without engine, provider or network, and returns everything it registers, the stack
 * itself included. Rejects with the program's own error, or with one that lists all of them.
 */
export function record(program: Program, options: RecordOptions): Promise<Recording> {
  const next = running.then(() => isolated(program, options));
  running = next.catch(() => undefined);
  return next;
}

async function isolated(program: Program, options: RecordOptions): Promise<Recording> {
  const sdk = loadSdk();
  const stray = collectStrayErrors();
  const logs = captureLogs(sdk, options.onLog);
  const makeUsual = options.lean === false ? () => undefined : makeLean(sdk);
  const monitor = new RecordingMonitor(options.stack, options.project, options.values);
  const errors: unknown[] = [];
  try {
    // Every run has a store of its own, so nothing of one is left to the next.
    await sdk.state.withLocalStorage(() => run(program, options, monitor, sdk));
  } catch (error) {
    errors.push(error);
  } finally {
    // A rejection that nobody handles is reported one turn of the event loop later.
    await turn();
    await turn();
    makeUsual();
    logs.restore();
    stray.restore();
    sdk.state.setStackResource(undefined);
  }
  const problem = combine([...errors, ...stray.errors, ...logs.errors], monitor);
  if (problem !== undefined) throw problem;
  return recordingOf(monitor);
}

async function run(
  program: Program,
  { project, stack, organization, ...options }: RecordOptions,
  monitor: RecordingMonitor,
  sdk: Sdk,
): Promise<void> {
  const store = sdk.state.getStore();
  // As a preview: an output that is neither an input nor made up stays unknown, and `apply` on it does not run.
  runtime.setMockOptions(monitor, project, stack, true, organization ?? "organization");
  store.settings.options.rootDirectory = process.cwd();
  const qualified = (key: string): string => (key.includes(":") ? key : `${project}:${key}`);
  runtime.setAllConfig(
    Object.fromEntries([...options.config].map(([key, value]) => [qualified(key), value])),
    (options.secretConfigKeys ?? []).map(qualified),
  );
  await sdk.settings.awaitFeatureSupport();
  try {
    await untilStuck(
      runtime.runInPulumiStack(program).then(() => answered(store)),
      { ms: options.stallMs ?? STALL_MS, progress: () => monitor.requests, store },
    );
  } finally {
    runtime.disconnectSync();
  }
}

/** Until no registration is on its way, also of those that came while waiting. */
async function answered(store: Store): Promise<void> {
  let seen: unknown;
  while (seen !== store.settings.rpcDone) {
    seen = store.settings.rpcDone;
    await seen;
    await turn();
  }
}

function recordingOf(monitor: RecordingMonitor): Recording {
  const outputs = unwrap(monitor.stackOutputs);
  return {
    project: monitor.project,
    stack: monitor.stack,
    resources: [...monitor.records.values()].sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0)),
    outputs: outputs.values,
    secretOutputs: [...outputs.secrets].sort(),
  };
}
