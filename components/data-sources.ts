import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { TENANT_HEADER } from "../src/model/headers";
import { dataSourceUid, type Signal } from "../src/model/names";
import type { Tenant } from "../src/model/tenant";
import { dataSourceSettings } from "./data-source-settings";
import type { GrafanaContext } from "./dashboards";
import type { ReadKey } from "./read-key";

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];

export interface DataSourcesArgs {
  readonly grafana: GrafanaContext;
  readonly tenant: Tenant;
  /** The organisation they are in, by its number. */
  readonly organisation: pulumi.Input<string>;
  /** `https://envoy:4320`: the edge's listener for Grafana. */
  readonly edge: string;
  /** What Grafana trusts the edge by, PEM. */
  readonly authority: pulumi.Input<string>;
  readonly key: ReadKey;
  readonly defaultSignal?: Signal;
}

/** A tenant's metrics, logs and traces in one organisation. They are named `${name}-metrics`, `-logs` and `-traces`. */
export function dataSources(
  name: string,
  { grafana: { options }, tenant, organisation, edge, authority, key, defaultSignal }: DataSourcesArgs,
  { parent, dependsOn }: { readonly parent: pulumi.Resource; readonly dependsOn: readonly pulumi.Resource[] },
): readonly grafana.oss.DataSource[] {
  return SIGNALS.map((signal) => {
    const { type, path, jsonData } = dataSourceSettings(signal, tenant.id);
    const uid = dataSourceUid(signal, tenant.id);
    return new grafana.oss.DataSource(
      `${name}-${signal}`,
      {
        orgId: organisation,
        uid,
        name: uid,
        type,
        url: `${edge}${path}`,
        accessMode: "proxy",
        isDefault: signal === defaultSignal,
        jsonDataEncoded: JSON.stringify({ ...jsonData, tlsAuthWithCACert: true }),
        secureJsonDataEncoded: pulumi.secret(pulumi.jsonStringify({ tlsCACert: authority })),
        // Grafana keeps their values encrypted; the provider refuses them in the JSON.
        httpHeaders: pulumi.secret({
          Authorization: pulumi.interpolate`Bearer ${key.key}`,
          // Asked for, never believed: the auth service holds it against the key.
          [TENANT_HEADER]: tenant.orgId,
        }),
      },
      { ...options, parent, dependsOn: [...dependsOn] },
    );
  });
}
