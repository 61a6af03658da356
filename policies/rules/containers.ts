import { hostName } from "../../src/model/names";
import { MAY_JOIN } from "./demands";
import { SERVICE_ZONES, ZONES, type SharedService, type Zone } from "../../src/model/services";
import type { ResourceRecord } from "../../src/model/recording";
import { uploadsOf, type PlacedFile } from "./files";
import type { Graph } from "./graph";
import type { DeclaredTenant, Tenants } from "./tenants";
import { fields, filled, list, text, texts } from "./values";

export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";

/** A container with its inputs under names and types of our own. */
export interface Container {
  readonly resource: ResourceRecord;
  /** Docker's own name: `atalaya-dev-envoy`. */
  readonly name: string;
  /** Whose it is, `envoy` or an agent's client id: the name by which others reach the process. */
  readonly service: string;
  /** What it does for the process (`files`, `secrets`, `ready`, ...); undefined for the process itself. */
  readonly helper: string | undefined;
  /** Whose agent it is; undefined for what is shared. */
  readonly tenant: DeclaredTenant | undefined;
  /** Docker's own names. */
  readonly networks: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly mounts: readonly Mount[];
  readonly files: readonly PlacedFile[];
}

export interface PublishedPort {
  readonly internal: number;
  readonly external: string;
  /** Undefined when none is given, which Docker takes for every address. */
  readonly ip: string | undefined;
}

export interface Mount {
  /** Volume or path of the host; undefined for memory. */
  readonly source: string | undefined;
  readonly target: string;
  readonly fromHost: boolean;
  readonly readOnly: boolean;
}

export function containersOf(stack: string, graph: Graph, tenants: Tenants): readonly Container[] {
  return graph.ofType(CONTAINER).map((resource) => {
    const { inputs } = resource;
    const name = text(inputs["name"]) ?? resource.name;
    const prefix = hostName(stack, "");
    // Ids have no dot: what follows one is a part of the process before it.
    const [service = "", helper] = (name.startsWith(prefix) ? name.slice(prefix.length) : name).split(".");
    const container: Container = {
      resource,
      name,
      service,
      helper,
      tenant: tenants.of(resource),
      networks: list(inputs["networksAdvanced"]).flatMap((network) => text(fields(network)["name"]) ?? []),
      ports: list(inputs["ports"]).map(portOf),
      environment: texts(inputs["envs"]).map(variable),
      mounts: mountsOf(inputs),
      get files() {
        return files;
      },
    };
    const files = uploadsOf(container);
    return container;
  });
}

/** The zones whose networks a shared process may join, by the model and by our own word; undefined for agents and what we do not know. */
export const zonesOf = ({ service }: Pick<Container, "service">): readonly Zone[] | undefined =>
  Object.hasOwn(SERVICE_ZONES, service)
    ? SERVICE_ZONES[service as SharedService].filter((zone) => MAY_JOIN[service]?.includes(zone) === true)
    : undefined;

/** The zone a Docker network is for; undefined for networks of another kind. */
export const zoneOfNetwork = (stack: string, name: string): Zone | undefined =>
  ZONES.find((zone) => name === hostName(stack, zone));

/** Numbers may come as text, as in `"8080"`. */
const portOf = (port: unknown): PublishedPort => {
  const { internal, external, ip } = fields(port);
  return {
    internal: Number(internal),
    external: typeof external === "number" || typeof external === "string" ? `${external}` : "any",
    ip: filled(ip),
  };
};

/** `NAME=value`; without `=` Docker takes the value of its own environment. */
const variable = (line: string): readonly [string, string] => {
  const end = line.indexOf("=");
  return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
};

const mountsOf = (inputs: ResourceRecord["inputs"]): readonly Mount[] => [
  ...list(inputs["volumes"]).map((volume): Mount => {
    const [host, named, other] = ["hostPath", "volumeName", "fromContainer"].map((key) =>
      filled(fields(volume)[key]),
    );
    return {
      source: host ?? named ?? other,
      target: text(fields(volume)["containerPath"]) ?? "",
      // Another container's mounts may be anything.
      fromHost: named === undefined || host !== undefined || other !== undefined,
      readOnly: fields(volume)["readOnly"] === true,
    };
  }),
  ...list(inputs["mounts"]).map((mount): Mount => {
    const { type, source, target, readOnly } = fields(mount);
    return {
      source: filled(source),
      target: text(target) ?? "",
      // Anything that is neither a named volume nor memory reaches into the host.
      fromHost: type !== "volume" && type !== "tmpfs",
      readOnly: readOnly === true,
    };
  }),
];
