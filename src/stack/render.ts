import type { Environment } from "../model/environment";
import type { RenderedFile } from "../model/files";
import type { ClientId } from "../model/names";
import { runsHere, type Tenant } from "../model/tenant";
import { containerTopology, type PublicUrls, type Topology } from "../model/topology";
import { renderEnvironment } from "../render";
import { publicUrls } from "./urls";

/** A stack as it is declared: who, where, and every file that follows from it. */
export interface RenderedStack {
  readonly environment: Environment;
  /** Sorted by id. */
  readonly tenants: readonly Tenant[];
  readonly topology: Topology;
  readonly files: readonly RenderedFile[];
}

/** Where the processes of these agents and of the environment are. */
export type Places = (agents: readonly ClientId[], urls: PublicUrls) => Topology;

/** Pure: the same environment and tenants give the same bytes. Containers, unless `places` says otherwise. */
export function renderStack(
  environment: Environment,
  tenants: readonly Tenant[],
  places: Places = containerTopology,
): RenderedStack {
  const agents = tenants.flatMap((tenant) => tenant.agents.filter(runsHere).map(({ id }) => id));
  const topology = places(agents, publicUrls(environment));
  return { environment, tenants, topology, files: renderEnvironment({ environment, tenants, topology }) };
}
