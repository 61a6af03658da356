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

const directories = (service: string): Directories => ({
  config: `/etc/atalaya/${service}`,
  live: `/var/lib/atalaya/${service}/live`,
  secrets: `/var/lib/atalaya/${service}/secrets`,
  data: `/var/lib/atalaya/${service}/data`,
});

/** Containers: every process has its own address and file system, services are reached by their own names. */
export function containerTopology(agents: readonly ClientId[], urls: PublicUrls): Topology {
  const place = <S extends ServiceKind>(kind: S, host: string, bind: string): Place<S> => ({
    bind,
    host,
    ports: PORTS[kind] as Readonly<Record<string, number>>,
    directories: directories(host),
  });
  return {
    services: Object.fromEntries(
      SHARED_SERVICES.map((id) => [id, place(id, id, "0.0.0.0")]),
    ) as unknown as Topology["services"],
    // An agent takes telemetry without a credential, so it listens only where its tenant's programs are: its own name is an
    // alias on its tenant's network alone, and binding to it keeps the port off the edge network it shares with other agents.
    agents: Object.fromEntries(agents.map((id) => [id, place("agent", id, id)])),
    urls,
  };
}
