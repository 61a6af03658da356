import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RenderedFile } from "../../src/model/files";
import type { Tenant } from "../../src/model/tenant";
import type { Directories } from "../../src/model/topology";
import type { RenderInput } from "../../src/render/input";
import { input } from "../render/input";
import { freePort, loopback } from "../servers";

interface Listener {
  readonly bind: string;
  readonly host: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly directories: Directories;
}

/** The same environment as processes of this machine: loopback, free ports, folders below `root`. */
export async function localInput(root: string, tenants?: readonly Tenant[]): Promise<RenderInput> {
  const containers = input(tenants);
  const local = async (name: string, { ports }: Listener): Promise<Listener> => {
    const free = Object.keys(ports).map(async (port) => [port, await freePort()] as const);
    const directories = { config: "config", live: "live", secrets: "secrets", data: "data" };
    for (const key of ["config", "live", "secrets", "data"] as const) {
      directories[key] = join(root, name, key);
      mkdirSync(directories[key], { recursive: true });
    }
    return {
      bind: loopback,
      host: loopback,
      ports: Object.fromEntries(await Promise.all(free)),
      directories,
    };
  };
  const all = async (places: object) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(places as Record<string, Listener>).map(
          async ([name, place]) => [name, await local(name, place)] as const,
        ),
      ),
    );
  const { services, agents, urls } = containers.topology;
  const topology = { services: await all(services), agents: await all(agents), urls } as unknown;
  return { ...containers, topology: topology as RenderInput["topology"] };
}

/** Puts files where their processes read them. */
export function place(files: readonly RenderedFile[]): void {
  for (const { target, content } of files) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}
