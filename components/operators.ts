import * as pulumi from "@pulumi/pulumi";
import type { GrafanaContext } from "./dashboards";
import { makeOrganisation } from "./organisation";

/** Grafana's organisation for whoever runs the environment. Its id cannot be a tenant's. */
export class Operators extends pulumi.ComponentResource {
  readonly organisationId: pulumi.Output<string>;

  constructor(name: string, context: GrafanaContext, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:view:Operators", name, {}, opts);
    this.organisationId = makeOrganisation(`${name}-organisation`, "Operators", context, { parent: this }).id;
    this.registerOutputs({});
  }
}
