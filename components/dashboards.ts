import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { SECRET_FILES } from "../src/model/secret-files";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataPassword, password } from "./passwords";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

export interface DashboardsArgs extends ServiceArgs {
  readonly oauthClientSecret: pulumi.Input<string>;
}

/** For every resource in Grafana: it goes when Grafana's database goes. */
export interface GrafanaContext {
  readonly options: { readonly provider: grafana.Provider; readonly deletedWith: pulumi.Resource };
}

/** Grafana's own administrator, by whom organisations are declared: service accounts may not. */
export const ADMINISTRATOR = "admin";

/** Grafana: what people look at. */
export class Dashboards extends pulumi.ComponentResource {
  readonly service: RunningService;
  readonly context: GrafanaContext;
  readonly administratorPassword: pulumi.Output<string>;

  constructor(name: string, args: DashboardsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:view:Dashboards", name, { service: "grafana" }, opts);
    const place = args.topology.services.grafana;
    const files = SECRET_FILES.grafana;
    this.administratorPassword = dataPassword(`${name}-administrator-password`, this);
    // Data sources' keys are encrypted by it in the database.
    const secretKey = dataPassword(`${name}-secret-key`, this);
    const spec = sharedSpec("grafana", args, {
      image: "grafana",
      command: [],
      environment: {
        GF_PATHS_CONFIG: targetOf(args, "grafana", "grafana.ini"),
        GF_PATHS_DATA: place.directories.data,
        GF_PATHS_LOGS: `${place.directories.data}/log`,
        GF_PATHS_PLUGINS: `${place.directories.data}/plugins`,
        GF_PATHS_PROVISIONING: `${place.directories.config}/provisioning`,
      },
      volumes: [dataVolume(place)],
      scratch: ["/tmp"],
      readiness: { kind: "http", port: place.ports.http, path: "/api/health", timeout: duration("3m") },
      published: { http: args.environment.publish.ports.grafana },
      user: "472:472",
      grace: duration("30s"),
    });
    this.service = args.host.run(
      name,
      {
        spec,
        secretFiles: {
          [files.adminPassword]: this.administratorPassword,
          [files.oauthClientSecret]: args.oauthClientSecret,
          [files.secretKey]: secretKey,
        },
      },
      { parent: this },
    );
    const provider = new grafana.Provider(
      `${name}-provider`,
      {
        // Literal, so that a preview can configure it before Grafana runs.
        url: args.topology.urls.grafana,
        auth: pulumi.interpolate`${ADMINISTRATOR}:${this.administratorPassword}`,
      },
      { parent: this, dependsOn: [this.service.ready] },
    );
    this.context = { options: { provider, deletedWith: this.service.store } };
    this.registerOutputs({});
  }
}

/** Grafana's secret at Keycloak. Made before both of them, because both have to know it. */
export const grafanaClientSecret = (name: string): pulumi.Output<string> => password(name, {});
