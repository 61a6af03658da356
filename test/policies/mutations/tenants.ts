import { edit, editDocument, editFile, replace } from "../environment";
import { set, type Mutations } from "./mutation";

interface Headers {
  [name: string]: string;
}

const BINDINGS = "/var/lib/atalaya/envoy/live/bindings.yaml";
/** Where data sources of the same name are. */
const OWN = "Organisation$";
const OPERATORS = "OperatorsView$";

export const TENANTS: Mutations = {
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
  "people-log-in-by-closed-clients": [
    {
      what: "Grafana's login sends people anywhere",
      apply: edit("Client realm-grafana", set({ validRedirectUris: ["http://localhost:3000/*"] })),
      messages: [
        'Client realm-grafana: validRedirectUris has "http://localhost:3000/*", which is not one address of its own.',
      ],
    },
    {
      what: "people's own tokens can be had by a password, and the people are real",
      apply: (recording) => ({
        ...recording,
        resources: recording.resources.filter(({ type }) => type !== "keycloak:index/user:User"),
      }),
      messages: ["Client realm-people has directAccessGrantsEnabled."],
    },
    {
      what: "the edge takes Grafana's tokens",
      apply: edit("AudienceProtocolMapper realm-people-audience", (mapper, { resources }) => {
        mapper.dependsOn = [resources.find(({ name }) => name === "realm-grafana")?.urn ?? ""];
      }),
      messages: ["Client realm-grafana gets tokens for atalaya-edge."],
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
      what: "a data source's header is swapped",
      apply: edit(
        "DataSource co-logs",
        ({ inputs }) => {
          (inputs["httpHeaders"] as Headers)["x-scope-orgid"] = "tenant-mx";
        },
        OWN,
      ),
      messages: ['Data source co-logs of tenant co names "tenant-mx" in its X-Scope-OrgID header.'],
      tenant: "co",
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
      what: "a data source sends its key to whoever answers",
      apply: edit(
        "DataSource co-traces",
        ({ inputs }) => {
          const settings = JSON.parse((inputs["jsonDataEncoded"] as string | undefined) ?? "{}") as object;
          inputs["jsonDataEncoded"] = JSON.stringify({ ...settings, tlsSkipVerify: true });
        },
        OWN,
      ),
      messages: ["Data source co-traces has tlsSkipVerify."],
      tenant: "co",
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
      what: "a client may write for another tenant as well",
      apply: editFile(BINDINGS, (content) =>
        content.replace(/( +)agent-pe\|tenant-pe:\n((?:\1 .*\n)*)/, "$&$1agent-mx|tenant-pe:\n$2"),
      ),
      messages: ['The edge lets "agent-mx|tenant-pe" in, which is no active agent and its own tenant.'],
      tenant: "pe",
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
    {
      what: "a tenant's key reads another tenant",
      apply: editDocument(
        "/var/lib/atalaya/auth/secrets/keys.json",
        ({ keys }: { keys: { id: string; orgId: string }[] }) => {
          for (const key of keys) if (key.id === "grafana-co") key.orgId = "tenant-mx";
        },
      ),
      messages: ['The declared key grafana-co is for "tenant-mx" instead of tenant-co.'],
    },
    {
      what: "a data source's key may write",
      apply: editDocument(
        "/var/lib/atalaya/auth/secrets/keys.json",
        ({ keys }: { keys: { id: string; rights: string[] }[] }) => {
          for (const key of keys) if (key.id === "operators-mx") key.rights.push("logs:write");
        },
      ),
      messages: ["The declared key operators-mx may logs:write, and is for reading alone."],
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
};
