import type { Environment } from "../src/model/environment";
import type { RenderedFile } from "../src/model/files";
import { imageReference, type ImageId } from "../src/model/images";
import {
  PORTS,
  PUBLISHED_ALONE,
  SERVICE_ZONES,
  type PortName,
  type SharedService,
} from "../src/model/services";
import type { Topology } from "../src/model/topology";
import type { DataVolume, ServicePort, ServiceSpec } from "../src/model/workload";
import type { Host } from "./host";

/** What every component of a shared process is given. */
export interface ServiceArgs {
  readonly host: Host;
  readonly environment: Environment;
  readonly topology: Topology;
  /** All rendered files of the environment; each component takes its own. */
  readonly files: readonly RenderedFile[];
}

/** What a component knows of its process; the rest follows from the model. */
export type OwnSpec<S extends SharedService> = Pick<
  ServiceSpec,
  "command" | "environment" | "readiness" | "user" | "grace" | "writableRoot"
> &
  Partial<Pick<ServiceSpec, "scratch" | "volumes">> & {
    readonly image: ImageId | { readonly built: string };
    readonly published?: Partial<Record<PortName<S>, number>>;
  };

/** Published on loopback while the environment asks for it (`debugPorts`). No two of them are equal. */
const DEBUG_PORTS: { readonly [S in SharedService]?: readonly PortName<S>[] } = {
  envoy: ["health"],
  auth: ["http"],
  keycloak: ["management"],
  postgres: ["sql"],
  redis: ["redis"],
  "alloy-gateway": ["otlpGrpc", "otlpHttp", "http"],
  mimir: ["http"],
  loki: ["http"],
  tempo: ["http"],
};
const LOOPBACK = "127.0.0.1";

export function sharedSpec<S extends SharedService>(
  service: S,
  { environment, topology, files }: ServiceArgs,
  { image, published = {}, ...own }: OwnSpec<S>,
): ServiceSpec {
  const { directories } = topology.services[service];
  return {
    scratch: [],
    volumes: [],
    ...own,
    name: service,
    zones: SERVICE_ZONES[service],
    ...(PUBLISHED_ALONE.includes(service) && { publishedAlone: true as const }),
    image: typeof image === "string" ? imageReference(image, environment.imageRegistry) : image.built,
    files: files.filter(({ owner }) => "service" in owner && owner.service === service),
    directories,
    ports: portsOf(service, environment, published),
    ...environment.sizes[service],
  };
}

function portsOf<S extends SharedService>(
  service: S,
  environment: Environment,
  published: Partial<Record<PortName<S>, number>>,
): readonly ServicePort[] {
  const debug: readonly string[] = environment.debugPorts ? (DEBUG_PORTS[service] ?? []) : [];
  const outside: Readonly<Record<string, number | undefined>> = published;
  return Object.entries(PORTS[service]).map(([name, port]: [string, number]) => {
    const external = outside[name];
    if (external !== undefined)
      return { name, port, published: { address: environment.publish.address, port: external } };
    return { name, port, ...(debug.includes(name) ? { published: { address: LOOPBACK, port } } : {}) };
  });
}

/** The volume at a process's data directory. */
export const dataVolume = ({ directories }: Pick<ServiceSpec, "directories">): DataVolume => ({
  name: "data",
  path: directories.data,
});

/** Where a process reads one of its rendered files, by the file's name. Throws when it was not rendered. */
export function targetOf(args: ServiceArgs, service: SharedService, name: string): string {
  const { config } = args.topology.services[service].directories;
  const file = args.files.find(
    ({ owner, target }) => "service" in owner && owner.service === service && target === `${config}/${name}`,
  );
  if (file === undefined) throw new Error(`There is no rendered file ${name} for ${service}.`);
  return file.target;
}
