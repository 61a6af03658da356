import type { Recording, ResourceRecord } from "../../src/model/recording";
import { edit, editDocument, editFile, replace, without, type Editable } from "./environment";

/** One deliberate break of the real environment, and what the one rule that must claim it says. */
export interface Mutation {
  readonly what: string;
  readonly apply: (recording: Recording) => Recording;
  readonly messages: readonly string[];
}

interface Headers {
  [name: string]: string;
}
interface Block {
  [name: string]: unknown;
}

const BOOTSTRAP = "/etc/atalaya/envoy/bootstrap.yaml";
const BINDINGS = "/var/lib/atalaya/envoy/live/bindings.yaml";
const OWN = "Organisation$";
const OPERATORS = "OperatorsView$";

const set =
  (values: object) =>
  ({ inputs }: Editable): void => {
    Object.assign(inputs, values);
  };
const port = (internal: number, ip?: string) => ({
  internal,
  external: internal,
  protocol: "tcp",
  ...(ip !== undefined && { ip }),
});

/** A filter of every listener's connection manager, by its name, in Envoy's bootstrap. */
const filters = (name: string, change: (config: Block) => void) =>
  editDocument(BOOTSTRAP, (document) => {
    for (const filter of managers(document).flatMap(({ http_filters }) => http_filters))
      if (filter.name === name) change(filter.typed_config);
  });

interface Manager extends Block {
  http_filters: { name: string; typed_config: Block }[];
  route_config: { virtual_hosts: { routes: Route[] }[] };
}
interface Route extends Block {
  name: string;
  route?: Block;
  typed_per_filter_config?: Block;
}
interface Bootstrap {
  admin: Block;
  static_resources: {
    listeners: { name: string; filter_chains: { filters: { typed_config: Manager }[] }[] }[];
  };
}

const managers = (document: Bootstrap, listener?: string): Manager[] =>
  document.static_resources.listeners
    .filter(({ name }) => listener === undefined || name === listener)
    .flatMap(({ filter_chains }) =>
      filter_chains.flatMap((chain) => chain.filters.map((one) => one.typed_config)),
    );

