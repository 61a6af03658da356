import type { Row } from "./row";

const LIFE = "test/lab/isolation/life.test.ts";
const CONFIG = "test/config";

/** What the design says must be, must never be, or comes first, by its sections. */
export const PROMISES: readonly Row[] = [
  {
    key: "3 ids",
    title: "grammar, uniqueness, retired ids, nothing truncated",
    suites: { [CONFIG]: "the list's parser" },
  },
  {
    key: "3 suspended",
    title: "every credential refused, nothing deleted",
    rules: { "data-is-protected": ["Loki's volume can be deleted"] },
    suites: {
      [LIFE]: "at the edge",
      "test/policies/clients-carry-one-tenant.test.ts": "no tokens: the shipped list has nobody suspended",
      "test/policies/collectors-lose-nothing.test.ts": "no agent runs that is refused: as before",
    },
  },
  {
    key: "3 secrets",
    title: "no secret in the list",
    suites: { [CONFIG]: "contacts name keys of the configuration" },
  },
  {
    key: "3 limits",
    title: "every field for every tenant; nobody else",
    rules: {
      "every-tenant-has-limits": ["a tenant has no limit of its own for one thing"],
      "backends-refuse-strangers": ["Tempo does not read its tenants' limits"],
    },
  },
  {
    key: "3 capacity",
    title: "the sum of the limits",
    suites: { [CONFIG]: "a warning in dev, an error in prod" },
  },
  {
    key: "3 retention",
    title: "no longer than allowed, and never for ever",
    rules: {
      "retention-has-an-end": [
        "a tenant's metrics are kept longer than the environment keeps anything",
        "a tenant's traces are kept for ever",
        "a class of a tenant's logs is kept for ever",
        "Loki deletes nothing",
        "what a removed tenant left is kept for ever",
      ],
    },
  },
  {
    key: "4 table",
    title: "what is not in the route table is 404; never neither verifier",
    rules: {
      "every-route-has-a-verifier": [
        "a route switches off both",
        "what is open takes everything below it",
        "the catch-all leads somewhere",
        "a route leads to another backend",
      ],
    },
  },
  {
    key: "4 token",
    title: "from the header only, our realm only, capped",
    rules: {
      "tokens-are-checked-strictly": ["tokens are taken from the query"],
      "tokens-come-from-our-realm": ["another realm's tokens count", "tokens live for a day"],
    },
  },
  {
    key: "4 binding",
    title: "exactly the active clients, each with its tenant",
    rules: {
      "one-list-of-tenants": ["a client may write for another tenant as well"],
      "bindings-refuse-by-default": ["without its list the edge lets everybody in"],
    },
  },
  {
    key: "4 keys",
    title: "a key is one tenant's, and reads where it is to read",
    rules: {
      "one-list-of-tenants": [
        "one key is declared for two tenants",
        "a tenant's key reads another tenant",
        "a data source's key may write",
      ],
      "no-shared-credential": [
        "two tenants' data sources have one key",
        "an agent is given another tenant's client secret",
      ],
    },
  },
  {
    key: "4 first",
    title: "first of all trusted headers are removed",
    rules: {
      "trusted-headers-are-stripped": [
        "a client's tenant header survives on one listener",
        "a client may steer Loki's limits",
      ],
    },
  },
  {
    key: "4 several",
    title: "never several tenants in one value",
    rules: {
      "backends-keep-tenants-apart": [
        "Mimir takes every request for one tenant's",
        "Tempo's default comes back",
        "a flag outranks Loki's file",
      ],
      "no-shared-data-source": ["a data source names two tenants"],
    },
  },
  {
    key: "4 credentials",
    title: "credentials never travel past Envoy",
    rules: { "credentials-stay-at-the-edge": ["API keys go on to the backends"] },
  },
  {
    key: "4 limits",
    title: "by source before any check, by tenant after it",
    rules: {
      "the-edge-limits-everybody": [
        "sources are limited on paper only",
        "a route is not limited",
        "no tenant is limited",
      ],
    },
  },
  {
    key: "4 undecided",
    title: "cannot decide is 503, never 401 or 403",
    rules: { "ext-authz-fails-closed": ["an unreachable auth service lets everybody in"] },
    suites: {
      "test/files/envoy-answers.real.test.ts": "Envoy's own answers are mended by an expression language",
      "test/lab/faults": "with what fails",
    },
  },
  {
    key: "4 words",
    title: "denied without names; 429 and RetryInfo so that senders wait",
    suites: { "test/lab/isolation": "what is answered", "test/lab/faults": "what senders make of it" },
  },
  {
    key: "4 streams",
    title: "live at most as long as a token",
    rules: { "every-route-has-a-verifier": ["a log tail never ends"] },
  },
  {
    key: "4 audit",
    title: "every denial on record, with its tenant and its reason",
    rules: {
      "every-request-is-on-record": [
        "nothing is logged",
        "only what succeeded is logged",
        "nobody can tell whose it was",
      ],
    },
    suites: {
      "test/lab/isolation/decisions.test.ts": "exactly one record each, the auth service's included",
    },
  },
  {
    key: "4 audit in Loki",
    title: "records under the tenant's own id",
    suites: {
      "test/auth/trail": "acts at the tenant API: queued in Redis, brought to Loki, nobody else's, none lost",
      "test/lab/tenant-api.test.ts": "by the environment's own processes",
    },
  },
  {
    key: "4 decisions in Loki",
    title: "the auth service's decisions and the edge's log, under the tenant's id and the platform's",
    open: "the platform's own Alloy is not built yet",
  },
  {
    key: "4 TLS",
    title: "nobody on the way reads along",
    rules: { "the-edge-speaks-tls": ["programs send their keys in plain"] },
  },
  {
    key: "5 collector",
    title: "knows no tenants, holds nothing back",
    rules: {
      "collectors-lose-nothing": ["the shared collector forgets the tenant"],
      "static-files-name-no-tenant": ["Mimir's own file names a tenant"],
    },
  },
  {
    key: "5 enriches",
    title: "the verified tenant overwrites the sender's",
    rules: { "the-collector-says-whose-it-is": ["a sender's word on its tenant stands"] },
  },
  {
    key: "5 protects itself",
    title: "memory limiter, sizes",
    rules: {
      "collectors-bound-what-they-take": [
        "the shared collector has no memory limit",
        "an agent's programs may fill its memory",
      ],
    },
  },
  {
    key: "5 agent",
    title: "queues on disk, retries without end, sends as itself alone",
    rules: {
      "collectors-lose-nothing": ["an agent gives up"],
      "agents-stay-apart": ["an agent sends elsewhere", "an agent shows its client secret to another server"],
    },
    suites: {
      "test/render/pipeline.test.ts": "sampling and refreshing early, which lose nobody's isolation",
    },
  },
  {
    key: "5 redaction",
    title: "secrets are masked before they leave the agent, and before they are measured",
    rules: {
      "agents-mask-secrets": [
        "an agent's logs go past its masking",
        "an agent measures spans before they are masked",
      ],
    },
    suites: { "test/files/agent-redaction.real.test.ts": "what is masked, and what stays" },
  },
  {
    key: "5 shared host",
    title: "no Docker socket, no neighbour",
    rules: {
      "containers-are-confined": [
        "an agent sees the Docker socket",
        "a tenant's agent joins another's network",
        "Mimir is privileged",
      ],
      "agents-stay-apart": [
        "an agent measures the host",
        "an agent has no network of its own",
        "an agent answers on the shared network",
        "an agent listens on every address",
        "an agent shows itself to everybody",
      ],
      "volumes-stay-with-their-process": [
        "an agent reads another tenant's secrets",
        "an agent reads another agent's queue",
        "an agent reads everybody's logs",
        "Grafana mounts what nobody declares",
        "a volume is a path of the host",
      ],
    },
  },
  {
    key: "6 organisations",
    title: "one per tenant, with its own orgId",
    rules: {
      "grafana-stays-in-its-organisation": ["a tenant's folder is in everybody's organisation"],
      "no-shared-data-source": ["the operators' source of a tenant is in another tenant's organisation"],
    },
  },
  {
    key: "6 mapping",
    title: "groups decide, strictly; Editors at most",
    rules: {
      "people-enter-their-own-organisation": [
        "a tenant's people enter another's organisation",
        "strangers are let in",
      ],
    },
  },
  {
    key: "6 one instance",
    title: "one provider instance",
    rules: { "providers-wait-for-their-servers": ["a tenant's organisation has a provider of its own"] },
  },
  {
    key: "6 query listener",
    title: "Grafana reads through the edge, with the organisation's own key",
    rules: {
      "no-shared-data-source": [
        "a data source goes past the edge",
        "a data source sends its key to whoever answers",
      ],
      "no-shared-credential": ["two tenants' data sources have one key"],
    },
  },
  {
    key: "6 people",
    title: "log in where they should, and hold what they should",
    rules: {
      "people-log-in-by-closed-clients": [
        "Grafana's login sends people anywhere",
        "people's own tokens can be had by a password, and the people are real",
      ],
      "clients-carry-one-tenant": [
        "an agent's token carries everything",
        "the realm's browsers write the claim",
      ],
    },
  },
  {
    key: "7 zones",
    title: "data and control are internal; only edge, Keycloak and Grafana publish",
    rules: {
      "inner-zones-publish-nothing": [
        "the data network leads out",
        "the control network leads out",
        "the database is published on loopback, though nobody debugs",
      ],
    },
  },
  {
    key: "7 loopback",
    title: "an address, loopback by default; admin never",
    rules: {
      "published-ports-name-an-address": [
        "a port is published without an address",
        "Grafana is published on every address",
      ],
      "admin-is-unreachable": ["the admin interface listens on an address"],
    },
  },
  {
    key: "7 versions",
    title: "the same list, the same programs",
    rules: { "images-are-pinned": ["an image floats"] },
  },
  {
    key: "7 Kubernetes",
    title: "network policies, non-root, disruption budgets",
    open: "the Kubernetes host is not built yet",
  },
  {
    key: "8 live",
    title: "static configuration mentions no tenant",
    rules: {
      "static-files-name-no-tenant": ["Mimir's own file names a tenant", "a variable lists the tenants"],
    },
    suites: { "test/engine/tenants.test.ts": "what a change restarts" },
  },
  {
    key: "9 first",
    title: "isolation before credentials",
    rules: {
      "isolation-before-credentials": [
        "an agent's client does not wait for the edge's list",
        "an agent's client does not wait for its organisation",
      ],
    },
    suites: { "test/engine/failures.test.ts": "updates that are killed and run again" },
  },
  {
    key: "9 providers",
    title: "literal addresses, after the running service",
    rules: {
      "providers-wait-for-their-servers": [
        "Keycloak's provider does not wait for Keycloak",
        "Keycloak's provider speaks to a Keycloak of somebody else's",
        "Grafana's address is not known before it runs",
        "a tenant's client is declared in whatever Keycloak the environment names",
      ],
    },
    suites: { "test/components/order.test.ts": "deletedWith, which an engine does not tell a pack" },
  },
  {
    key: "9 protected",
    title: "data and its passwords together, anchors while active",
    rules: {
      "data-is-protected": [
        "Loki's volume can be deleted",
        "the database's password can be deleted",
        "an active tenant can be removed",
        "the realm can be deleted",
      ],
    },
    suites: { "test/components/removals.test.ts": "what removing a tenant refuses" },
  },
  {
    key: "10 preview",
    title: "no engine, no login, no secret",
    suites: { "test/preview": "it runs so", "test/cli": "and as a command" },
  },
];
