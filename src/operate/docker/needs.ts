import type { Recording, ResourceRecord } from "../../model/recording";
import { size } from "../../model/units";

/** What an environment needs of a Docker engine and its machine, in numbers and names. */
export interface Needs {
  readonly environment: string;
  readonly published: readonly Published[];
  /** Bytes: the sum of the limits of the containers that stay. */
  readonly memory: number;
  readonly networks: number;
  /** To pull. */
  readonly images: readonly string[];
  /** Docker's own names of all that is declared. */
  readonly names: Readonly<Record<Kind, readonly string[]>>;
}

export interface Published {
  readonly service: string;
  readonly address: string;
  readonly port: number;
}

/** What Docker knows by a name that can be taken. */
export type Kind = "container" | "network" | "volume";

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const IMAGE = "docker:index/remoteImage:RemoteImage";

/** Reads them off what the program declares. The environment is called as the stack is. */
export function needsOf({ stack, resources }: Recording): Needs {
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const containers = of(CONTAINER);
  // Writers and the like end as soon as they have done their work.
  const staying = containers.filter(({ inputs }) => inputs["mustRun"] !== false);
  return {
    environment: stack,
    published: containers.flatMap(publishedBy).sort((a, b) => a.port - b.port),
    memory: staying.reduce((sum, { inputs }) => sum + Number(inputs["memory"] ?? 0) * size("1MiB"), 0),
    networks: of(NETWORK).length,
    images: names(of(IMAGE)),
    names: { container: names(containers), network: names(of(NETWORK)), volume: names(of(VOLUME)) },
  };
}

const names = (resources: readonly ResourceRecord[]): readonly string[] =>
  resources.map(({ name, inputs }) => text(inputs["name"]) ?? name).sort();

function publishedBy({ name, inputs }: ResourceRecord): readonly Published[] {
  const ports = (inputs["ports"] ?? []) as readonly { readonly external?: number; readonly ip?: string }[];
  const labels = (inputs["labels"] ?? []) as readonly { readonly label: string; readonly value: string }[];
  const service = labels.find(({ label }) => label === "atalaya.service")?.value ?? name;
  return ports.flatMap(({ external, ip = "0.0.0.0" }) =>
    external === undefined ? [] : [{ service, address: ip, port: external }],
  );
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