const route = (listener: string, name: string, change: (route: Route) => void) =>
  editDocument(BOOTSTRAP, (document) => {
    const routes = managers(document, listener).flatMap((manager) =>
      manager.route_config.virtual_hosts.flatMap((host) => host.routes),
    );
    const found = routes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no route ${name}`);
    change(found);
  });

const EXT_AUTHZ = "envoy.filters.http.ext_authz";
const JWT = "envoy.filters.http.jwt_authn";
const EACH = ["otlpGrpc", "otlpHttp", "query"] as const;
const eachListener = (problem: string): readonly string[] =>
  EACH.map((name) => `Listener ${name}: ${problem}.`);

const resource = (
  type: string,
  name: string,
  inputs: object,
  dependsOn: readonly string[] = [],
): ResourceRecord => ({
  urn: `urn:pulumi:dev::atalaya::${type}::${name}`,
  type,
  name,
  custom: true,
  inputs: inputs as ResourceRecord["inputs"],
  secrets: [],
  protect: false,
  dependsOn,
});

/** At least one for each rule. */
export const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  "admin-is-unreachable": [
    {
      what: "the admin interface listens on an address",
      apply: editDocument(BOOTSTRAP, (document: Bootstrap) => {
        document.admin["address"] = { socket_address: { address: "0.0.0.0", port_value: 9901 } };
      }),
      messages: ['Envoy\'s admin interface listens on {"address":"0.0.0.0","port_value":9901}.'],
    },
  ],
  "backends-keep-tenants-apart": [
    {
      what: "Mimir takes every request for one tenant's",
      apply: editFile(
        "/etc/atalaya/mimir/mimir.yaml",
        replace("multitenancy_enabled: true", "multitenancy_enabled: false"),
      ),
      messages: ["mimir: multitenancy_enabled is false in /etc/atalaya/mimir/mimir.yaml."],
    },
    {
      what: "Tempo's default comes back",
      apply: editFile(
        "/etc/atalaya/tempo/tempo.yaml",
        replace(/\n +multi_tenant_queries_enabled: false/, ""),
      ),
      messages: [
        'tempo: query_frontend.multi_tenant_queries_enabled is "unset" in /etc/atalaya/tempo/tempo.yaml.',
      ],
    },
    {
      what: "a flag outranks Loki's file",
      apply: edit("Container loki-container", ({ inputs }) => {
        inputs["command"] = [...(inputs["command"] as string[]), "-auth.enabled=false"];
      }),
      messages: ["loki: the command line sets -auth.enabled=false, which outranks the checked file."],
    },
  ],
  "clients-carry-one-tenant": [
    {
      what: "an agent's claim is another tenant's",
      apply: edit("HardcodedClaimProtocolMapper agent-mx-tenant", set({ claimValue: "tenant-pe" })),
      messages: ["Client agent-mx-client of tenant mx has 1 tenant_id claims: tenant-pe."],
    },
    {
      what: "an agent's token carries everything",
      apply: edit("Client agent-pe-client", ({ inputs }) => {
        delete inputs["fullScopeAllowed"];
      }),
      messages: ['Client agent-pe-client has fullScopeAllowed "unset, which means true".'],
    },
    {
      what: "the realm's browsers write the claim",
      apply: edit("GroupMembershipProtocolMapper realm-grafana-groups", set({ claimName: "tenant_id" })),
      messages: [
        "realm-grafana-groups writes the claim tenant_id, which decides whose data a token reaches.",
      ],
    },
  ],
  "collectors-lose-nothing": [
    {
      what: "the shared collector forgets the tenant",
      apply: editFile(
        "/etc/atalaya/alloy-gateway/config.alloy",
        replace(/include_metadata( +)= true/, "include_metadata$1= false"),
      ),
      messages: [
        'alloy-gateway: otelcol.receiver.otlp "edge" drops the tenant of grpc requests (include_metadata is not true).',
      ],
    },
    {
      what: "an agent gives up",
      apply: editFile(
        "/etc/atalaya/agent-co/config.alloy",
        replace('max_elapsed_time = "0s"', 'max_elapsed_time = "5m"'),
      ),
      messages: ['agent-co: otelcol.exporter.otlphttp "traces" gives up (max_elapsed_time is not "0s").'],
    },
  ],
  "containers-are-confined": [
    {
      what: "an agent sees the Docker socket",
      apply: edit("Container agent-mx-container", ({ inputs }) => {
        const socket = { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" };
        inputs["volumes"] = [...(inputs["volumes"] as object[]), socket];
      }),
      messages: ["agent-mx-container mounts /var/run/docker.sock at /var/run/docker.sock."],
    },
    {
      what: "a tenant's agent joins another's network",
      apply: edit("Container agent-pe-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [
          ...(inputs["networksAdvanced"] as object[]),
          { name: "atalaya-dev-agent-mx.network" },
        ];
      }),
      messages: [
        "agent-pe-container is on the network atalaya-dev-agent-mx.network, which belongs to tenant mx.",
      ],
    },
    {
      what: "Mimir is privileged",
      apply: edit("Container mimir-container", set({ privileged: true })),
      messages: ["mimir-container is privileged."],
    },
  ],
  "credentials-stay-at-the-edge": [
    {
      what: "API keys go on to the backends",
      apply: filters("atalaya.forget-credentials", (config) => {
        const mutations = config["mutations"] as { request_mutations: { remove: string }[] };
        mutations.request_mutations = mutations.request_mutations.filter(
          ({ remove }) => remove !== "x-service-token",
        );
      }),
      // A message for each route: only the first is compared.
      messages: ["Listener otlpGrpc: route otlp-grpc-logs sends x-service-token on to collectorGrpc."],
    },
  ],
  "data-is-protected": [
    {
      what: "Loki's volume can be deleted",
      apply: edit("Volume loki-data", (volume) => {
        volume.protect = false;
      }),
      messages: ["The volume loki-data holds data of loki and is not protected."],
    },
    {
      what: "the database's password can be deleted",
      apply: edit("RandomPassword postgres-password", (password) => {
        password.protect = false;
      }),
      messages: ["postgres-password opens data of postgres and is not protected."],
    },
    {
      what: "an active tenant can be removed",
      apply: edit("RandomUuid co-anchor", (anchor) => {
        anchor.protect = false;
      }),
      messages: ["Tenant co is active and its anchor is not protected."],
    },
  ],
  "every-route-has-a-verifier": [
    {
      what: "a route switches off both",
      apply: route("otlpHttp", "tenant-api", ({ typed_per_filter_config }) => {
        Object.assign(typed_per_filter_config ?? {}, { [EXT_AUTHZ]: { disabled: true } });
      }),
      messages: ["Listener otlpHttp: route tenant-api has no verifier."],
    },
    {
      what: "the catch-all leads somewhere",
      apply: route("query", "route-unknown", (unknown) => {
        delete unknown["direct_response"];
        unknown.route = { cluster: "mimir" };
      }),
      messages: [
        "Listener query: route route-unknown does not demand that exactly one tenant was decided.",
        "Listener query: route route-unknown has no verifier.",
        "Listener query: route route-unknown is not in the route table.",
      ],
    },
    {
      what: "a route leads to another backend",
      apply: route("query", "mimir-query", ({ route: action }) => {
        Object.assign(action ?? {}, { cluster: "loki" });
      }),
      messages: ["Listener query: route mimir-query leads to loki:3100 instead of mimir:9009."],
    },
  ],
  "every-tenant-has-limits": [
    {
      what: "Tempo does not know a tenant",
      apply: editDocument(
        "/var/lib/atalaya/tempo/live/overrides.yaml",
        ({ overrides }: { overrides: Block }) => {
          delete overrides["tenant-pe"];
        },
      ),
      messages: ["tempo has no limits for tenant-pe."],
    },
    {
      what: "a tenant has no limit of its own for one thing",
      apply: editDocument(
        "/var/lib/atalaya/mimir/live/overrides.yaml",
        ({ overrides }: { overrides: Record<string, Block> }) => {
          delete overrides["tenant-mx"]?.["ingestion_rate"];
        },
      ),
      messages: ["mimir leaves ingestion_rate of tenant-mx unset."],
    },
  ],
  "ext-authz-fails-closed": [
    {
      what: "an unreachable auth service lets everybody in",
      apply: filters(EXT_AUTHZ, (config) => {
        config["failure_mode_allow"] = true;
      }),
      messages: eachListener(`${EXT_AUTHZ} has failure_mode_allow true`),
    },
    {
      what: "the same in protobuf's other spelling",
      apply: filters(EXT_AUTHZ, (config) => {
        delete config["failure_mode_allow"];
        config["failureModeAllow"] = true;
      }),
      messages: eachListener(`${EXT_AUTHZ} has failure_mode_allow true`),
    },
  ],
  "images-are-pinned": [
    {
      what: "an image floats",
      apply: edit("RemoteImage docker-mimir-3.2.1", set({ name: "docker.io/grafana/mimir:latest" })),
      messages: [
        'docker-mimir-3.2.1 takes the image "docker.io/grafana/mimir:latest", which is not one exact version.',
      ],
    },
  ],
  "inner-zones-publish-nothing": [
    {
      what: "the data network leads out",
      apply: edit("Network docker-data", set({ internal: false })),
      messages: ["Network atalaya-dev-data is not internal."],
    },
    {
      what: "Mimir is on the edge's network",
      apply: edit("Container mimir-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [
          ...(inputs["networksAdvanced"] as object[]),
          { name: "atalaya-dev-edge" },
        ];
      }),
      messages: ["mimir-container joins the network atalaya-dev-edge, which is not one of its zones (data)."],
    },
    {
      what: "Grafana's listener at the edge is published where the environment is",
      apply: (recording) =>
        edit("Container envoy-container", ({ inputs }) => {
          inputs["ports"] = [...(inputs["ports"] as object[]), port(4320, "192.0.2.1")];
        })(edit("CertRequest envoy-tls-server-request", set({ ipAddresses: ["192.0.2.1"] }))(recording)),
      messages: ["envoy-container publishes its inner port 4320 on 192.0.2.1."],
    },
  ],
  "isolation-before-credentials": [
    {
      what: "an agent's client does not wait for the edge's list",
      apply: edit("Client agent-mx-client", (client) => {
        client.dependsOn = client.dependsOn.filter((urn) => !urn.endsWith("::envoy-files"));
      }),
      messages: ["agent-mx-client of tenant mx can exist before envoy has its list of tenants."],
    },
    {
      what: "an agent's client does not wait for its organisation",
      apply: edit("Client agent-mx-client", (client) => {
        client.dependsOn = client.dependsOn.filter((urn) => !urn.endsWith("::mx-organisation"));
      }),
      messages: ["agent-mx-client of tenant mx can exist before its organisation."],
    },
  ],
  "names-are-unique": [
    {
      what: "another process answers to Mimir's name",
      apply: edit("Container tempo-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [{ name: "atalaya-dev-data", aliases: ["tempo", "mimir"] }];
      }),
      messages: [
        'tempo-container and mimir-container both claim the name "mimir" on the network atalaya-dev-data.',
      ],
    },
  ],
  "no-shared-credential": [
    {
      what: "two tenants' data sources have one key",
      apply: edit(
        "DataSource mx-logs",
        ({ inputs }) => {
          const headers = inputs["httpHeaders"] as Headers;
          headers["Authorization"] = "Bearer atl_pe_preview:secret:random-password:pe-key-own:result";
        },
        OWN,
      ),
      // Its sources for metrics and traces, and its key, are the same as before: the other tenant's is shared now.
      messages: [
        "pe-logs (httpHeaders.Authorization) of tenant pe uses the same credential as mx-logs (httpHeaders.Authorization) of tenant mx.",
      ],
    },
    {
      what: "an agent is given another tenant's client secret",
      apply: edit("Container agent-pe-secrets", (writer, { resources }) => {
        const client = resources.find(({ name }) => name === "agent-mx-client")?.urn ?? "";
        writer.dependsOn = [...writer.dependsOn, client];
      }),
      messages: ["agent-pe-secrets of tenant pe takes agent-mx-client, which was generated for tenant mx."],
    },
  ],
  "no-shared-data-source": [
    {
      what: "a data source names two tenants",
      apply: edit(
        "DataSource mx-metrics",
        ({ inputs }) => {
          (inputs["httpHeaders"] as Headers)["x-scope-orgid"] = "tenant-mx|tenant-pe";
        },
        OWN,
      ),
      messages: ['Data source mx-metrics names "tenant-mx|tenant-pe" in its X-Scope-OrgID header.'],
    },
    {
      what: "the operators' source of a tenant is in another tenant's organisation",
      apply: edit(
        "DataSource mx-logs",
        (source, { resources }) => {
          const organisation = resources.find(({ name }) => name === "pe-organisation")?.urn ?? "";
          source.dependsOn = source.dependsOn.map((urn) =>
            urn.endsWith("::operators-organisation") ? organisation : urn,
          );
        },
        OPERATORS,
      ),
      messages: ["Data source mx-logs of tenant mx is in the organisation of tenant pe."],
    },
    {
      what: "a data source goes past the edge",
      apply: edit("DataSource co-traces", set({ url: "http://tempo:3200" }), OWN),
      messages: [
        'Data source co-traces reads from "http://tempo:3200", which is not the edge\'s query listener.',
      ],
    },
  ],
  "one-list-of-tenants": [
    {
      what: "a client may write for another tenant",
      apply: editFile(BINDINGS, replace("agent-pe|tenant-pe", "agent-pe|tenant-mx")),
      messages: [
        'The edge does not know "agent-pe|tenant-pe": this agent\'s telemetry would be refused for good.',
        'The edge lets "agent-pe|tenant-mx" in, which is no active agent and its own tenant.',
      ],
    },
    {
      what: "the directory gives a tenant another's organisation",
      apply: editDocument(
        "/var/lib/atalaya/auth/live/tenants.json",
        ({ tenants }: { tenants: { id: string; services: { clientId: string }[] }[] }) => {
          for (const tenant of tenants)
            if (tenant.id === "pe") tenant.services = [{ clientId: "service-pe-ghost" }];
        },
      ),
      messages: ["Client service-pe-ghost of tenant pe is listed, but not declared."],
    },
    {
      what: "one key is declared for two tenants",
      apply: editDocument(
        "/var/lib/atalaya/auth/secrets/keys.json",
        ({ keys }: { keys: { hash: string }[] }) => {
          const [first, second] = keys;
          if (first !== undefined && second !== undefined) second.hash = first.hash;
        },
      ),
      messages: ["The declared key grafana-mx is the same key as grafana-co."],
    },
  ],
  "people-enter-their-own-organisation": [
    {
      what: "a tenant's people enter another's organisation",
      apply: edit("SsoSettings single-sign-on-settings", ({ inputs }) => {
        const oauth = inputs["oauth2Settings"] as { orgMapping: string };
        const [, own = ""] = /\/tenants\/mx\/viewer:(\d+)/.exec(oauth.orgMapping) ?? [];
        oauth.orgMapping = oauth.orgMapping.replace(/(\/tenants\/pe\/viewer):\d+/, `$1:${own}`);
      }),
      messages: [
        "Grafana's login: /tenants/pe/viewer:888339793148:Viewer leads into the organisation of tenant mx.",
      ],
    },
    {
      what: "strangers are let in",
      apply: editFile(
        "/etc/atalaya/grafana/grafana.ini",
        replace(/(\[auth\.anonymous\]\n)enabled = false/, "$1enabled = true"),
      ),
      messages: ["Grafana's [auth.anonymous] enabled is true."],
    },
    {
      what: "a user is in another tenant's group",
      apply: edit("UserGroups pe-viewer-groups", (groups, { resources }) => {
        const group = resources.find(({ name }) => name === "mx-group-viewer")?.urn ?? "";
        groups.dependsOn = [...groups.dependsOn, group];
      }),
      messages: ["pe-viewer-groups of tenant pe puts people into mx-group-viewer of tenant mx."],
    },
  ],
  "published-ports-name-an-address": [
    {
      what: "a port is published without an address",
      apply: edit("Container envoy-container", set({ ports: [port(4317), port(4318, "127.0.0.1")] })),
      messages: [
        "envoy-container publishes its port 4317 as 4317 without an address, which means on all of them.",
      ],
    },
    {
      what: "Grafana is published on every address",
      apply: edit("Container grafana-container", set({ ports: [port(3000, "0.0.0.0")] })),
      messages: ["grafana-container publishes its port 3000 as 3000 on 0.0.0.0."],
    },
  ],
  "secrets-stay-secret": [
    {
      what: "a password is an ordinary variable",
      apply: edit("Container grafana-container", ({ inputs }) => {
        inputs["envs"] = [
          "GF_SECURITY_ADMIN_PASSWORD=preview:secret:random-password:grafana-secret-key:result",
        ];
      }),
      messages: [
        "grafana-container: envs[0] holds the secret preview:secret:random-password:grafana-secret-key:result in plain.",
      ],
    },
    {
      what: "a stack output shows a password",
      apply: (recording) => ({
        ...recording,
        secretOutputs: recording.secretOutputs.filter((path) => !path.includes("operator")),
      }),
      messages: [
        "The stack output operators.operator.password holds the secret preview:secret:random-password:operator-password:result in plain.",
      ],
    },
    {
      what: "a user's password is written down",
      apply: edit("User mx-viewer-user", (user) => {
        user.inputs["initialPassword"] = { value: "correct horse battery", temporary: false };
        user.secrets = [];
      }),
      messages: ["mx-viewer-user: initialPassword.value is a credential, but not a secret."],
    },
  ],
  "static-files-name-no-tenant": [
    {
      what: "Mimir's own file names a tenant",
      apply: editDocument("/etc/atalaya/mimir/mimir.yaml", (document: Block) => {
        document["limits"] = { ...(document["limits"] as object), note: "tenant-mx" };
      }),
      messages: ['mimir-files: /etc/atalaya/mimir/mimir.yaml names "tenant-mx" of tenant mx.'],
    },
    {
      what: "a variable lists the tenants",
      apply: edit("Container auth-container", ({ inputs }) => {
        inputs["envs"] = [...(inputs["envs"] as string[]), "ATALAYA_FIRST=agent-mx-plant"];
      }),
      messages: ['auth-container: the variable ATALAYA_FIRST names "agent-mx-plant" of tenant mx.'],
    },
  ],
  "tokens-are-checked-strictly": [
    {
      what: "tokens are taken from the query",
      apply: filters(JWT, (config) => {
        const { keycloak } = config["providers"] as { keycloak: Block };
        delete keycloak["from_headers"];
      }),
      messages: eachListener(
        `${JWT} (provider keycloak) takes tokens from [] instead of the Authorization header (unset would mean ?access_token= too)`,
      ),
    },
    {
      what: "a missing token is fine",
      apply: filters(JWT, (config) => {
        config["rules"] = [
          {
            match: { prefix: "/" },
            requires: {
              requires_any: { requirements: [{ provider_name: "keycloak" }, { allow_missing: {} }] },
            },
          },
        ];
      }),
      messages: eachListener(
        `${JWT} lets requests pass without a token: {"requires_any":{"requirements":[{"provider_name":"keycloak"},{"allow_missing":{}}]}}`,
      ),
    },
  ],
  "trusted-headers-are-stripped": [
    {
      what: "a client's tenant header survives on one listener",
      apply: editDocument(BOOTSTRAP, (document: Bootstrap) => {
        for (const manager of managers(document, "query")) {
          const [extension] = manager["early_header_mutation_extensions"] as {
            typed_config: { mutations: { remove?: string }[] };
          }[];
          if (extension === undefined) throw new Error("nothing is stripped");
          extension.typed_config.mutations = extension.typed_config.mutations.filter(
            ({ remove }) => remove !== "x-scope-orgid",
          );
        }
      }),
      messages: ["Listener query: does not remove x-scope-orgid from requests."],
    },
    {
      what: "the client's wish is believed",
      apply: filters("atalaya.tenant-of-token", (config) => {
        const { request_mutations: mutations } = config["mutations"] as {
          request_mutations: { append?: { header: { value: string } } }[];
        };
        for (const { append } of mutations)
          if (append !== undefined) append.header.value = "%REQ(x-atalaya-requested-tenant)%";
      }),
      messages: eachListener(
        'sets x-scope-orgid from "%REQ(x-atalaya-requested-tenant)%", which no token was verified for (atalaya.tenant-of-token)',
      ),
    },
  ],
};

/** Takes away what rules read, so that there is nothing left to find wrong; `passed` are the rules that need nothing of it. */
export const EMPTIED: readonly (Pick<Mutation, "what" | "apply"> & { readonly passed: readonly string[] })[] =
  [
    {
      what: "no container",
      apply: without(({ type }) => type.endsWith(":Container")),
      passed: [
        "clients-carry-one-tenant",
        "images-are-pinned",
        "names-are-unique",
        "no-shared-credential",
        "no-shared-data-source",
        "people-enter-their-own-organisation",
        "secrets-stay-secret",
      ],
    },
    {
      what: "nothing but a resource that nobody knows",
      apply: (recording) => ({
        ...recording,
        outputs: {},
        resources: [resource("aws:s3/bucket:Bucket", "data", {})],
      }),
      passed: [],
    },
  ];
