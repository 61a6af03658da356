import { toYaml } from "../../render/yaml";
import type { Bytes } from "../../model/units";
import { MOUNTED } from "./places";

/** One container on a host of a tenant's. */
export interface KitService {
  readonly name: string;
  readonly image: string;
  readonly user: string;
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  readonly scratch?: readonly string[];
  /** It runs in the host's own network: what it listens on is the host's, and nothing is published. */
  readonly hostNetwork?: boolean;
  /** Groups of the host whose files it reads, besides its user's own. */
  readonly groups?: readonly string[];
  /** Of the container, each published on loopback under the number given. */
  readonly ports?: Readonly<Record<number, number>>;
  readonly memory: Bytes;
  readonly cpus: number;
  readonly healthcheck?: readonly string[];
  readonly grace?: string;
}

export type Mount =
  | { readonly volume: string; readonly at: string }
  | { readonly host: string; readonly at: string; readonly writable?: true };

const MEBIBYTE = 1024 * 1024;

/** `compose.yaml` of a directory: the directory itself is mounted read-only at {@link MOUNTED}, and nothing else unless said so. */
export function toCompose(service: KitService): string {
  const mounts: readonly Mount[] = [{ host: ".", at: MOUNTED }, ...(service.mounts ?? [])];
  const volumes = mounts.flatMap((mount) => ("volume" in mount ? [mount.volume] : []));
  return toYaml({
    name: service.name,
    services: { [service.name]: container(service, mounts) },
    ...(volumes.length > 0 && { volumes: Object.fromEntries(volumes.map((volume) => [volume, {}])) }),
  });
}

const container = (service: KitService, mounts: readonly Mount[]): Readonly<Record<string, unknown>> => ({
  image: service.image,
  user: service.user,
  ...(service.groups !== undefined && { group_add: service.groups }),
  ...(service.entrypoint !== undefined && { entrypoint: service.entrypoint }),
  command: service.command,
  ...(service.environment !== undefined && { environment: service.environment }),
  volumes: mounts.map(volume),
  ...(service.scratch !== undefined && { tmpfs: service.scratch }),
  ...(service.hostNetwork === true ? { network_mode: "host" } : { ports: ports(service) }),
  restart: "unless-stopped",
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  mem_limit: `${Math.floor(service.memory / MEBIBYTE)}m`,
  // No swap: a program that is given to it is not there when it is needed.
  memswap_limit: `${Math.floor(service.memory / MEBIBYTE)}m`,
  cpus: service.cpus,
  pids_limit: 512,
  stop_grace_period: service.grace ?? "10s",
  logging: { driver: "local", options: { "max-size": "10m", "max-file": "3" } },
  ...(service.healthcheck !== undefined && {
    healthcheck: { test: ["CMD", ...service.healthcheck], interval: "30s", timeout: "5s", retries: 3 },
  }),
});

const ports = (service: KitService): readonly Readonly<Record<string, unknown>>[] =>
  Object.entries(service.ports ?? {}).map(([target, published]) => ({
    target: Number(target),
    published: `${published}`,
    host_ip: "127.0.0.1",
    protocol: "tcp",
  }));

/** A directory of the host must be there: Docker would make an empty one of root's in its place. */
const volume = (mount: Mount): Readonly<Record<string, unknown>> =>
  "volume" in mount
    ? { type: "volume", source: mount.volume, target: mount.at }
    : {
        type: "bind",
        source: mount.host,
        target: mount.at,
        read_only: mount.writable !== true,
        bind: { create_host_path: false },
      };
