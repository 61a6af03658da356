import type { DirectoryTenant } from "../../src/model/directory";
import { orgId, type OrgId, type TenantId } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import type { Context } from "./context";
import type { PlacedFile } from "./files";
import type { Graph } from "./graph";
import { nothing, type Violation } from "./rule";
import { fields, list } from "./values";

export const TENANT = "atalaya:tenant:Tenant";

/** A tenant as the environment declares it: a component named by its id, with everything of its own below it. */
export interface DeclaredTenant {
  readonly id: TenantId;
  readonly orgId: OrgId;
  readonly resource: ResourceRecord;
}

export interface Tenants {
  /** Sorted by id. */
  readonly all: readonly DeclaredTenant[];
  readonly byOrgId: ReadonlyMap<string, DeclaredTenant>;
  /** The tenant a resource is declared under; undefined for what is shared. */
  readonly of: (resource: ResourceRecord) => DeclaredTenant | undefined;
}

export function tenantsOf(graph: Graph): Tenants {
  const all = graph
    .ofType(TENANT)
    .map((resource) => ({ id: resource.name as TenantId, orgId: orgId(resource.name as TenantId), resource }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const byUrn = new Map(
    all.flatMap((tenant) =>
      [tenant.resource, ...graph.descendants(tenant.resource.urn)].map(({ urn }) => [urn, tenant] as const),
    ),
  );
  return {
    all,
    byOrgId: new Map(all.map((tenant) => [tenant.orgId, tenant])),
    of: ({ urn }) => byUrn.get(urn),
  };
}

/** What the auth service is told of the tenants. Undefined when there is no such file. */
export function directoryOf(files: readonly PlacedFile[]): Directory | undefined {
  const file = files.find(({ path }) => path.endsWith("/tenants.json"));
  if (file === undefined) return undefined;
  const tenants = list(fields(file.parse())["tenants"]).map(
    (entry) => fields(entry) as unknown as DirectoryTenant,
  );
  return { file, tenants };
}

/** Every client of a tenant that the directory knows. */
export const clientsOf = ({ agents, suspendedAgents = [], services }: DirectoryTenant): readonly string[] => [
  ...agents,
  ...suspendedAgents,
  ...services.map(({ clientId }) => clientId),
];

/** Whether an agent is let in: its tenant is active, and so is it. */
export const sends = (directory: Directory | undefined, agent: string): boolean =>
  directory?.tenants.some(({ state, agents }) => state === "active" && agents.some((id) => id === agent)) ===
  true;

export interface Directory {
  readonly file: PlacedFile;
  readonly tenants: readonly DirectoryTenant[];
}

/**
 * Nothing of what every tenant has: fine in an environment of ours without tenants, and `nothing` everywhere else, because
 * what cannot be read must not pass.
 */
export const nothingOfTenants = (
  { recording, tenants }: Pick<Context, "recording" | "tenants">,
  what: string,
): readonly Violation[] =>
  tenants.all.length === 0 && recording.resources.some(({ type }) => type.startsWith("atalaya:"))
    ? []
    : [nothing(what)];
