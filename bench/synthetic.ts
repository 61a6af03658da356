import * as docker from "@pulumi/docker";
import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as grafana from "@pulumiverse/grafana";
import { inBatches } from "../components/batches";

/** A tenant as the real program declares one, in kind and number: 16 resources. */
class Tenant extends pulumi.ComponentResource {
  constructor(id: string, shared: Shared, opts: pulumi.ComponentResourceOptions) {
    super("bench:index:Tenant", id, {}, opts);
    const parent = { parent: this };
    const { realm } = shared;
    const password = new random.RandomPassword(`${id}-secret`, { length: 40 }, { ...parent, protect: true });
    const client = new keycloak.openid.Client(
      `${id}-client`,
      {
        realmId: realm.id,
        clientId: `agent-${id}`,
        accessType: "CONFIDENTIAL",
        serviceAccountsEnabled: true,
        clientSecret: password.result,
        accessTokenLifespan: "300",
      },
      parent,
    );
    for (const claim of ["tenant_id", "plan"]) {
      new keycloak.openid.HardcodedClaimProtocolMapper(
        `${id}-${claim}`,
        { realmId: realm.id, clientId: client.id, claimName: claim, claimValue: `tenant-${id}` },
        parent,
      );
    }
    new keycloak.openid.AudienceProtocolMapper(
      `${id}-audience`,
      { realmId: realm.id, clientId: client.id, includedCustomAudience: "edge" },
      parent,
    );
    new keycloak.Group(`${id}-group`, { realmId: realm.id, name: id }, parent);
    const organization = new grafana.oss.Organization(`${id}-organization`, { name: `Tenant ${id}` }, parent);
    const readKey = new random.RandomPassword(`${id}-read-key`, { length: 40 }, parent);
    for (const backend of ["mimir", "loki", "tempo"]) {
      new grafana.oss.DataSource(
        `${id}-${backend}`,
        {
          uid: `${backend}-${id}`,
          name: backend,
          type: backend,
          url: `http://edge:8080/${backend}`,
          orgId: organization.orgId.apply(String),
          secureJsonDataEncoded: pulumi.jsonStringify({ httpHeaderValue1: readKey.result }),
          jsonDataEncoded: JSON.stringify({ httpHeaderName1: "X-API-Key", httpMethod: "POST" }),
        },
        parent,
      );
    }
    new grafana.oss.Folder(
      `${id}-folder`,
      { title: "Overview", uid: `overview-${id}`, orgId: organization.orgId.apply(String) },
      parent,
    );
    const volume = new docker.Volume(`${id}-wal`, { name: `wal-${id}` }, parent);
    new docker.Volume(`${id}-config`, { name: `config-${id}` }, parent);
    const agent = new docker.Container(
      `${id}-agent`,
      {
        name: `agent-${id}`,
        image: shared.image.repoDigest,
        envs: [`TENANT=${id}`, "GOMEMLIMIT=100MiB"],
        networksAdvanced: [{ name: shared.network.name, aliases: [`agent-${id}`] }],
        volumes: [{ volumeName: volume.name, containerPath: "/var/lib/alloy" }],
        uploads: [
          { file: "/etc/alloy/config.alloy", content: `// ${id}\n`.repeat(200) },
          { file: "/run/secrets/client", content: client.clientSecret },
        ],
        ports: [{ internal: 4318, external: 24318, ip: "127.0.0.1" }],
        healthcheck: { tests: ["CMD", "true"], interval: "10s" },
        restart: "unless-stopped",
      },
      { ...parent, dependsOn: [client], deletedWith: volume },
    );
    this.registerOutputs({ agent: agent.name });
  }
}

interface Shared {
  readonly realm: keycloak.Realm;
  readonly network: docker.Network;
  readonly image: docker.RemoteImage;
}

/** A program with so many tenants, registered so many at a time. */
export async function synthetic(tenants: number, batch: number): Promise<Record<string, unknown>> {
  const host = new docker.Provider("docker", { host: "unix:///var/run/docker.sock" });
  const identity = new keycloak.Provider("keycloak", {
    url: "http://127.0.0.1:8090",
    clientId: "admin-cli",
    initialLogin: false,
  });
  const view = new grafana.Provider("grafana", { url: "http://127.0.0.1:3000", auth: "admin:admin" });
  const providers = [host, identity, view];
  const shared: Shared = {
    realm: new keycloak.Realm("realm", { realm: "observability" }, { provider: identity }),
    network: new docker.Network("data", { name: "data", internal: true }, { provider: host }),
    image: new docker.RemoteImage("alloy", { name: "grafana/alloy:v1.10@sha256:abc" }, { provider: host }),
  };
  const ids = Array.from({ length: tenants }, (_, index) => `t${String(index).padStart(4, "0")}`);
  await inBatches(ids, batch, (id) => new Tenant(id, shared, { providers }));
  return { realm: shared.realm.realm };
}
