import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import { SECRET_FILES } from "../src/model/secret-files";
import { authority } from "../src/model/topology";
import { duration } from "../src/model/units";
import { KEYCLOAK_DATABASE, type Database } from "./database";
import type { RunningService } from "./host";
import { dataPassword } from "./passwords";
import { sharedSpec, type ServiceArgs } from "./service";

/** Keycloak's administrator, by whom realms are declared. */
export const ADMINISTRATOR = "admin";

/** Keycloak: who somebody is. Its state is in the database. */
export class Identity extends pulumi.ComponentResource {
  readonly service: RunningService;
  readonly provider: keycloak.Provider;
  readonly administratorPassword: pulumi.Output<string>;

  constructor(
    name: string,
    args: ServiceArgs & { readonly database: Database },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("atalaya:control:Identity", name, { service: "keycloak" }, opts);
    const { database, topology, environment } = args;
    const { ports, directories } = topology.services.keycloak;
    // Written into the database at the first start: protected together with it.
    this.administratorPassword = dataPassword(`${name}-administrator-password`, this);
    const spec = sharedSpec("keycloak", args, {
      image: "keycloak",
      command: [`--config-file=${directories.secrets}/${SECRET_FILES.keycloak.settings}`, "start"],
      environment: settings(args),
      // `start` prepares its program for the settings it finds, beside the program itself.
      writableRoot: true,
      readiness: { kind: "http", port: ports.management, path: "/health/ready", timeout: duration("5m") },
      published: { http: environment.publish.ports.keycloak },
      user: "1000:1000",
      grace: duration("30s"),
    });
    const secretSettings = pulumi.interpolate`db-password=${database.password}
bootstrap-admin-password=${this.administratorPassword}
`;
    const running = args.host.run(
      name,
      { spec, secretFiles: { [SECRET_FILES.keycloak.settings]: secretSettings } },
      { parent: this, dependsOn: [database.service.ready] },
    );
    this.service = { ...running, store: database.service.store };
    this.provider = new keycloak.Provider(
      `${name}-provider`,
      {
        // Literal, so that a preview can configure it before Keycloak runs.
        url: topology.urls.keycloak,
        clientId: "admin-cli",
        username: ADMINISTRATOR,
        password: this.administratorPassword,
        initialLogin: false,
      },
      { parent: this, dependsOn: [this.service.ready] },
    );
    this.registerOutputs({});
  }
}

/** As variables, which anybody who inspects the container may read. Secrets are in the settings file. */
function settings({ topology, environment }: ServiceArgs): Readonly<Record<string, string>> {
  const { bind, ports } = topology.services.keycloak;
  return {
    KC_DB: "postgres",
    KC_DB_URL: `jdbc:postgresql://${authority(topology.services.postgres, "sql")}/${KEYCLOAK_DATABASE}`,
    KC_DB_USERNAME: KEYCLOAK_DATABASE,
    KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR,
    KC_HTTP_ENABLED: "true",
    KC_HTTP_HOST: bind,
    KC_HTTP_PORT: `${ports.http}`,
    KC_HTTP_MANAGEMENT_PORT: `${ports.management}`,
    KC_HEALTH_ENABLED: "true",
    KC_METRICS_ENABLED: "true",
    // `iss` is this, whoever asks; inside the networks Keycloak answers under its inner name as well.
    KC_HOSTNAME: topology.urls.keycloak,
    KC_HOSTNAME_BACKCHANNEL_DYNAMIC: "true",
    ...(environment.trustedProxies > 0 ? { KC_PROXY_HEADERS: "xforwarded" } : {}),
    KC_CACHE: "local",
    KC_LOG_CONSOLE_OUTPUT: "json",
  };
}
