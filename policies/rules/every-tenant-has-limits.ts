import { orgId, PLATFORM_TENANT } from "../../src/model/names";
import type { Context } from "./context";
import type { PlacedFile } from "./files";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, isFields } from "./values";

const BACKENDS = ["mimir", "loki", "tempo"] as const;

export const everyTenantHasLimits: Rule = {
  name: "every-tenant-has-limits",
  description:
    "Each backend has limits and retention for each tenant and for nobody else: without a block of its own a tenant has no quota of its own.",
  check: (context) => BACKENDS.flatMap((backend) => checkBackend(context, backend)),
};

function checkBackend(context: Context, backend: string): readonly Violation[] {
  const file = context.files.find(
    ({ container, kind, path }) =>
      container.service === backend && kind === "live" && path.endsWith("/overrides.yaml"),
  );
  if (file === undefined) return [nothing(`overrides.yaml of ${backend}`)];
  const blocks = fields(fields(file.parse())["overrides"]);
  const shapes = new Map(context.tenants.all.map(({ id, orgId: org }) => [org as string, id as string]));
  shapes.set(orgId(PLATFORM_TENANT), PLATFORM_TENANT);
  return [
    ...missing(file, backend, blocks, shapes),
    ...unequal(file, backend, blocks, shapes),
    ...unknown(file, backend, blocks, shapes),
  ];
}

const missing = (
  { resource }: PlacedFile,
  backend: string,
  blocks: Readonly<Record<string, unknown>>,
  expected: ReadonlyMap<string, string>,
): readonly Violation[] =>
  [...expected]
    .filter(([org]) => !isFields(blocks[org]))
    .map(([org, tenant]) => ({
      resource,
      tenant,
      message: `${backend} has no limits for ${org}.`,
      remedy: `Render its block in src/render/${backend}.ts; without one it is refused, or unlimited.`,
    }));

/** What a block leaves out is the program's default, in Tempo 0: every block has what the fullest one has. */
function unequal(
  { resource }: PlacedFile,
  backend: string,
  blocks: Readonly<Record<string, unknown>>,
  owners: ReadonlyMap<string, string>,
): readonly Violation[] {
  const all = new Set(Object.values(blocks).flatMap((block) => Object.keys(fields(block))));
  return Object.entries(blocks).flatMap(([org, block]) => {
    const tenant = owners.get(org);
    const unset = [...all].filter(
      (name) => fields(block)[name] === undefined || fields(block)[name] === null,
    );
    return unset.length === 0
      ? []
      : [
          {
            resource,
            ...(tenant !== undefined && { tenant }),
            message: `${backend} leaves ${unset.sort().join(", ")} of ${org} unset.`,
            remedy: "Set every field for every tenant: what is unset is the program's own default, or 0.",
          },
        ];
  });
}

/** Limits for a name that is nobody's let data in that nobody owns. */
const unknown = (
  { resource }: PlacedFile,
  backend: string,
  blocks: Readonly<Record<string, unknown>>,
  expected: ReadonlyMap<string, string>,
): readonly Violation[] =>
  Object.keys(blocks)
    .filter((org) => !expected.has(org))
    .map((org) => ({
      resource,
      message: `${backend} has limits for ${JSON.stringify(org)}, which is no tenant of this environment.`,
      remedy: "Take the block out; the overrides and the tenant list are one list.",
    }));
