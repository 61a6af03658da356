import type { ResourceRecord } from "../../src/model/recording";
import type { Context } from "./context";
import { DATA_SOURCE, ORGANISATION } from "./data-sources";
import { nothing, type Rule, type Violation } from "./rule";
import { nothingOfTenants } from "./tenants";

/** What is in no organisation, and data sources, which a rule of their own judges. */
const ELSEWHERE: readonly string[] = [ORGANISATION, DATA_SOURCE, "grafana:oss/ssoSettings:SsoSettings"];

export const grafanaStaysInItsOrganisation: Rule = {
  name: "grafana-stays-in-its-organisation",
  description:
    "Every tenant has one Grafana organisation of its own, and its folders, dashboards, alerts and contact points are in that one: inside an organisation everybody sees everything.",
  check: (context) => {
    const { recording, graph, tenants } = context;
    const organisations = graph.ofType(ORGANISATION);
    if (organisations.length === 0) return [nothing("Grafana organisation")];
    const owned = organisations.filter((one) => tenants.of(one) !== undefined);
    return [
      ...(owned.length === 0 ? nothingOfTenants(context, "Grafana organisation of a tenant") : []),
      ...tenants.all.flatMap(({ id, resource }) => {
        const count = owned.filter((one) => tenants.of(one)?.id === id).length;
        return count === 1
          ? []
          : [
              {
                resource,
                tenant: id,
                message: `Tenant ${id} has ${count} Grafana organisations.`,
                remedy:
                  "Declare exactly one Organization below its Tenant component (components/organisation.ts).",
              },
            ];
      }),
      ...recording.resources
        .filter(({ type }) => type.startsWith("grafana:") && !ELSEWHERE.includes(type))
        .flatMap((resource) => astray(context, resource)),
    ];
  },
};

/** The organisation by what the resource depends on: its number is an output of it. */
function astray({ graph, tenants }: Context, resource: ResourceRecord): readonly Violation[] {
  const { name, type, inputs, dependsOn } = resource;
  const kind = type.split(":").at(-1) ?? type;
  const tenant = tenants.of(resource);
  const found = dependsOn
    .flatMap((urn) => graph.resource(urn) ?? [])
    .filter((target) => target.type === ORGANISATION);
  const [organisation] = found;
  if (organisation === undefined || found.length > 1 || inputs["orgId"] === undefined)
    return [
      {
        resource,
        message: `${kind} ${name} is not in exactly one declared organisation (orgId ${JSON.stringify(inputs["orgId"] ?? "unset")}).`,
        remedy:
          "Give it the `orgId` of one Organization resource; unset means the provider's own, where everybody's would meet.",
      },
    ];
  const owner = tenants.of(organisation);
  return owner === undefined || owner === tenant
    ? []
    : [
        {
          resource,
          message: `${kind} ${name} of ${tenant === undefined ? "no tenant" : `tenant ${tenant.id}`} is in the organisation of tenant ${owner.id}.`,
          remedy:
            "Declare it below the Tenant component whose organisation it is in; only the operators' holds several tenants'.",
        },
      ];
}
