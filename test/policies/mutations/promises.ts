import type { Recording, ResourceRecord } from "../../../src/model/recording";
import { resource } from "../builder";
import { edit, editDocument, editFile, replace } from "../environment";
import { bootstrap, eachListener, type Manager } from "./envoy";
import { set, type Block, type Mutations } from "./mutation";

const GATEWAY = "/etc/atalaya/alloy-gateway/config.alloy";
const live = (backend: string) => `/var/lib/atalaya/${backend}/live/overrides.yaml`;

const block = (backend: string, org: string, change: (block: Block) => void) =>
  editDocument(live(backend), ({ overrides }: { overrides: Record<string, Block> }) => {
    change(overrides[org] ?? {});
  });

const logs = (
  change: (log: { filter?: Block; typed_config: { log_format: { json_format: Block } } }) => void,
) =>
  bootstrap((manager) => {
    for (const log of (manager as Manager & { access_log?: never[] }).access_log ?? []) change(log);
  });

const named = ({ resources }: Recording, name: string): ResourceRecord => {
  const found = resources.find((one) => one.name === name && one.custom);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

/** A dashboard folder of `tenant` in the organisation of another. */
const folder = (tenant: string, organisation: string) => (recording: Recording) => {
  const parent = recording.resources.find(
    ({ type, name }) => type === "atalaya:tenant:Tenant" && name === tenant,
  );
  const home = named(recording, organisation);
  const provider = named(recording, "grafana-provider");
  if (parent === undefined) throw new Error(`there is no ${tenant}`);
  const folders = resource(
    "grafana:oss/folder:Folder",
    `${tenant}-services`,
    { orgId: "1", title: "Services" },
    { parent, provider, dependsOn: [home] },
  );
  return { ...recording, resources: [...recording.resources, folders] };
};

/** What the design promises besides who sees what: how long, on record, within bounds, in whose name. */
export const PROMISES: Mutations = {
  "retention-has-an-end": [
    {
      what: "a tenant's metrics are kept longer than the environment keeps anything",
      apply: block("mimir", "tenant-mx", (own) => {
        own["compactor_blocks_retention_period"] = "800d";
      }),
      messages: [
        "mimir keeps metrics of tenant-mx for 800d, longer than 400d (compactor_blocks_retention_period).",
      ],
      tenant: "mx",
    },
    {
      what: "a tenant's traces are kept for ever",
      apply: block("tempo", "tenant-pe", (own) => {
        own["compaction"] = { block_retention: "0s" };
      }),
      messages: ['tempo keeps traces of tenant-pe for ever ("0s") (compaction.block_retention).'],
      tenant: "pe",
    },
    {
      what: "a class of a tenant's logs is kept for ever",
      apply: block("loki", "tenant-co", (own) => {
        const [stream] = own["retention_stream"] as Block[];
        if (stream !== undefined) stream["period"] = "0s";
      }),
      messages: ['loki keeps logs of tenant-co for ever ("0s") (retention_stream {log_class="access"}).'],
      tenant: "co",
    },
    {
      what: "Loki deletes nothing",
      apply: editFile(
        "/etc/atalaya/loki/loki.yaml",
        replace("retention_enabled: true", "retention_enabled: false"),
      ),
      messages: ["loki keeps logs for ever: compactor.retention_enabled is not true."],
    },
    {
      what: "what a removed tenant left is kept for ever",
      apply: editFile(
        "/etc/atalaya/mimir/mimir.yaml",
        replace("compactor_blocks_retention_period: 400d", "compactor_blocks_retention_period: 0s"),
      ),
      messages: [
        'mimir keeps metrics of removed tenants for ever (limits.compactor_blocks_retention_period is "0s").',
      ],
    },
  ],
  "every-request-is-on-record": [
    {
      what: "nothing is logged",
      apply: bootstrap((manager) => {
        delete manager["access_log"];
      }),
      messages: eachListener("does not log every request (access_log)"),
    },
    {
      what: "only what succeeded is logged",
      apply: logs((log) => {
        log.filter = { status_code_filter: { comparison: { op: "LE", value: { default_value: 399 } } } };
      }),
      messages: eachListener("does not log every request (access_log)"),
    },
    {
      what: "nobody can tell whose it was",
      apply: logs(({ typed_config: { log_format: format } }) => {
        delete format.json_format["tenant"];
      }),
      messages: eachListener("does not log %REQ(x-scope-orgid)%"),
    },
    {
      what: "API keys are logged",
      apply: logs(({ typed_config: { log_format: format } }) => {
        format.json_format["key"] = "%REQ(X-API-Key):40%";
      }),
      messages: eachListener("logs %REQ(x-api-key)%, which may hold a credential"),
    },
    {
      what: "tokens in a query are logged",
      apply: logs(({ typed_config: { log_format: format } }) => {
        format.json_format["path"] = "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%";
      }),
      messages: eachListener("logs %REQ(x-envoy-original-path?:path)%, which may hold a credential"),
    },
  ],
  "collectors-bound-what-they-take": [
    {
      what: "the shared collector takes requests of any size",
      apply: editFile(GATEWAY, replace(/\n\t\tmax_request_body_size = "4MiB"/, "")),
      messages: [
        'alloy-gateway: otelcol.receiver.otlp "edge" takes http requests of any size (max_request_body_size).',
      ],
    },
    {
      what: "the shared collector has no memory limit",
      apply: editFile(GATEWAY, replace(/\n\tlimit +=.*/, "")),
      messages: ["logs", "metrics", "traces"].map(
        (signal) =>
          `alloy-gateway: otelcol.receiver.otlp "edge" passes ${signal} to [ otelcol.processor.memory_limiter.memory.input ] without a memory limit.`,
      ),
    },
    {
      what: "an agent's programs may fill its memory",
      apply: editFile(
        "/etc/atalaya/agent-pe/config.alloy",
        replace(
          "logs    = [otelcol.processor.memory_limiter.memory.input]",
          "logs    = [otelcol.processor.transform.redact.input]",
        ),
      ),
      messages: [
        'agent-pe: otelcol.receiver.otlp "programs" passes logs to [ otelcol.processor.transform.redact.input ] without a memory limit.',
      ],
      tenant: "pe",
    },
  ],
  "the-collector-says-whose-it-is": [
    {
      what: "a sender's word on its tenant stands",
      apply: editFile(
        GATEWAY,
        replace(/(log_statements \{[^}]*?)\n\t+"set\(resource\.attributes\[\\"tenant\.id\\"\][^\n]*/, "$1"),
      ),
      messages: ['alloy-gateway: otelcol.processor.transform "mark" does not overwrite tenant.id of logs.'],
    },
    {
      what: "traces go past the mark",
      apply: editFile(
        GATEWAY,
        replace(
          "traces  = [otelcol.processor.transform.mark.input]",
          "traces  = [otelcol.exporter.otlphttp.tempo.input]",
        ),
      ),
      messages: [
        'alloy-gateway: otelcol.processor.memory_limiter "memory" passes traces on without saying whose they are.',
      ],
    },
  ],
  "grafana-stays-in-its-organisation": [
    {
      what: "a tenant's folder is in another's organisation",
      apply: folder("mx", "pe-organisation"),
      messages: ["Folder mx-services of tenant mx is in the organisation of tenant pe."],
      tenant: "mx",
    },
    {
      what: "a tenant's folder is in everybody's organisation",
      apply: (recording) =>
        edit("Folder mx-services", ({ inputs }) => {
          delete inputs["orgId"];
        })(folder("mx", "mx-organisation")(recording)),
      messages: ['Folder mx-services is not in exactly one declared organisation (orgId "unset").'],
      tenant: "mx",
    },
  ],
  "providers-wait-for-their-servers": [
    {
      what: "Keycloak's provider does not wait for Keycloak",
      apply: edit("keycloak keycloak-provider", (provider) => {
        provider.dependsOn = provider.dependsOn.filter((urn) => !urn.endsWith("::keycloak-ready"));
      }),
      messages: ["keycloak-provider does not wait for keycloak to run."],
    },
    {
      what: "a tenant's client is declared in whatever Keycloak the environment names",
      apply: (recording) => ({
        ...recording,
        resources: recording.resources.map((one) => {
          if (one.name !== "agent-mx-client" || !one.custom) return one;
          const { provider, ...rest } = one;
          if (provider === undefined) throw new Error("it has no provider");
          return rest;
        }),
      }),
      messages: ["agent-mx-client is declared by a default provider, which is not this environment's."],
      tenant: "mx",
    },
    {
      what: "Keycloak's provider speaks to a Keycloak of somebody else's",
      apply: edit("keycloak keycloak-provider", set({ url: "http://keycloak.elsewhere.example:8090" })),
      messages: [
        'keycloak-provider has the url "http://keycloak.elsewhere.example:8090", which is not where this environment publishes keycloak.',
      ],
    },
    {
      what: "Grafana's address is not known before it runs",
      apply: edit("grafana grafana-provider", set({ url: "preview:docker-container:grafana-container:id" })),
      messages: [
        'grafana-provider has the url "preview:docker-container:grafana-container:id", which is no literal address.',
      ],
    },
    {
      what: "a tenant's organisation has a provider of its own",
      apply: (recording) => {
        const own = named(recording, "grafana-provider");
        const second = { ...own, urn: `${own.urn}-2`, name: "grafana-provider-2" };
        return {
          ...recording,
          resources: [
            ...recording.resources.map((one) =>
              one.name === "co-organisation" ? { ...one, provider: second.urn } : one,
            ),
            second,
          ],
        };
      },
      messages: ["grafana-provider-2 is a second provider for grafana."],
    },
  ],
};
