import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { GRAFANA_CLIENT, OPERATORS_GROUP, REALM, tenantGroup, type TenantId } from "../src/model/names";
import { GRAFANA_ROLES, ROLES } from "../src/model/roles";
import { httpUrl, type Topology } from "../src/model/topology";
import type { GrafanaContext } from "./dashboards";

export interface SingleSignOnArgs {
  readonly grafana: GrafanaContext;
  readonly topology: Topology;
  readonly clientSecret: pulumi.Input<string>;
  readonly operators: pulumi.Input<string>;
  readonly organisations: readonly { readonly tenant: TenantId; readonly id: pulumi.Input<string> }[];
}

/**
 * Who may enter which organisation. Set through the API once the organisations exist, by their numbers: one name that Grafana
 * does not know would lock everybody out. Whoever is in none of the groups gets in nowhere.
 */
export class SingleSignOn extends pulumi.ComponentResource {
  constructor(name: string, args: SingleSignOnArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:view:SingleSignOn", name, {}, opts);
    const { urls, services } = args.topology;
    const endpoint = (base: string, path: string) =>
      `${base}/realms/${REALM}/protocol/openid-connect/${path}`;
    const inside = httpUrl(services.keycloak, "http");
    new grafana.oss.SsoSettings(
      `${name}-settings`,
      {
        providerName: "generic_oauth",
        oauth2Settings: {
          enabled: true,
          name: "Keycloak",
          clientId: GRAFANA_CLIENT,
          clientSecret: pulumi.secret(args.clientSecret),
          allowSignUp: true,
          autoLogin: false,
          scopes: "openid profile email",
          usePkce: true,
          useRefreshToken: true,
          // Browsers go to the public address, Grafana itself to the inner one.
          authUrl: endpoint(urls.keycloak, "auth"),
          tokenUrl: endpoint(inside, "token"),
          apiUrl: endpoint(inside, "userinfo"),
          signoutRedirectUrl: `${endpoint(urls.keycloak, "logout")}?post_logout_redirect_uri=${encodeURIComponent(`${urls.grafana}/login`)}`,
          loginAttributePath: "preferred_username",
          nameAttributePath: "name",
          emailAttributePath: "email",
          orgAttributePath: "groups",
          orgMapping: organisationMapping(args),
          // No roleAttributePath: its role would be merged into every organisation.
          roleAttributeStrict: true,
          allowAssignGrafanaAdmin: false,
          skipOrgRoleSync: false,
        },
      },
      { ...args.grafana.options, parent: this },
    );
    this.registerOutputs({});
  }
}

/** `/tenants/mx/admin:2:Editor /tenants/mx/editor:2:Editor ... /operators:3:Admin`, in the order of the tenants. */
function organisationMapping({ operators, organisations }: SingleSignOnArgs): pulumi.Output<string> {
  const entries = organisations.flatMap(({ tenant, id }) =>
    ROLES.map((role) => pulumi.interpolate`${tenantGroup(tenant)}/${role}:${id}:${GRAFANA_ROLES[role]}`),
  );
  return pulumi
    .all([...entries, pulumi.interpolate`${OPERATORS_GROUP}:${operators}:Admin`])
    .apply((lines) => lines.join(" "));
}
