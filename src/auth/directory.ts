import { z } from "zod";
import type { DirectoryTenant, KeyFile } from "../model/directory";
import { orgId, TENANT_ID, type TenantId } from "../model/names";

/** The tenant directory, indexed: organisation id to tenant. */
export type Directory = ReadonlyMap<string, DirectoryTenant>;

const tenantSchema = z
  .object({
    id: z.string().regex(TENANT_ID),
    orgId: z.string(),
    state: z.enum(["active", "suspended"]),
    agents: z.array(z.string().regex(TENANT_ID)),
    services: z.array(z.object({ clientId: z.string(), scopes: z.array(z.string()) })),
  })
  // A person's groups name the tenant by its id, everything else by its organisation's.
  .refine((tenant) => tenant.orgId === orgId(tenant.id as TenantId), "orgId is not the one of this id");

const directorySchema = z.object({ version: z.literal(1), tenants: z.array(tenantSchema) });

const keySchema = z.object({
  version: z.literal(1),
  keys: z.array(
    z.object({
      // Becomes a header.
      id: z.string().regex(/^[\x21-\x7e]{1,128}$/),
      orgId: z.string(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      rights: z.array(z.string().regex(/^(metrics|logs|traces):(read|write)$/)),
    }),
  ),
});

/** Reads `tenants.json`. Throws on anything else, and on an organisation id that stands twice. */
export function parseDirectory(text: string): Directory {
  const { tenants } = parse(directorySchema, text);
  return index(tenants as unknown as readonly DirectoryTenant[], (tenant) => tenant.orgId);
}

/** Reads `keys.json`. Throws on anything else, and on a hash that stands twice. */
export function parseKeys(text: string): KeyFile {
  const file = parse(keySchema, text) as unknown as KeyFile;
  index(file.keys, (key) => key.hash);
  return file;
}

/** The tenant of this organisation id, while anybody may use it. */
export function activeTenant(directory: Directory, organisation: string): DirectoryTenant | undefined {
  const tenant = directory.get(organisation);
  return tenant?.state === "active" ? tenant : undefined;
}

/** Of a file's problems, those that are told: the rest looks the same. */
const TOLD = 5;

/** Throws one Error whose message quotes nothing of the text: it ends in a log. */
function parse<T>(schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const told = issues
    .slice(0, TOLD)
    .map(({ path, message }) => `${path.join(".") || "all of it"}: ${message}`);
  const more = issues.length > TOLD ? [`and ${issues.length - TOLD} more`] : [];
  throw new Error([...told, ...more].join("; "));
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}

function index<T>(entries: readonly T[], keyOf: (entry: T) => string): ReadonlyMap<string, T> {
  const map = new Map(entries.map((entry) => [keyOf(entry), entry]));
  if (map.size !== entries.length) throw new Error("an entry stands twice");
  return map;
}
