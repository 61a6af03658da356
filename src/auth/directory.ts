import { z } from "zod";
import type { DirectoryTenant, KeyFile } from "../model/directory";

/** The tenant directory, indexed: organisation id to tenant. */
export type Directory = ReadonlyMap<string, DirectoryTenant>;

const directorySchema = z.object({
  version: z.literal(1),
  tenants: z.array(
    z.object({
      id: z.string(),
      orgId: z.string(),
      state: z.enum(["active", "suspended"]),
      agents: z.array(z.string()),
      services: z.array(z.object({ clientId: z.string(), scopes: z.array(z.string()) })),
    }),
  ),
});

const keySchema = z.object({
  version: z.literal(1),
  keys: z.array(
    z.object({
      id: z.string(),
      orgId: z.string(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      rights: z.array(z.string().regex(/^(metrics|logs|traces):(read|write)$/)),
    }),
  ),
});

/** Reads `tenants.json`. Throws on anything else, and on an organisation id that stands twice. */
export function parseDirectory(text: string): Directory {
  const { tenants } = directorySchema.parse(JSON.parse(text));
  return index(tenants as unknown as readonly DirectoryTenant[], (tenant) => tenant.orgId);
}

/** Reads `keys.json`. Throws on anything else, and on a hash that stands twice. */
export function parseKeys(text: string): KeyFile {
  const file = keySchema.parse(JSON.parse(text)) as unknown as KeyFile;
  index(file.keys, (key) => key.hash);
  return file;
}

function index<T>(entries: readonly T[], keyOf: (entry: T) => string): ReadonlyMap<string, T> {
  const map = new Map(entries.map((entry) => [keyOf(entry), entry]));
  if (map.size !== entries.length) throw new Error("an entry stands twice");
  return map;
}
