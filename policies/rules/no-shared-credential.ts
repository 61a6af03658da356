import type { ResourceRecord } from "../../src/model/recording";
import { credentialsOf } from "./credentials";
import type { Context } from "./context";
import { DATA_SOURCE, tenantHeaders } from "./data-sources";
import type { Rule, Violation } from "./rule";
import { nothingOfTenants, type DeclaredTenant } from "./tenants";
import { entry } from "./values";

/** What makes secrets: generators, and Keycloak for its clients. */
const SOURCE = /^(random:|tls:|keycloak:openid\/client:)/;

interface Use {
  readonly tenant: DeclaredTenant;
  readonly resource: ResourceRecord;
  readonly path: string;
}

export const noSharedCredential: Rule = {
  name: "no-shared-credential",
  description:
    "No two tenants use the same secret, key or password: whoever holds it would hold both tenants' data.",
  check: (context) => {
    const uses = new Map<string, Use[]>();
    for (const resource of context.recording.resources) {
      const tenant = concerned(context, resource);
      if (tenant === undefined) continue;
      for (const { path, value } of credentialsOf(resource))
        entry(uses, value, () => []).push({ tenant, resource, path });
    }
    if (uses.size === 0 && !hasSources(context)) return nothingOfTenants(context, "credential of a tenant");
    return [...uses.values()].flatMap(shared).concat(borrowed(context));
  },
};

/** Before an update an engine knows no value, but where they will come from. */
const hasSources = ({ recording, tenants }: Context): boolean =>
  recording.resources.some((resource) => SOURCE.test(resource.type) && tenants.of(resource) !== undefined);

/** Whose a resource is: where it is declared says so, and of what is declared below no tenant, a data source's header. */
function concerned({ tenants }: Context, resource: ResourceRecord): DeclaredTenant | undefined {
  const [named] = resource.type === DATA_SOURCE ? tenantHeaders(resource) : [];
  return tenants.of(resource) ?? (named === undefined ? undefined : tenants.byOrgId.get(named));
}

/** One violation for each tenant but the first. The value is not told: it is a secret. */
function shared(uses: readonly Use[]): readonly Violation[] {
  const byTenant = new Map(uses.map((use) => [use.tenant.id, use] as const).reverse());
  const [first, ...others] = [...byTenant.values()].sort((a, b) => (a.tenant.id < b.tenant.id ? -1 : 1));
  return others.map((other) => ({
    resource: other.resource,
    tenant: other.tenant.id,
    message: `${other.resource.name} (${other.path}) of tenant ${other.tenant.id} uses the same credential as ${first?.resource.name ?? ""} (${first?.path ?? ""}) of tenant ${first?.tenant.id ?? ""}.`,
    remedy: "Generate one for each tenant, below its Tenant component.",
  }));
}

/** Also where values are not known yet: what a tenant's resource takes from another tenant's generator is that one's secret. */
function borrowed({ recording, graph, tenants }: Context): readonly Violation[] {
  return recording.resources.flatMap((resource) => {
    const tenant = tenants.of(resource);
    if (tenant === undefined) return [];
    return resource.dependsOn.flatMap((urn) => {
      const source = graph.resource(urn);
      const owner = source === undefined ? undefined : tenants.of(source);
      if (source === undefined || owner === undefined || owner === tenant || !SOURCE.test(source.type))
        return [];
      return [
        {
          resource,
          tenant: tenant.id,
          message: `${resource.name} of tenant ${tenant.id} takes ${source.name}, which was generated for tenant ${owner.id}.`,
          remedy: "Generate one for each tenant, below its Tenant component.",
        },
      ];
    });
  });
}
