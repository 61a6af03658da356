import { editDocument, editFile, replace } from "../environment";
import { bootstrap, eachListener, filters, route } from "./envoy";
import type { Block, Mutations } from "./mutation";

const LIMITS = "/var/lib/atalaya/envoy/live/tenant-limits.yaml";
const USERS = "/var/lib/atalaya/redis/secrets/users.acl";

interface Delivered {
  resources: { typed_config: { descriptors: { entries: { value?: string }[] }[] } }[];
}
const descriptors = (keep: (value: string | undefined) => boolean) =>
  editDocument(LIMITS, ({ resources }: Delivered) => {
    for (const { typed_config } of resources)
      typed_config.descriptors = typed_config.descriptors.filter(({ entries }) => keep(entries[0]?.value));
  });

/** Who may take how much, and who may come in at all without a word. */
export const LIMITS_AND_STORES: Mutations = {
  "the-edge-limits-everybody": [
    {
      what: "no tenant is limited",
      apply: bootstrap((manager) => {
        manager.http_filters = manager.http_filters.filter(({ name }) => name !== "atalaya.tenant-limits");
      }),
      messages: eachListener("does not limit a tenant"),
    },
    {
      what: "sources are limited on paper only",
      apply: filters("atalaya.source-limit", (config) => {
        delete config["filter_enforced"];
      }),
      messages: eachListener("limits not all requests (atalaya.source-limit: filter_enforced)"),
    },
    {
      what: "a route is not limited",
      apply: route("query", "mimir-query", (query) => {
        Object.assign(query.typed_per_filter_config ?? {}, { "atalaya.tenant-limits": { disabled: true } });
      }),
      messages: ["Listener query: route mimir-query changes or switches off atalaya.tenant-limits."],
    },
    {
      what: "a tenant shares the strangers' limit",
      apply: descriptors((value) => value !== "tenant-pe"),
      messages: ["Envoy has no limit of its own for tenant-pe."],
      tenant: "pe",
    },
  ],
  "backends-refuse-strangers": [
    {
      what: "Tempo does not read its tenants' limits",
      apply: editDocument("/etc/atalaya/tempo/tempo.yaml", ({ overrides }: { overrides: Block }) => {
        delete overrides["per_tenant_override_config"];
      }),
      messages: [
        'tempo reads tenants\' limits from "nowhere", and they are in /var/lib/atalaya/tempo/live/overrides.yaml.',
      ],
    },
    {
      what: "Loki takes logs of anybody",
      apply: editFile("/etc/atalaya/loki/loki.yaml", replace("ingestion_rate_mb: 0", "ingestion_rate_mb: 4")),
      messages: ["loki: limits_config.ingestion_rate_mb is 4 for organisations that no list names."],
    },
  ],
  "stores-ask-for-passwords": [
    {
      what: "PostgreSQL trusts its network",
      apply: editFile("/etc/atalaya/postgres/pg_hba.conf", replace(/(host .*)scram-sha-256/, "$1trust")),
      messages: ['PostgreSQL lets in by "trust" (host all all all trust).'],
    },
    {
      what: "Redis knows everybody",
      apply: editFile(USERS, replace("user default off", "user default on nopass")),
      messages: ["Redis' default user is not off: whoever reaches it is that user."],
    },
  ],
};
