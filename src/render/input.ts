import type { Environment } from "../model/environment";
import type { Tenant } from "../model/tenant";
import type { Topology } from "../model/topology";

/** All that the renderers may know. They are pure: the same input gives the same bytes. */
export interface RenderInput {
  readonly environment: Environment;
  /** The tenants of this environment, suspended ones included, sorted by id. */
  readonly tenants: readonly Tenant[];
  readonly topology: Topology;
}
