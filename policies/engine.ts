import type { Recording, ResourceRecord } from "../src/model/recording";
import { UNKNOWN } from "./rules/values";

/** What of an engine's resource is read here (`PolicyResource` of @pulumi/policy). */
export interface EngineResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Outputs: what was given, what the provider added, and secrets in plain. Reading an unknown value throws. */
  readonly props: Readonly<Record<string, unknown>>;
  readonly opts: { readonly protect: boolean; readonly parent?: string };
  readonly parent?: { readonly urn: string };
  readonly provider?: { readonly urn: string };
  readonly dependencies: readonly { readonly urn: string }[];
  readonly propertyDependencies: Readonly<Record<string, readonly { readonly urn: string }[]>>;
}

const STACK = "pulumi:pulumi:Stack";
/** Their outputs are what must stay secret, so that those are asked for as well. */
const GENERATOR = /^(random|tls):/;

/**
 * An engine's resources as the rules know them. It does not say which values are secret, so all outputs count as such.
 * @param given what each resource was given, by URN: a provider that is not configured yet, because the service it is for
 * does not run yet, makes nothing of it in a preview
 */
export function recordingOf(
  resources: readonly EngineResource[],
  given: ReadonlyMap<string, ResourceRecord["inputs"]> = new Map(),
): Recording {
  const records = resources
    .map((resource) => recordOf(resource, given))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  // `urn:pulumi:<stack>::<project>::<types>::<name>`
  const [start = "", project = ""] = records[0]?.urn.split("::") ?? [];
  const stack = resources.find(({ type }) => type === STACK);
  const outputs = stack === undefined ? {} : plainCopy(stack.props);
  return {
    project,
    stack: start.slice(start.lastIndexOf(":") + 1),
    resources: records,
    outputs,
    secretOutputs: Object.keys(outputs).sort(),
  };
}

function recordOf(
  { urn, type, name, props, opts, ...rest }: EngineResource,
  given: ReadonlyMap<string, ResourceRecord["inputs"]>,
): ResourceRecord {
  const inputs = given.get(urn);
  const parent = rest.parent?.urn ?? opts.parent;
  const targets = [rest.dependencies, ...Object.values(rest.propertyDependencies)]
    .flat()
    .map((target) => target.urn);
  return {
    urn,
    type,
    name,
    custom: type !== STACK && !type.startsWith("atalaya:"),
    ...(parent !== undefined && parent !== "" && { parent }),
    inputs: inputs === undefined || GENERATOR.test(type) ? { ...plainCopy(props), ...inputs } : inputs,
    protect: opts.protect,
    dependsOn: [...new Set(targets)].sort(),
    ...(rest.provider !== undefined && { provider: rest.provider.urn }),
  };
}

export const plainCopy = (props: Readonly<Record<string, unknown>>): ResourceRecord["inputs"] =>
  copy(props) as ResourceRecord["inputs"];

/**
 * A plain copy in which what is not known yet says so. Left to the rules, one unknown value would end a rule in an error that
 * Pulumi turns into advice: a preview would pass what it has not checked.
 */
function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const read = (key: string | number): unknown => {
    try {
      return copy((value as Readonly<Record<string | number, unknown>>)[key]);
    } catch {
      return UNKNOWN;
    }
  };
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(index));
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(key)]));
}
