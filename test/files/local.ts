import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FreePorts, LocalPorts } from "../../src/lab/ports";
import type { RenderedFile } from "../../src/model/files";
import type { ClientId } from "../../src/model/names";
import type { Tenant } from "../../src/model/tenant";
import { localTopology, type Place } from "../../src/model/topology";
import type { RenderInput } from "../../src/render/input";
import { input } from "../render/input";

/** The same environment as processes of this machine: loopback, free ports, folders below `root`. */
export async function localInput(root: string, tenants?: readonly Tenant[]): Promise<RenderInput> {
  const containers = input(tenants);
  const agents = Object.keys(containers.topology.agents) as ClientId[];
  const free = new FreePorts();
  const { port } = await LocalPorts.of(agents, () => free.take());
  const topology = localTopology({ directory: root, port }, agents, containers.topology.urls);
  const places: readonly Pick<Place<"agent">, "directories">[] = [
    ...Object.values(topology.services),
    ...Object.values(topology.agents),
  ];
  for (const { directories } of places)
    for (const directory of Object.values({ ...directories })) mkdirSync(directory, { recursive: true });
  return { ...containers, topology };
}

/** Puts files where their processes read them. */
export function place(files: readonly RenderedFile[]): void {
  for (const { target, content } of files) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}
