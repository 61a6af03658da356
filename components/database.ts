import * as pulumi from "@pulumi/pulumi";
import { KEYCLOAK_DATABASE } from "../src/model/keycloak";
import { SECRET_FILES } from "../src/model/secret-files";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataPassword } from "./passwords";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

/** PostgreSQL, for Keycloak. */
export class Database extends pulumi.ComponentResource {
  readonly service: RunningService;
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:control:Database", name, { service: "postgres" }, opts);
    const place = args.topology.services.postgres;
    const { data, secrets } = place.directories;
    this.password = dataPassword(`${name}-password`, this);
    const spec = sharedSpec("postgres", args, {
      image: "postgres",
      command: ["postgres", "-c", `config_file=${targetOf(args, "postgres", "postgresql.conf")}`],
      environment: {
        POSTGRES_DB: KEYCLOAK_DATABASE,
        POSTGRES_USER: KEYCLOAK_DATABASE,
        POSTGRES_PASSWORD_FILE: `${secrets}/${SECRET_FILES.postgres.password}`,
        POSTGRES_INITDB_ARGS: "--data-checksums --auth=scram-sha-256",
        // Said because the image's own place moved with version 18.
        PGDATA: `${data}/pgdata`,
      },
      volumes: [dataVolume(place)],
      scratch: ["/tmp", "/var/run/postgresql"],
      readiness: {
        kind: "command",
        // Over TCP: while it sets up a new database it listens on its socket only.
        command: ["pg_isready", "-h", "127.0.0.1", "-p", `${place.ports.sql}`, "-U", KEYCLOAK_DATABASE],
        timeout: duration("2m"),
      },
      user: "999:999",
      grace: duration("1m"),
    });
    this.service = args.host.run(
      name,
      { spec, secretFiles: { [SECRET_FILES.postgres.password]: this.password } },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
