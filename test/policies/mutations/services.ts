import { edit, editDocument, editFile, replace } from "../environment";
import type { Block, Mutations } from "./mutation";

export const SERVICES: Mutations = {
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
      tenant: "mx",
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
};
