import { capture } from "../command";
import { isFields, type Exported, type StateResource } from "../recovery/deployment";

/** What of a stack holds data. */
export interface Data {
  /** Docker's names, sorted. */
  readonly volumes: readonly string[];
  /** Sorted. */
  readonly tenants: readonly string[];
}

const VOLUME = "docker:index/volume:Volume";
const TENANT = "atalaya:tenant:Tenant";
/** Milliseconds. Docker adds up every file of every volume. */
const SIZES_MS = 20_000;

export function dataOf({ deployment: { resources = [] } }: Exported): Data {
  const namesOf = (wanted: string, key: string): readonly string[] =>
    resources
      .filter(({ type }) => type === wanted)
      .flatMap(({ outputs }) => (typeof outputs?.[key] === "string" ? [outputs[key]] : []))
      .sort();
  return { volumes: namesOf(VOLUME, "name"), tenants: namesOf(TENANT, "tenant") };
}

/** What servers have that keep it in volumes of the same stack. */
const IN_VOLUMES = /^(?:pulumi:providers:)?(?:keycloak|grafana)(?::|$)/;

/**
 * The state without what lies in Keycloak and Grafana: whoever removes their volumes removes that, and they need not run for it.
 * Nothing that stays refers to it any more.
 */
export function withoutAccounts(exported: Exported): Exported {
  const { resources = [], ...rest } = exported.deployment;
  const gone = new Set(resources.filter(({ type }) => IN_VOLUMES.test(type)).map(({ urn }) => urn));
  return {
    ...exported,
    deployment: {
      ...rest,
      resources: resources.filter(({ urn }) => !gone.has(urn)).map((one) => withoutReferences(one, gone)),
    },
  };
}

function withoutReferences(resource: StateResource, gone: ReadonlySet<string>): StateResource {
  const { dependencies, propertyDependencies, deletedWith, ...rest } = resource as StateResource & {
    readonly dependencies?: readonly string[];
    readonly propertyDependencies?: unknown;
    readonly deletedWith?: string;
  };
  const kept = (urns: unknown): unknown =>
    Array.isArray(urns) ? urns.filter((urn: string) => !gone.has(urn)) : urns;
  return {
    ...rest,
    ...(dependencies !== undefined && { dependencies: kept(dependencies) }),
    ...(isFields(propertyDependencies) && {
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([name, urns]) => [name, kept(urns)]),
      ),
    }),
    ...(deletedWith !== undefined && !gone.has(deletedWith) && { deletedWith }),
  };
}

/** `12.3MB` by volume; none where Docker does not say. */
export async function volumeSizes(): Promise<ReadonlyMap<string, string>> {
  const { code, stdout } = await capture(
    "docker",
    ["system", "df", "--verbose", "--format", "{{json .Volumes}}"],
    { timeoutMs: SIZES_MS },
  );
  if (code !== 0) return new Map();
  try {
    const volumes = JSON.parse(stdout) as readonly { readonly Name: string; readonly Size: string }[];
    return new Map(volumes.map(({ Name, Size }) => [Name, Size]));
  } catch {
    return new Map();
  }
}
