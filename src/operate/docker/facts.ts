import { statfs } from "node:fs/promises";
import { z } from "zod";
import type { Engine } from "./answer";
import { containers, inspect, type Container } from "./containers";
import { ask, lines } from "./engine";
import type { Kind, Needs } from "./needs";
import { holds, listeners, type Listener } from "./ports";

/** What is there, of which an environment needs some. */
export interface Facts {
  readonly platform: NodeJS.Platform;
  readonly engine: Engine;
  /** All of the engine, whoever's they are. */
  readonly containers: readonly Container[];
  readonly networks: readonly Network[];
  /** Those with a name that the environment wants, or its label. */
  readonly volumes: readonly Named[];
  /** As Docker shows them: `grafana/loki:3.7.8`. */
  readonly images: readonly string[];
  /** Of the needed ports; those that a container holds are not among them. */
  readonly listeners: readonly Listener[];
  /** Bytes free where the engine keeps its images; undefined where that cannot be seen from here. */
  readonly free?: number;
}

export interface Named {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Network extends Named {
  readonly driver: string;
  /** `172.18.0.0/16`. */
  readonly subnets: readonly string[];
}

const LABELS = z.record(z.string(), z.string()).nullish();
const NETWORK = z.object({
  Name: z.string(),
  Driver: z.string(),
  Labels: LABELS,
  IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().default("") })).nullish() }).nullish(),
});
const VOLUME = z.object({ Name: z.string(), Labels: LABELS });

/** Asks the engine and this machine. Throws OperateError. */
export async function gather(needs: Needs, engine: Engine): Promise<Facts> {
  const [all, networks, volumes, images, free] = await Promise.all([
    containers(),
    networksThere(),
    volumesThere(needs),
    ask("image", "ls", "--format", "{{.Repository}}:{{.Tag}}"),
    freeAt(engine),
  ]);
  const open = needs.published.filter((wanted) => !all.some((container) => holds(container, wanted)));
  return {
    platform: process.platform,
    engine,
    containers: all,
    networks,
    volumes,
    images: lines(images),
    // Somewhere else, or in a virtual machine, others have the ports and the addresses.
    listeners: isHere(engine) ? await listeners(open) : [],
    ...(free !== undefined && { free }),
  };
}

async function networksThere(): Promise<readonly Network[]> {
  const ids = lines(await ask("network", "ls", "--quiet", "--no-trunc"));
  const found = await inspect("network", z.array(NETWORK), ids);
  return found.map(({ Name, Driver, Labels, IPAM }) => ({
    name: Name,
    driver: Driver,
    labels: Labels ?? {},
    subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === "" ? [] : [Subnet])),
  }));
}

async function volumesThere({ environment, names }: Needs): Promise<readonly Named[]> {
  const labelled = ask("volume", "ls", "--quiet", "--filter", `label=atalaya.environment=${environment}`);
  const wanted: ReadonlySet<string> = new Set(names.volume);
  const named = lines(await ask("volume", "ls", "--quiet")).filter((name) => wanted.has(name));
  const all = [...new Set([...lines(await labelled), ...named])].sort();
  const found = await inspect("volume", z.array(VOLUME), all);
  return found.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
}

/** Docker Desktop in WSL opens ports on Windows; elsewhere it opens them where its user is. */
const isHere = ({ host, system }: Engine): boolean =>
  (host === undefined || /^(unix|npipe):/.test(host)) &&
  !(system === "Docker Desktop" && process.platform === "linux");

/** Docker Desktop and other engines in a virtual machine have a disk of their own. */
async function freeAt(engine: Engine): Promise<number | undefined> {
  const { directory } = engine;
  if (process.platform !== "linux" || !isHere(engine) || directory === "") return undefined;
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Everything with a name, by what it is. */
export const namesThere = ({ containers, networks, volumes }: Facts): Record<Kind, readonly Named[]> => ({
  container: containers,
  network: networks,
  volume: volumes,
});
