import type { ClientId } from "./names";
import { PORTS, SHARED_SERVICES, type PortName, type ServiceKind, type SharedService } from "./services";

/**
 * Where every process listens, how others reach it and where its files lie. The renderers take all addresses and paths
 * from here, so that the same files start as containers or as local processes.
 */
export interface Topology {
  readonly services: { readonly [S in SharedService]: Place<S> };
  readonly agents: Readonly<Record<ClientId, Place<"agent">>>;
  readonly urls: PublicUrls;
}

export interface Place<S extends ServiceKind> {
  /** Address the process binds its service ports to. */
  readonly bind: string;
  /** Host name by which the other processes reach it. */
  readonly host: string;
  readonly ports: Readonly<Record<PortName<S>, number>>;
  readonly directories: Directories;
}

/** Absolute paths as the process sees them. */
export interface Directories {
  /** Files that are read once, at start. */
  readonly config: string;
  /** Files that are reloaded when they change: everything that names tenants. */
  readonly live: string;
  /** Live files that are secret: keys, certificates. */
  readonly secrets: string;
  readonly data: string;
}

/** What people and agents outside type in. No trailing slash. */
export interface PublicUrls {
  readonly keycloak: string;
  readonly grafana: string;
  readonly otlpHttp: string;
  /** `host:port`, as gRPC clients want it. */
  readonly otlpGrpc: string;
}

/** `mimir:9009` */
export const authority = <S extends ServiceKind>(place: Place<S>, port: PortName<S>): string =>
  `${place.host}:${place.ports[port]}`;

export const httpUrl = <S extends ServiceKind>(place: Place<S>, port: PortName<S>): string =>
  `http://${authority(place, port)}`;

/** Where every process of an environment is: what differs between containers and local processes. */
interface Host {
  readonly bind: string;
  readonly host: (name: string) => string;
  readonly agentBind: (name: string) => string;
  readonly port: (name: string, port: string, usual: number) => number;
  readonly directories: (name: string) => Directories;
}

function topologyOn(host: Host, agents: readonly ClientId[], urls: PublicUrls): Topology {
  const place = <S extends ServiceKind>(kind: S, name: string, bind: string): Place<S> => ({
    bind,
    host: host.host(name),
    ports: Object.fromEntries(
      Object.entries(PORTS[kind]).map(([port, usual]: [string, number]) => [
        port,
        host.port(name, port, usual),
      ]),
    ) as Readonly<Record<PortName<S>, number>>,
    directories: host.directories(name),
  });
  return {
    services: Object.fromEntries(
      SHARED_SERVICES.map((id) => [id, place(id, id, host.bind)]),
    ) as unknown as Topology["services"],
    agents: Object.fromEntries(agents.map((id) => [id, place("agent", id, host.agentBind(id))])),
    urls,
  };
}

const CONTAINERS: Host = {
  bind: "0.0.0.0",
  host: (name) => name,
  // An agent takes telemetry without a credential, so it listens only where its tenant's programs are: its own name is an
  // alias on its tenant's network alone, and binding to it keeps the port off the edge network it shares with other agents.
  agentBind: (name) => name,
  port: (_name, _port, usual) => usual,
  directories: (name) => ({
    config: `/etc/atalaya/${name}`,
    live: `/var/lib/atalaya/${name}/live`,
    secrets: `/var/lib/atalaya/${name}/secrets`,
    data: `/var/lib/atalaya/${name}/data`,
  }),
};

/** Containers: every process has its own address and file system, services are reached by their own names. */
export const containerTopology = (agents: readonly ClientId[], urls: PublicUrls): Topology =>
  topologyOn(CONTAINERS, agents, urls);

const LOOPBACK = "127.0.0.1";

/** Where local processes are: all on loopback, so that each needs ports of its own. */
export interface LocalPlaces {
  /** Absolute; every process has a folder of its name in it. */
  readonly directory: string;
  /** A port of a service or an agent, by its name there: `envoy`, `otlpGrpc`. The same question has the same answer. */
  readonly port: (process: string, port: string) => number;
}

/** Processes of this machine: tests and the lab start the same files as these. */
export const localTopology = (
  { directory, port }: LocalPlaces,
  agents: readonly ClientId[],
  urls: PublicUrls,
): Topology =>
  topologyOn(
    {
      bind: LOOPBACK,
      host: () => LOOPBACK,
      agentBind: () => LOOPBACK,
      port,
      directories: (name) => ({
        config: `${directory}/${name}/config`,
        live: `${directory}/${name}/live`,
        secrets: `${directory}/${name}/secrets`,
        data: `${directory}/${name}/data`,
      }),
    },
    agents,
    urls,
  );
