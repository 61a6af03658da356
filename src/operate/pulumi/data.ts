import { docker } from "../docker/engine";
import type { Exported } from "../recovery/deployment";
import type { Step } from "./stack";

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

/** Docker's things that hold no data, and components, which are only in the state. */
const STATELESS = /^(docker:|atalaya:|pulumi:pulumi:Stack$)/;
const UNCHANGED = ["same", "read", "refresh"];

/**
 * What else than stopping an update would do, by name: it would be done while the servers that hold it go away. Stopping deletes
 * what Docker has, and nothing besides.
 */
export const besidesStopping = (steps: readonly Step[]): readonly string[] =>
  steps
    .filter(({ op }) => !UNCHANGED.includes(op))
    .filter(({ op, urn }) => !(STATELESS.test(typeOf(urn)) && (op === "delete" || isComponent(urn))))
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`)
    .sort();

/** `urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$docker:index/volume:Volume::mx-data` is of the last type. */
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";
const isComponent = (urn: string): boolean => !typeOf(urn).startsWith("docker:");

/** `12.3MB` by volume; none where Docker does not say. */
export async function volumeSizes(): Promise<ReadonlyMap<string, string>> {
  const { code, stdout } = await docker(
    ["system", "df", "--verbose", "--format", "{{json .Volumes}}"],
    SIZES_MS,
  );
  if (code !== 0) return new Map();
  try {
    const volumes = JSON.parse(stdout) as readonly { readonly Name: string; readonly Size: string }[];
    return new Map(volumes.map(({ Name, Size }) => [Name, Size]));
  } catch {
    return new Map();
  }
}
