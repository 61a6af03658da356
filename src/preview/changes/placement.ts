import type { Plan, PlannedResource } from "../plan";

/** Whose a resource is: of a tenant, of a process, of both, or of neither. */
export interface Owner {
  readonly tenant?: string;
  readonly process?: string;
}

/** Finds out by the components that a resource lies in. */
export class Placement {
  readonly #byUrn: ReadonlyMap<string, PlannedResource>;
  readonly #owners = new Map<string, Owner>();

  constructor({ resources }: Pick<Plan, "resources">) {
    this.#byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  }

  get(urn: string): PlannedResource | undefined {
    return this.#byUrn.get(urn);
  }

  /** The nearest component that says so decides; each resource is asked once. */
  ownerOf({ urn, parent, type, inputs }: PlannedResource): Owner {
    const known = this.#owners.get(urn);
    if (known !== undefined) return known;
    const above = parent === undefined ? undefined : this.#byUrn.get(parent);
    const owner = { ...(above === undefined ? {} : this.ownerOf(above)), ...own(type, inputs) };
    this.#owners.set(urn, owner);
    return owner;
  }
}

/** Components of ours say of whom they are: `tenant`, `service` for a shared process, `clientId` for an agent. */
function own(type: string, { tenant, service, clientId }: PlannedResource["inputs"]): Owner {
  if (!isComponent(type)) return {};
  const process = type === AGENT ? clientId : service;
  return {
    ...(typeof tenant === "string" && { tenant }),
    ...(typeof process === "string" && { process }),
  };
}

const AGENT = "atalaya:tenant:Agent";

/** They group resources and are none themselves: an engine does nothing for them. */
export const isComponent = (type: string): boolean =>
  type.startsWith("atalaya:") || type === "pulumi:pulumi:Stack";
