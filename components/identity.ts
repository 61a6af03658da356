import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import {
  KEYCLOAK_ADMINISTRATOR,
  KEYCLOAK_DATABASE,
  KEYCLOAK_READY,
  keycloakCommand,
  keycloakSecretSettings,
  keycloakSettings,
} from "../src/model/keycloak";
import { SECRET_FILES } from "../src/model/secret-files";
import { authority } from "../src/model/topology";
import { duration } from "../src/model/units";
import type { Database } from "./database";
import type { RunningService } from "./host";
import { dataPassword } from "./passwords";
import { sharedSpec, type ServiceArgs } from "./service";

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
      command: keycloakCommand(`${directories.secrets}/${SECRET_FILES.keycloak.settings}`),
      environment: settings(args),
      // `start` prepares its program for the settings it finds, beside the program itself.
      writableRoot: true,
      readiness: { kind: "http", port: ports.management, path: KEYCLOAK_READY, timeout: duration("5m") },
      published: { http: environment.publish.ports.keycloak },
      user: "1000:1000",
      grace: duration("30s"),
    });
    const secretSettings = pulumi
      .all([database.password, this.administratorPassword])
      .apply((passwords) => keycloakSecretSettings(...passwords));
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
        username: KEYCLOAK_ADMINISTRATOR,
        password: this.administratorPassword,
        initialLogin: false,
      },
      { parent: this, dependsOn: [this.service.ready] },
    );
    this.registerOutputs({});
  }
}

function settings({ topology, environment }: ServiceArgs): Readonly<Record<string, string>> {
  const { bind, ports } = topology.services.keycloak;
  return keycloakSettings({
    bind,
    ports,
    url: topology.urls.keycloak,
    database: {
      authority: authority(topology.services.postgres, "sql"),
      name: KEYCLOAK_DATABASE,
      user: KEYCLOAK_DATABASE,
    },
    trustedProxies: environment.trustedProxies,
  });
}
