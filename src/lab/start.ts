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
import { LabProcess } from "./process";
import { processSpecs, PROCESS_NAMES, SERVERS, type ProcessName } from "./programs";
import { guard } from "./servers/guard";
import { missingServers } from "./servers/installed";

export interface LabOptions {
  /** The dev stack as its files say, unless given. */
  readonly input?: LabInput;
  /** Free ports also where people type them in: for tests, and for a second lab. */
  readonly freePorts?: boolean;
  /** Leaves its directory behind, with logs and all files. */
  readonly keep?: boolean;
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
  if (missing.length > 0)
    throw new LabError(`The lab needs real servers: ${missing.join("; ")}. Run: npm run servers`);
  const undo = new Undo();
  try {
    return await begin(options, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function begin(options: LabOptions, undo: Undo): Promise<Lab> {
  const { input = labInput("dev"), freePorts = false, say = () => undefined, abort } = options;
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
  const backends = backendsOf(declared, store);
  const specs = await processSpecs({ declared: declared.declared, directory, database });
  const processes = Object.fromEntries(
    PROCESS_NAMES.map((name) => [name, new LabProcess(specs[name], join(directory, "logs", `${name}.log`))]),
  ) as Record<ProcessName, LabProcess>;
  for (const backend of Object.values(backends)) {
    undo.add(() => backend.stop());
    await backend.start();
  }
  const storedPort = await free.take();
  const api = await storedApi(store, storedPort);
  undo.add(() => close(api));
  say(`${Object.keys(backends).join(", ")} record`);

  undo.add(() => stopAll(processes));
  await startAll(processes, say, abort);
  const { created } = await declared.applyRealm();
  say(`realm declared: ${created.length} objects`);
  const edge = new EdgeStatus(declared.declared.stack.topology);
  await edge.hasKeys(abort);
  const lab = new Lab({
    ...{ directory, environment: declared, processes, backends, store, edge, storedPort },
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

function backendsOf({ declared }: LabEnvironment, store: Store): Readonly<Record<BackendName, Backend>> {
  const { mimir, loki, tempo } = declared.stack.topology.services;
  return {
    mimir: new Backend("mimir", [mimir.ports.http], store),
    loki: new Backend("loki", [loki.ports.http], store),
    tempo: new Backend("tempo", [tempo.ports.http, tempo.ports.otlpHttp], store),
  };
}

/** In two rows, each in the order of what needs what. The first that fails ends the others' start. */
async function startAll(
  processes: Readonly<Record<ProcessName, LabProcess>>,
  say: (line: string) => void,
  abort?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(abort === undefined ? [] : [abort])]);
  setMaxListeners(0, signal);
  const inRow = async (...names: readonly ProcessName[]): Promise<void> => {
    for (const name of names) {
      const began = performance.now();
      await processes[name].start(signal);
      say(
        `${name} ready in ${((performance.now() - began) / 1_000).toFixed(1)} s (pid ${processes[name].pid})`,
      );
    }
  };
  const rows = [inRow("postgres", "keycloak"), inRow("redis", "collector", "auth", "envoy")];
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
