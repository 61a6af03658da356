import type { ResourceRecord } from "../../src/model/recording";
import { CLIENT } from "./clients-carry-one-tenant";
import type { Context } from "./context";
import { DATA_SOURCE, ORGANISATION } from "./data-sources";
import { nothing, type Rule, type Violation } from "./rule";
import { nothingOfTenants, type DeclaredTenant } from "./tenants";

/** Shared processes whose live files keep tenants apart: what they do not name is refused. */
const ISOLATION = ["envoy", "auth", "mimir", "loki", "tempo"] as const;
const USER = "keycloak:index/user:User";

export const isolationBeforeCredentials: Rule = {
  name: "isolation-before-credentials",
  description:
    "No client, person or key exists before the filters, limits and the organisation that contain it: an update may be killed at any moment.",
  check: (context) => {
    const writers = ISOLATION.map((service) => ({ service, waiting: waitersFor(context, service) }));
    const missing = writers.filter(({ waiting }) => waiting.length === 0);
    const credentials = context.tenants.all.flatMap((tenant) =>
      context.graph
        .descendants(tenant.resource.urn)
        .filter(isCredential)
        .map((resource) => ({ tenant, resource })),
    );
    if (credentials.length === 0) return nothingOfTenants(context, "tenant's client or data source");
    const organisations = organisationsOf(context);
    return [
      ...missing.map(({ service }) => nothing(`live file of ${service}`)),
      ...credentials.flatMap(({ tenant, resource }) => [
        ...early(resource, tenant, writers),
        ...homeless(context, resource, tenant, organisations),
      ]),
    ];
  },
};

const isCredential = ({ type }: ResourceRecord): boolean =>
  type === CLIENT || type === USER || type === DATA_SOURCE;

/** For each container that writes live files of a service: who waits for it. */
function waitersFor({ graph, files }: Context, service: string): readonly ReadonlySet<string>[] {
  const writers = files.filter(
    ({ kind, container }) =>
      kind !== "static" && container.service === service && container.tenant === undefined,
  );
  return [...new Set(writers.map(({ resource }) => resource.urn))].map((urn) => graph.waitersOf(urn));
}

/** What a data source needs is less: it has a key of the auth service, and only reads. */
const neededBy = ({ type }: ResourceRecord): readonly string[] =>
  type === DATA_SOURCE ? ["envoy", "auth"] : ISOLATION;

function early(
  resource: ResourceRecord,
  tenant: DeclaredTenant,
  writers: readonly { service: string; waiting: readonly ReadonlySet<string>[] }[],
): readonly Violation[] {
  const needed = neededBy(resource);
  return writers
    .filter(
      ({ service, waiting }) =>
        needed.includes(service) && waiting.some((waiters) => !waiters.has(resource.urn)),
    )
    .map(({ service }) => ({
      resource,
      tenant: tenant.id,
      message: `${resource.name} of tenant ${tenant.id} can exist before ${service} has its list of tenants.`,
      remedy: `Let it depend on the live files of ${service}.`,
    }));
}

const organisationsOf = ({ graph, tenants }: Context): ReadonlyMap<string, string> =>
  new Map(
    graph.ofType(ORGANISATION).flatMap((organisation) => {
      const owner = tenants.of(organisation);
      return owner === undefined ? [] : [[owner.id, organisation.urn] as const];
    }),
  );

function homeless(
  { graph }: Context,
  resource: ResourceRecord,
  tenant: DeclaredTenant,
  organisations: ReadonlyMap<string, string>,
): readonly Violation[] {
  // Those of the operators are in an organisation of their own, which another rule sees to.
  if (resource.type === DATA_SOURCE) return [];
  const organisation = organisations.get(tenant.id);
  return organisation !== undefined && graph.waitsFor(resource, organisation)
    ? []
    : [
        {
          resource,
          tenant: tenant.id,
          message: `${resource.name} of tenant ${tenant.id} ${organisation === undefined ? "has no organisation to belong to" : "can exist before its organisation"}.`,
          remedy: "Declare the tenant's Organization and let it depend on that.",
        },
      ];
}
