import type { Server } from "node:net";
import type { Environment, Publish } from "../model/environment";
import { PORTS, SHARED_SERVICES, type SharedService } from "../model/services";
import { listenOn, loopback } from "./servers/net";

/** What people type in: of the inner services nobody does, and on one machine their usual ports would meet. */
const PUBLIC: Readonly<Record<keyof Omit<Publish["ports"], "grafana">, readonly [SharedService, string]>> = {
  otlpGrpc: ["envoy", "otlpGrpc"],
  otlpHttp: ["envoy", "otlpHttp"],
  keycloak: ["keycloak", "http"],
};

/** Below those that the system gives to outgoing connections, which would be taken between choosing and listening. */
const FIRST = 20_000;
const LAST = 32_000;
const BLOCK = 128;

/**
 * Ports that nobody else of us takes: blocks of them, each claimed by listening on its first one. `close` gives them back.
 */
export class FreePorts {
  readonly #claims: Server[] = [];
  #next = 0;
  #end = 0;

  /** A port of loopback on which nobody listens. */
  async take(): Promise<number> {
    for (;;) {
      if (this.#next >= this.#end) await this.#claim();
      const port = this.#next++;
      if (!(await isTaken(port))) return port;
    }
  }

  close(): void {
    for (const claim of this.#claims.splice(0)) claim.close();
    this.#end = 0;
  }

  async #claim(): Promise<void> {
    const blocks = Math.floor((LAST - FIRST) / BLOCK);
    const begin = Math.floor(Math.random() * blocks);
    for (let tried = 0; tried < blocks; tried++) {
      const first = FIRST + ((begin + tried) % blocks) * BLOCK;
      const claim = await listenOn(first);
      if (claim === undefined) continue;
      this.#claims.push(claim.unref());
      this.#next = first + 1;
      this.#end = first + BLOCK;
      return;
    }
    throw new Error(`All ports between ${FIRST} and ${LAST} of ${loopback} are in use.`);
  }
}

const isTaken = async (port: number): Promise<boolean> => {
  const probe = await listenOn(port);
  if (probe === undefined) return true;
  await new Promise((resolve) => probe.close(resolve));
  return false;
};

/** The environment's own public ports on loopback, or free ones in their place. */
export async function publicPorts(
  environment: Environment,
  free: FreePorts | undefined,
): Promise<Environment> {
  const { publish } = environment;
  const ports = { ...publish.ports };
  if (free !== undefined)
    for (const port of Object.keys(PUBLIC) as (keyof typeof PUBLIC)[]) ports[port] = await free.take();
  return { ...environment, publish: { address: loopback, ports } };
}

/** The ports that people type in and somebody else has: `4317 (Envoy, OTLP over gRPC)`. */
export async function portsInUse({ publish }: Environment): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(PUBLIC).map(async ([name, [service, port]]) => {
      const number = publish.ports[name as keyof typeof PUBLIC];
      return (await isTaken(number)) ? [`${number} (${service}, ${port})`] : [];
    }),
  );
  return found.flat();
}

/** Ports of processes by name. Public ones are the environment's, all others free. */
export class LocalPorts {
  readonly #ports = new Map<string, number>();

  private constructor(private readonly take: () => Promise<number>) {}

  static async of(
    agents: readonly string[],
    take: () => Promise<number>,
    publish?: Publish,
  ): Promise<LocalPorts> {
    const ports = new LocalPorts(take);
    if (publish !== undefined)
      for (const [name, [service, port]] of Object.entries(PUBLIC))
        ports.#ports.set(`${service} ${port}`, publish.ports[name as keyof typeof PUBLIC]);
    for (const service of SHARED_SERVICES) await ports.#reserve(service, Object.keys(PORTS[service]));
    await ports.reserveAgents(agents);
    return ports;
  }

  /** Before a topology names them. */
  async reserveAgents(agents: readonly string[]): Promise<void> {
    for (const agent of agents) await this.#reserve(agent, Object.keys(PORTS.agent));
  }

  readonly port = (process: string, port: string): number => {
    const found = this.#ports.get(`${process} ${port}`);
    if (found === undefined) throw new Error(`No port was reserved for ${process} ${port}.`);
    return found;
  };

  async #reserve(process: string, ports: readonly string[]): Promise<void> {
    for (const port of ports) {
      const key = `${process} ${port}`;
      if (!this.#ports.has(key)) this.#ports.set(key, await this.take());
    }
  }
}
