import { join } from "node:path";
import { labInput, type LabInput } from "../../src/lab/declare";
import type { Lab } from "../../src/lab/lab";
import { FreePorts } from "../../src/lab/ports";
import { startLab } from "../../src/lab/start";
import { rate } from "../../src/model/units";
import { startEdge, type Change, type Edge } from "./edge";
import { findWrk } from "./load";
import type { Instruments } from "./measure";
import { ORGANISATION } from "./paths";
import { Upstream, type Gate } from "./upstream";

/** More than one machine can ask. */
const UNLIMITED = { requests: rate("10000000/s"), burst: 10_000_000 };

/**
 * The dev environment, whose edge limits nobody: everything that names a limit has it from here.
 * @param list file of another tenant list
 */
export function input(list?: string): LabInput {
  const { environment, tenants, ...others } = labInput("dev", list);
  return {
    ...others,
    environment: { ...environment, capacity: { ...environment.capacity, requests: UNLIMITED.requests } },
    tenants: tenants.map((tenant) => ({ ...tenant, limits: { ...tenant.limits, edge: UNLIMITED } })),
  };
}

/** A lab whose auth service and Keycloak are used, and what is needed to put Envoys before it. */
export class Bench implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  #edges = 0;

  private constructor(
    private readonly declared: LabInput,
    readonly lab: Lab,
    readonly instruments: Instruments,
    private readonly ports: FreePorts,
  ) {}

  static async start(): Promise<Bench> {
    const wrk = findWrk();
    const declared = input();
    await using started = new AsyncDisposableStack();
    const lab = started.use(await startLab({ input: declared, freePorts: true }));
    // They stand still, and would only take turns.
    for (const name of ["envoy", "collector", "redis"] as const) await lab.processes[name].stop();
    const ports = new FreePorts();
    started.defer(() => {
      ports.close();
    });
    const upstream = await Upstream.start(join(lab.directory, "upstream"), ORGANISATION, () => ports.take());
    started.use(upstream);
    const bench = new Bench(declared, lab, { wrk, upstream, auth: lab.processes.auth.pid }, ports);
    bench.#resources.use(started.move());
    return bench;
  }

  async edge(gate: Gate, change?: Change): Promise<Edge> {
    const { environment, tenants } = this.declared;
    const edge = await startEdge({
      ...{ environment, tenants, lab: this.lab.topology },
      upstream: this.instruments.upstream.ports[gate],
      directory: join(this.lab.directory, `edge-${this.#edges++}`),
      port: () => this.ports.take(),
      ...(change !== undefined && { change }),
    });
    return this.#resources.use(edge);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
