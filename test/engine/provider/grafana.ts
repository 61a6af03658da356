import type * as grafana from "@pulumiverse/grafana";
import { text, type Fields, type Table, type Tables } from "./table";
import type { World } from "./world";

/*
 * ForceNew and Sensitive: grafana/terraform-provider-grafana v4.44, internal/resources/grafana/resource_{organization,data_source,
 * sso_settings}.go and oss_org_id.go, which pulumi-grafana 2.40.0 bridges; it names everything with a name itself (SetAutonaming).
 */

const unreachable = (_: Fields, world: World): string | undefined =>
  world.runs("grafana") ? undefined : "dial tcp: connection refused (Grafana)";

const organization: Table<grafana.oss.OrganizationArgs> = {
  required: {},
  replacedBy: [],
  deletedFirst: "name",
  id: (_, world) => String(world.nextNumber()),
  unique: ({ name }) => text(name),
  refuses: unreachable,
  computed: { orgId: (_, id) => Number(id) },
};

const dataSource: Table<grafana.oss.DataSourceArgs> = {
  required: { type: true },
  replacedBy: ["orgId", "uid"],
  deletedFirst: "name",
  sensitive: ["httpHeaders", "secureJsonDataEncoded"],
  id: ({ orgId, uid }) => `${text(orgId)}:${text(uid)}`,
  unique: ({ orgId, uid }) => `${text(orgId)}:${text(uid)}`,
  refuses: (inputs, world) => {
    const exists = world.of(ORGANIZATION).some(({ id }) => id === inputs["orgId"]);
    return (
      unreachable(inputs, world) ?? (exists ? undefined : `there is no organisation ${text(inputs["orgId"])}`)
    );
  },
};

const ssoSettings: Table<grafana.oss.SsoSettingsArgs> = {
  required: { providerName: true },
  replacedBy: [],
  sensitive: ["oauth2Settings.clientSecret"],
  id: ({ providerName }) => text(providerName),
  adopts: true,
  refuses: unreachable,
};

const ORGANIZATION = "grafana:oss/organization:Organization";

export const grafanaTables: Tables = {
  [ORGANIZATION]: organization,
  "grafana:oss/dataSource:DataSource": dataSource,
  "grafana:oss/ssoSettings:SsoSettings": ssoSettings,
};
