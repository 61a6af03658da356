import type { Recording, ResourceRecord } from "../../src/model/recording";
import { entry } from "./values";

/** Who belongs to whom and who waits for whom. */
export interface Graph {
  readonly resource: (urn: string) => ResourceRecord | undefined;
  readonly ofType: (type: string) => readonly ResourceRecord[];
  /** Parent, its parent and so on, nearest first. */
  readonly ancestors: (resource: ResourceRecord) => readonly ResourceRecord[];
  /** Everything below, the resource itself not included. */
  readonly descendants: (urn: string) => readonly ResourceRecord[];
  /** Whether `from` is made after `target` was. */
  readonly waitsFor: (from: ResourceRecord, target: string) => boolean;
  /** URNs of all that is made after `target` was: one walk, for targets that many must wait for. */
  readonly waitersOf: (target: string) => ReadonlySet<string>;
}

export function graphOf(recording: Recording): Graph {
  const byUrn = new Map<string, ResourceRecord>();
  const byType = new Map<string, ResourceRecord[]>();
  const children = new Map<string, ResourceRecord[]>();
  for (const resource of recording.resources) {
    byUrn.set(resource.urn, resource);
    entry(byType, resource.type, () => []).push(resource);
    if (resource.parent !== undefined) entry(children, resource.parent, () => []).push(resource);
  }
  const descendants = (urn: string): readonly ResourceRecord[] => {
    const found: ResourceRecord[] = [];
    const open = [...(children.get(urn) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      found.push(next);
      open.push(...(children.get(next.urn) ?? []));
    }
    return found;
  };
  const ancestors = (resource: ResourceRecord): readonly ResourceRecord[] => {
    const found = new Set<ResourceRecord>();
    for (let up = parentOf(resource); up !== undefined && !found.has(up); up = parentOf(up)) found.add(up);
    return [...found];
  };
  const parentOf = ({ parent }: ResourceRecord) => (parent === undefined ? undefined : byUrn.get(parent));
  const edges = edgesOf(recording, byUrn, descendants);
  return {
    resource: (urn) => byUrn.get(urn),
    ofType: (type) => byType.get(type) ?? [],
    ancestors,
    descendants,
    waitsFor: (from, target) => walk(from.urn, edges.forward, target).has(target),
    waitersOf: (target) => walk(target, edges.backward),
  };
}

interface Edges {
  readonly forward: ReadonlyMap<string, readonly string[]>;
  readonly backward: ReadonlyMap<string, readonly string[]>;
}

/**
 * A resource waits for what it depends on, for its provider and for its parent's own dependencies (a component registers
 * after them, its children after it). Depending on a component means depending on everything in it, as in Pulumi's SDK.
 */
function edgesOf(
  { resources }: Recording,
  byUrn: ReadonlyMap<string, ResourceRecord>,
  descendants: (urn: string) => readonly ResourceRecord[],
): Edges {
  const forward = new Map<string, string[]>();
  const backward = new Map<string, string[]>();
  const within = new Set<string>();
  const edge = (from: string, to: string): void => {
    entry(forward, from, () => []).push(to);
    entry(backward, to, () => []).push(from);
  };
  for (const { urn, dependsOn, parent, provider } of resources) {
    if (parent !== undefined) edge(urn, parent);
    if (provider !== undefined) edge(urn, provider);
    for (const target of dependsOn) {
      edge(urn, target);
      if (byUrn.get(target)?.custom !== false) continue;
      // A node for "all that is in it" keeps the number of edges linear.
      const inside = `${target}::*`;
      edge(urn, inside);
      if (within.has(inside)) continue;
      within.add(inside);
      for (const inner of descendants(target)) edge(inside, inner.urn);
    }
  }
  return { forward, backward };
}

/** All that can be reached, nearest first; the start only where a circle leads back to it. Stops as soon as `until` is reached. */
function walk(start: string, edges: ReadonlyMap<string, readonly string[]>, until?: string): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (const next of open)
    for (const target of edges.get(next) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      if (target === until) return reached;
      open.push(target);
    }
  return reached;
}
