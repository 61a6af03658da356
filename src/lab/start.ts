import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setMaxListeners } from "node:events";
import { Backend } from "./backends/backend";
import type { BackendName } from "./backends/received";
import { Store } from "./backends/store";
import { storedApi } from "./backends/stored-api";
import { preparedDatabase, rememberPasswords } from "./database";
import { labInput, type LabInput } from "./declare";
import { EdgeStatus } from "./edge";
import { LabEnvironment } from "./environment";
import { LabError } from "./error";
import { Secrets } from "./keycloak/secrets";
import { Lab } from "./lab";
import { FreePorts, LocalPorts, portsInUse, publicPorts } from "./ports";
import { LabProcess, type ProcessSpec } from "./process";
import { processSpecs, PROCESS_NAMES, SERVERS, type ProcessName } from "./programs";
import { guard } from "./servers/guard";
import { missingServers } from "./servers/installed";
import { labelOf, realBackend, serversOf, type RealBackend } from "./stand-ins";

export interface LabOptions {
  /** The dev stack as its files say, unless given. */
  readonly input?: LabInput;
  /** Free ports also where people type them in: for tests, and for a second lab. */
  readonly freePorts?: boolean;
  /** Leaves its directory behind, with logs and all files. */
  readonly keep?: boolean;
  /** Which backends are real servers, or what stands for them (stand-ins): all others only record. None, unless given. */
  readonly real?: readonly BackendName[];
  /** One line for every step. */
  readonly say?: (line: string) => void;
  /** Ends the start; what has started already is stopped. */
  readonly abort?: AbortSignal;
}

/** What has to be taken back, the last one first. */
class Undo {
  #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Once: who asks again waits for the same. */
  readonly run = (): Promise<void> => (this.#ran ??= this.#all());
  #ran: Promise<void> | undefined;

  async #all(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

/**
 * Starts a lab and resolves when a token of Keycloak's is checked by Envoy and the backends record. Throws LabError with one
 * message when it cannot; then nothing is left of it.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const missing = missingServers(SERVERS);
  const behind = missingServers(serversOf(options.real ?? []));
  if (missing.length + behind.length > 0)
    throw new LabError(
      `The lab needs real servers: ${[...missing, ...behind].join("; ")}. Run: npm run servers${missing.length === 0 ? "; or start it without these: --recorders" : ""}`,
    );
  const undo = new Undo();
  try {
    return await begin(options, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function begin(options: LabOptions, undo: Undo): Promise<Lab> {
  const { input = labInput("dev"), freePorts = false, real = [], say = () => undefined, abort } = options;
  const free = new FreePorts();
  undo.add(() => {
    free.close();
  });
  const environment = await publicPorts(input.environment, freePorts ? free : undefined);
  const taken = await portsInUse(environment);
  if (taken.length > 0)
    throw new LabError(
      `The lab's ports are in use: ${taken.join(", ")}. Stop what listens there, or take other ports: --free-ports`,
    );
  const database = await preparedDatabase(say, abort);
  const secrets = new Secrets();
  rememberPasswords(secrets, database);
  const directory = makeDirectory(options.keep === true, undo);
  const agents = input.tenants.flatMap((tenant) => tenant.agents.map(({ id }) => id));
  const ports = await LocalPorts.of(agents, () => free.take(), environment.publish);
  const declared = await LabEnvironment.create({ ...input, environment }, directory, ports, secrets);
  say(`${input.tenants.length} tenants declared, their files in ${directory}`);

  const store = new Store();
  const behind: Partial<Record<BackendName, RealBackend>> = {};
  for (const name of real)
    behind[name] = await realBackend(name, {
      ...{ declared: declared.declared, directory, port: () => free.take() },
    });
  const backends = backendsOf(declared, store, behind);
  const logged = (spec: ProcessSpec) => new LabProcess(spec, join(directory, "logs", `${spec.name}.log`));
  const servers = Object.fromEntries(
    Object.entries(behind).map(([name, { spec }]) => [name, logged(spec)]),
  ) as Lab["servers"];
  const specs = await processSpecs({ declared: declared.declared, directory, database });
  const processes = Object.fromEntries(PROCESS_NAMES.map((name) => [name, logged(specs[name])])) as Record<
    ProcessName,
    LabProcess
  >;
  for (const backend of Object.values(backends)) {
    undo.add(() => backend.stop());
    await backend.start();
  }
  const storedPort = await free.take();
  const api = await storedApi(store, storedPort);
  undo.add(() => close(api));
  say(`${Object.keys(backends).join(", ")} record`);
  for (const name of real) say(labelOf(name));

  undo.add(() => stopAll(processes));
  undo.add(() => Promise.all(Object.values(servers).map((one) => one.stop())));
  await startAll(processes, Object.values(servers), say, abort);
  const { created } = await declared.applyRealm();
  say(`realm declared: ${created.length} objects`);
  const edge = new EdgeStatus(declared.declared.stack.topology);
  await edge.hasKeys(abort);
  const lab = new Lab({
    ...{ directory, environment: declared, processes, servers, backends, store, edge, storedPort },
    follow: (stack) => {
      for (const { follow } of Object.values(behind)) follow?.(stack);
    },
    stop: undo.run,
  });
  lab.writeOutputs();
  return lab;
}

function makeDirectory(keep: boolean, undo: Undo): string {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-lab-"));
  // PostgreSQL, which does not run as root, has to reach its own part of it.
  chmodSync(directory, 0o711);
  mkdirSync(join(directory, "logs"), { mode: 0o700 });
  if (keep) return directory;
  guard.directory(directory);
  undo.add(() => {
    rmSync(directory, { recursive: true, force: true });
    guard.removed(directory);
  });
  return directory;
}

function backendsOf(
  { declared }: LabEnvironment,
  store: Store,
  real: Partial<Record<BackendName, RealBackend>>,
): Readonly<Record<BackendName, Backend>> {
  const { mimir, loki, tempo } = declared.stack.topology.services;
  return {
    mimir: new Backend("mimir", [mimir.ports.http], store, real.mimir?.behind),
    loki: new Backend("loki", [loki.ports.http], store, real.loki?.behind),
    tempo: new Backend("tempo", [tempo.ports.http, tempo.ports.otlpHttp], store, real.tempo?.behind),
  };
}

/** In rows, each in the order of what needs what. The first that fails ends the others' start. */
async function startAll(
  processes: Readonly<Record<ProcessName, LabProcess>>,
  servers: readonly LabProcess[],
  say: (line: string) => void,
  abort?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(abort === undefined ? [] : [abort])]);
  setMaxListeners(0, signal);
  const inRow = async (...row: readonly LabProcess[]): Promise<void> => {
    for (const one of row) {
      const began = performance.now();
      await one.start(signal);
      say(`${one.name} ready in ${((performance.now() - began) / 1_000).toFixed(1)} s (pid ${one.pid})`);
    }
  };
  const { postgres, keycloak, redis, collector, auth, envoy } = processes;
  const rows = [
    inRow(postgres, keycloak),
    inRow(redis, collector, auth, envoy),
    ...servers.map((one) => inRow(one)),
  ];
  await Promise.all(
    rows.map((row) =>
      row.catch((error: unknown) => {
        failed.abort(error);
      }),
    ),
  );
  signal.throwIfAborted();
}

/** Who is asked first: all at once, but Keycloak's database after Keycloak. */
async function stopAll(processes: Readonly<Record<ProcessName, LabProcess>>): Promise<void> {
  const { postgres, ...others } = processes;
  await Promise.all(Object.values(others).map((one) => one.stop()));
  await postgres.stop();
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => {
      resolve();
    });
  });
