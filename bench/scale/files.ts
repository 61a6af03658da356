import { renderStack } from "../../src/stack/render";
import type { RenderedFile } from "../../src/model/files";
import { inputOf } from "../common/list";
import { growth, type Growth } from "./growth";
import { keysOf } from "./keys";

/** All files of an environment with so many tenants: their bytes by path, agents' own together. */
export interface Rendered {
  readonly tenants: number;
  /** Of reading the list and of rendering. Milliseconds. */
  readonly read: number;
  readonly render: number;
  /** Bytes by path; of agents' files the largest. */
  readonly files: Readonly<Record<string, number>>;
  /** Of all agents' files. */
  readonly agents: { readonly count: number; readonly bytes: number };
}

/** A file and how it grows. */
export interface Law extends Growth {
  readonly path: string;
  readonly kind: RenderedFile["kind"] | "secret";
  /** Of the most tenants. */
  readonly bytes: number;
}

const AGENT = "alloy/agents/<agent>.alloy";
/** Not rendered: a secret file (components/read-key.ts). As large here as there. */
const KEYS = "auth/keys.json";

const bytes = (text: string): number => Buffer.byteLength(text);

export function rendered(tenants: number): Rendered {
  const began = performance.now();
  const input = inputOf(tenants);
  const read = performance.now();
  const { files } = renderStack(input.environment, input.tenants);
  const done = performance.now();
  const agents = files.filter(({ owner }) => "agent" in owner).map(({ content }) => bytes(content));
  const shared = files.filter(({ owner }) => "service" in owner);
  return {
    tenants,
    read: read - began,
    render: done - read,
    files: {
      ...Object.fromEntries(shared.map(({ path, content }) => [path, bytes(content)])),
      [AGENT]: agents.reduce((most, one) => Math.max(most, one), 0),
      [KEYS]: bytes(keysOf(input.tenants, "bench-bench-bench-bench").file),
    },
    agents: { count: agents.length, bytes: agents.reduce((sum, one) => sum + one, 0) },
  };
}

/** Those that grow first, then the largest. */
export function laws(all: readonly Rendered[]): readonly Law[] {
  const last = all.at(-1);
  if (last === undefined) return [];
  const kinds = new Map(
    renderStack(inputOf(1).environment, inputOf(1).tenants).files.map(({ path, kind }) => [path, kind]),
  );
  return Object.entries(last.files)
    .map(([path, size]): Law => {
      const points = all.map(({ tenants, files }) => [tenants, files[path] ?? 0] as const);
      const kind = path === KEYS ? "secret" : (kinds.get(path) ?? "static");
      return { path, kind, bytes: size, ...growth(points) };
    })
    .sort((a, b) => b.perTenant - a.perTenant || b.bytes - a.bytes);
}
