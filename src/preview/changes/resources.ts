import { marker } from "../markers";
import { SECRET } from "../mask";
import type { PlannedResource } from "../plan";
import { byText, difference, same } from "./lists";
import { isComponent } from "./placement";
import { replaces } from "./replace-rules";
import type { Side } from "./side";
import type { Impact, ResourceChange, Role } from "./types";

/** A resource that both plans have, and which of its inputs are different. */
interface Pair {
  readonly was: PlannedResource;
  readonly is: PlannedResource;
  readonly inputs: Set<string>;
}

/**
 * What an engine would do with every resource, by the providers' own rules of what they replace. Components are left out:
 * they are no resources themselves. Linear in the number of resources and of what they wait for.
 */
export function resourceChanges(before: Side, after: Side): readonly ResourceChange[] {
  const { gained, lost, both } = difference(resourcesOf(before), resourcesOf(after), ({ urn }) => urn);
  const pairs = both.map(([was, is]): Pair => ({
    was,
    is,
    inputs: new Set(differing(was.inputs, is.inputs)),
  }));
  followValues(pairs, new Set(gained.map(({ urn }) => urn)));
  return [
    ...gained.map((resource) => described(after, resource, resource, "create", [])),
    ...lost.map((resource) => described(before, resource, resource, "delete", [])),
    ...pairs.flatMap((pair): readonly ResourceChange[] => {
      if (pair.inputs.size === 0) return [];
      const causes = [...pair.inputs].filter((input) => replaces(pair.is, input));
      const because = causes.length > 0 ? causes : [...pair.inputs];
      return [described(after, pair.is, pair.was, causes.length > 0 ? "replace" : "update", because.sort())];
    }),
  ].sort(byText(({ urn }) => urn));
}

const resourcesOf = ({ plan }: Side): readonly PlannedResource[] =>
  plan.resources.filter(({ type }) => !isComponent(type));

type Inputs = PlannedResource["inputs"];

function differing(was: Inputs, is: Inputs): readonly string[] {
  if (same(was, is)) return [];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (input) => !same(was[input], is[input]),
  );
}

/** What hands out values that others are made of, secret ones most of all. */
const SOURCE = /^(random|tls|keycloak):/;

/**
 * A plan shows no secret, so a secret input is taken as different where what it is made of is: another set of sources, or a
 * source that is made anew. Other inputs hold the marker of the resource whose value they are.
 */
function followValues(pairs: readonly Pair[], created: ReadonlySet<string>): void {
  const byUrn = new Map(pairs.map((pair) => [pair.is.urn, pair]));
  const isSource = (urn: string): boolean => SOURCE.test(typeOf(urn));
  for (const { was, is, inputs } of pairs) {
    const sources = is.dependsOn.filter(isSource);
    if (sources.some((urn) => created.has(urn)) || sources.length !== was.dependsOn.filter(isSource).length)
      for (const input of secretInputs(is)) inputs.add(input);
  }
  const open = pairs.filter(hasNewValues);
  if (open.length === 0) return;
  const waiting = dependents(pairs);
  for (let from = open.pop(); from !== undefined; from = open.pop())
    for (const urn of waiting.get(from.is.urn) ?? []) {
      const pair = byUrn.get(urn);
      if (pair === undefined) continue;
      const before = hasNewValues(pair);
      for (const input of inputsFrom(pair.is, from.is)) pair.inputs.add(input);
      if (!before && hasNewValues(pair)) open.push(pair);
    }
}

/** What is replaced; and an image, which is built anew in place and has another id then. */
const hasNewValues = ({ is, inputs }: Pair): boolean =>
  inputs.size > 0 && (is.type === BUILT_IMAGE || [...inputs].some((input) => replaces(is, input)));

const BUILT_IMAGE = "docker:index/image:Image";

function dependents(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const waiting = new Map<string, string[]>();
  for (const { is } of pairs)
    for (const urn of is.dependsOn) {
      const list = waiting.get(urn);
      if (list === undefined) waiting.set(urn, [is.urn]);
      else list.push(is.urn);
    }
  return waiting;
}

/** `docker:index/volume:Volume`, of `urn:pulumi:dev::atalaya::atalaya:data:LogsBackend$docker:index/volume:Volume::loki-data`. */
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

const secretInputs = ({ inputs }: PlannedResource): readonly string[] =>
  Object.keys(inputs).filter((input) => JSON.stringify(inputs[input]).includes(`"${SECRET}"`));

function inputsFrom(resource: PlannedResource, source: PlannedResource): readonly string[] {
  const mark = marker(source.type, source.name, "");
  const marked = Object.keys(resource.inputs).filter((input) =>
    JSON.stringify(resource.inputs[input]).includes(mark),
  );
  return SOURCE.test(source.type) ? [...marked, ...secretInputs(resource)] : marked;
}

function described(
  side: Side,
  resource: PlannedResource,
  was: PlannedResource,
  action: ResourceChange["action"],
  because: readonly string[],
): ResourceChange {
  const { urn, type, name } = resource;
  const owner = side.placement.ownerOf(resource);
  // What it was decides what goes with it.
  const role = side.roles.of(action === "create" ? resource : was);
  const guarded = was.protect && action !== "create";
  return {
    ...{ urn, type, name, action, role, because },
    impact: impactOf(role, action, { tenant: owner.tenant, protect: guarded }),
    ...owner,
    protected: guarded,
  };
}

const HOLDS_DATA: ReadonlySet<Role> = new Set(["data", "data-password", "realm", "organisation"]);

function impactOf(
  role: Role,
  action: ResourceChange["action"],
  { tenant, protect }: { readonly tenant: string | undefined; readonly protect: boolean },
): Impact {
  if (role === "writer") return "writer";
  if (action === "create" || action === "update") return "none";
  if (HOLDS_DATA.has(role) || protect) return "data";
  if (role !== "process") return "none";
  return tenant === undefined ? "shared-process" : "tenant-process";
}
