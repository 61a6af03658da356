import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import type { GrafanaContext } from "./dashboards";
import { dataSources, type DataSourcesArgs } from "./data-sources";

/** Login and roles come from Keycloak at every login: members whom Grafana reports are not ours to remove. */
const MEMBERS = ["admins", "editors", "viewers", "usersWithoutAccesses"];

/** An organisation: what one cannot see into another from. */
export function makeOrganisation(
  name: string,
  displayName: string,
  { options }: GrafanaContext,
  opts: pulumi.CustomResourceOptions,
): { readonly organisation: grafana.oss.Organization; readonly id: pulumi.Output<string> } {
  const organisation = new grafana.oss.Organization(
    name,
    { name: displayName, createUsers: false },
    { ...options, ...opts, ignoreChanges: MEMBERS },
  );
  return { organisation, id: pulumi.interpolate`${organisation.orgId}` };
}

export interface OrganisationArgs extends Omit<DataSourcesArgs, "organisation" | "defaultSignal"> {
  /** The edge answers, and the keys are known to it. */
  readonly after: readonly pulumi.Resource[];
}

/** A tenant's organisation and the data sources in it. */
export class Organisation extends pulumi.ComponentResource {
  readonly resource: grafana.oss.Organization;
  /** Its number, as text. */
  readonly organisationId: pulumi.Output<string>;

  constructor(name: string, args: OrganisationArgs, opts?: pulumi.ComponentResourceOptions) {
    const { tenant, after } = args;
    super("atalaya:view:Organisation", name, { tenant: tenant.id, orgId: tenant.orgId }, opts);
    const made = makeOrganisation(`${name}-organisation`, tenant.name, args.grafana, { parent: this });
    this.resource = made.organisation;
    this.organisationId = made.id;
    dataSources(
      name,
      { ...args, organisation: made.id, defaultSignal: "metrics" },
      { parent: this, dependsOn: after },
    );
    this.registerOutputs({});
  }
}

/** A tenant as the operators see it: data sources in their organisation, with a key for this tenant alone. */
export class OperatorsView extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: Omit<DataSourcesArgs, "defaultSignal"> & { readonly after: readonly pulumi.Resource[] },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { tenant, after } = args;
    super("atalaya:view:OperatorsView", name, { tenant: tenant.id, orgId: tenant.orgId }, opts);
    dataSources(name, args, { parent: this, dependsOn: after });
    this.registerOutputs({});
  }
}
