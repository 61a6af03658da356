/** A resource as an exported state has it: everything that is not named here is kept as it is. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  /** Secrets among them are encrypted. */
  readonly inputs?: Fields;
  readonly outputs?: Fields;
  /** Replaced already, and still to be deleted. */
  readonly delete?: boolean;
  /** Deleted already, and still to be made anew. */
  readonly pendingReplacement?: boolean;
  /** `<urn>::<id>` of the provider. */
  readonly provider?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What an update had begun, and not ended when it was interrupted. */
export interface Operation {
  readonly type: string;
  readonly resource: StateResource;
}

/** What `pulumi stack export` prints. */
export interface Exported {
  readonly version: number;
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly Operation[];
  };
}

/** @throws when it is no state; the message shows nothing of it */
export function parseExported(text: string): Exported {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!isFields(parsed) || !isFields(parsed["deployment"]))
    throw new Error("pulumi stack export did not print a state.");
  return parsed as unknown as Exported;
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One of each resource, because an up after an interrupted one carries its operations on. What was being made comes before all else. */
export function pendingOf({ deployment }: Exported): readonly Operation[] {
  const byUrn = new Map<string, Operation>();
  for (const operation of deployment.pending_operations ?? []) {
    const { urn } = operation.resource;
    if (byUrn.get(urn)?.type !== "creating" || operation.type === "creating") byUrn.set(urn, operation);
  }
  return [...byUrn.values()];
}

/** What is to be added to a state: a resource of which only its inputs were known. */
export interface Adopted {
  readonly resource: StateResource;
  readonly id: string;
  /** What its server says of it, and others refer to. */
  readonly outputs: Fields;
}

/**
 * The state without operations under way, and with what was found. A provider reads a thing by its id and by what the state says
 * of it, so that the inputs stand for outputs until then.
 */
export function mended(exported: Exported, adopted: readonly Adopted[]): Exported {
  const { resources = [], ...rest } = exported.deployment;
  const found = adopted.map(({ resource, id, outputs }) => ({
    ...resource,
    id,
    outputs: { ...withoutMarks(resource.inputs ?? {}), ...outputs },
  }));
  return {
    ...exported,
    deployment: { ...rest, resources: [...resources, ...found], pending_operations: [] },
  };
}

/** `__defaults` names the inputs that a provider added itself: nothing that a thing has. */
const withoutMarks = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key !== "__defaults")
      .map(([key, value]) => [key, unmarked(value)]),
  );

const unmarked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unmarked);
  return isFields(value) ? withoutMarks(value) : value;
};

/** `urn:pulumi:<stack>::<project>::<types>::<name>` */
export const nameOf = ({ urn }: StateResource): string => urn.split("::").slice(3).join("::");
