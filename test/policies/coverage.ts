/** What holds one promise: the rules that decide it with the deliberate breaks that prove them, and the suites where it runs. */
export interface Row {
  /** A number of the list of isolation cases, or a section of the design and a word. */
  readonly key: string;
  readonly title: string;
  /** Deliberate breaks of the shipped environment, by the rule that claims them. */
  readonly rules?: Readonly<Record<string, readonly string[]>>;
  /** Folders or files of tests, and what of it no rule can decide. */
  readonly suites?: Readonly<Record<string, string>>;
  /** Why nothing holds it yet. */
  readonly open?: string;
}

const DECISIONS = "test/lab/isolation/decisions.test.ts";
const LIFE = "test/lab/isolation/life.test.ts";
const CONFIG = "test/config";

/** The list of isolation cases, by its numbers. */
export const CASES: readonly Row[] = [
  {
    key: "1",
    title: "no credential",
    rules: {
      "tokens-are-checked-strictly": ["a missing token is fine"],
      "every-route-has-a-verifier": ["a route switches off both"],
    },
    suites: { [DECISIONS]: "what is answered" },
  },
  {
    key: "2",
    title: "two credentials",
    suites: { "test/lab/isolation/wire.test.ts": "decided by Envoy's parser, request by request" },
  },
  { key: "3", title: "alg none", suites: { [DECISIONS]: "decided by jwt_authn's and jose's code" } },
  { key: "4", title: "HS256 with the public key", suites: { [DECISIONS]: "decided by their code" } },
  { key: "5", title: "another alg than the key's", suites: { [DECISIONS]: "decided by their code" } },
  {
    key: "6",
    title: "keys that the token brings",
    rules: {
      "tokens-come-from-our-realm": [
        "the keys come from a backend",
        "the auth service takes its keys from elsewhere",
      ],
    },
    suites: { [DECISIONS]: "that jku, x5u and jwk are ignored" },
  },
  { key: "7", title: "a flood of unknown keys", suites: { [LIFE]: "fetches are counted while it runs" } },
  {
    key: "8",
    title: "expired, or from the future",
    rules: { "tokens-come-from-our-realm": ["tokens live on after their end"] },
    suites: { [DECISIONS]: "each claim on its own" },
  },
  {
    key: "9",
    title: "expires in years",
    rules: { "tokens-come-from-our-realm": ["tokens live for a day"] },
    suites: { [DECISIONS]: "what is answered" },
  },
  {
    key: "10",
    title: "another realm",
    rules: {
      "tokens-come-from-our-realm": [
        "another realm's tokens count",
        "the keys are another realm's",
        "the auth service believes another realm",
      ],
    },
  },
  { key: "11", title: "variants of the issuer", suites: { [DECISIONS]: "compared by their code" } },
  {
    key: "12",
    title: "another audience",
    rules: { "tokens-come-from-our-realm": ["the auth service takes every audience's tokens"] },
    suites: { [DECISIONS]: "what is answered" },
  },
  { key: "13", title: "ID and refresh tokens", suites: { [DECISIONS]: "told apart by their claims" } },
  {
    key: "14",
    title: "a person's token at the ingest port",
    rules: { "people-log-in-by-closed-clients": ["the edge takes Grafana's tokens"] },
    suites: { "test/lab/isolation/people.test.ts": "with real logins" },
  },
  {
    key: "15",
    title: "a tenant claim of another form",
    rules: { "clients-carry-one-tenant": ["an agent's claim is another tenant's"] },
    suites: { [DECISIONS]: "each form" },
  },
  {
    key: "16",
    title: "an unknown, removed or suspended tenant",
    rules: {
      "bindings-refuse-by-default": ["without its list the edge lets everybody in"],
      "one-list-of-tenants": ["the directory gives a tenant another's organisation"],
      "backends-refuse-strangers": ["Loki takes logs of anybody"],
    },
    suites: { [LIFE]: "the moment of the change" },
  },
  {
    key: "17",
    title: "a client with another's tenant",
    rules: {
      "one-list-of-tenants": [
        "a client may write for another tenant",
        "a client may write for another tenant as well",
      ],
    },
  },
  { key: "18", title: "a revoked client or key", suites: { [LIFE]: "how long it takes" } },
  {
    key: "19b",
    title: "a token in the query",
    rules: {
      "tokens-are-checked-strictly": ["tokens are taken from the query"],
      "every-request-is-on-record": ["tokens in a query are logged"],
    },
  },
  {
    key: "20",
    title: "a forged tenant header",
    rules: {
      "trusted-headers-are-stripped": [
        "a client's tenant header survives on one listener",
        "the client's wish is believed",
      ],
    },
    suites: { "test/lab/isolation/headers.test.ts": "every spelling, on every route" },
  },
  {
    key: "21b",
    title: "a stream that was open before",
    rules: { "every-route-has-a-verifier": ["a log tail never ends"] },
    suites: { "test/lab/isolation/streams.test.ts": "that it is cut" },
  },
  {
    key: "22",
    title: "aliases and broken bytes in headers",
    suites: {
      "test/lab/isolation/wire.test.ts": "Envoy's parser",
      "test/policies/trusted-headers-are-stripped.test.ts": "underscores are refused by its rule as well",
    },
  },
  {
    key: "28",
    title: "yes without a tenant, or with two",
    rules: { "every-route-has-a-verifier": ["the catch-all leads somewhere"] },
    suites: { "test/lab/isolation/auth-lies.test.ts": "with an auth service that lies" },
  },
  {
    key: "30",
    title: "an auth service that fails",
    rules: {
      "ext-authz-fails-closed": [
        "an unreachable auth service lets everybody in",
        "the same in protobuf's other spelling",
      ],
      "the-auth-service-decides": ["a backend decides", "the auth service is asked whether it is well"],
    },
    suites: { "test/lab/faults/auth-service.test.ts": "halted and killed" },
  },
  { key: "31", title: "ids that backends misread", suites: { [CONFIG]: "the list's parser refuses them" } },
  {
    key: "34",
    title: "ids that look alike, reserved words",
    suites: { [CONFIG]: "the list's parser refuses them" },
  },
  {
    key: "38",
    title: "derived names that collide",
    rules: { "names-are-unique": ["another process answers to Mimir's name"] },
    suites: { "test/config/derived-names.test.ts": "refused with the list's line" },
  },
  {
    key: "39",
    title: "paths in disguise",
    suites: {
      "test/lab/isolation/paths.test.ts": "each, on every listener",
      "test/policies/trusted-headers-are-stripped.test.ts": "normalisation is demanded by its rule as well",
    },
  },
  {
    key: "42",
    title: "past the edge",
    rules: {
      "admin-is-unreachable": ["the admin interface listens on an address"],
      "inner-zones-publish-nothing": [
        "the data network leads out",
        "Mimir is on the edge's network",
        "the database is published on loopback, though nobody debugs",
        "Grafana's listener at the edge is published where the environment is",
        "the control network leads out",
        "Loki is on the view network",
      ],
      "stores-ask-for-passwords": ["PostgreSQL trusts its network", "Redis knows everybody"],
    },
  },
  {
    key: "43",
    title: "administration through the gateway",
    rules: { "every-route-has-a-verifier": ["a route leads to another backend"] },
    suites: { "test/policies/forbidden-routes.test.ts": "every word of such paths" },
  },
  {
    key: "44",
    title: "another's data source",
    rules: {
      "no-shared-data-source": [
        "a data source's header is swapped",
        "the operators' source of a tenant is in another tenant's organisation",
      ],
      "grafana-stays-in-its-organisation": [
        "a tenant's folder is in another's organisation",
        "a tenant's folder is in everybody's organisation",
      ],
      "people-enter-their-own-organisation": [
        "a tenant's people enter another's organisation",
        "a user is in another tenant's group",
      ],
    },
  },
  {
    key: "46",
    title: "queries over tenants",
    rules: {
      "backends-keep-tenants-apart": ["Tempo's default comes back"],
      "no-shared-data-source": ["a data source names two tenants"],
    },
    suites: { "test/lab/isolation/headers.test.ts": "a|b on every route that reads" },
  },
  {
    key: "48",
    title: "a tenant in the data itself",
    rules: {
      "the-collector-says-whose-it-is": ["a sender's word on its tenant stands", "traces go past the mark"],
    },
    suites: { "test/lab/isolation/named.test.ts": "what is stored" },
  },
  {
    key: "49",
    title: "bombs and large bodies",
    rules: {
      "collectors-bound-what-they-take": [
        "the shared collector takes requests of any size",
        "the shared collector has no memory limit",
      ],
    },
    suites: { "test/lab/isolation/limits.test.ts": "that the others are fine" },
  },
  {
    key: "50",
    title: "a hundred times the limit",
    rules: {
      "the-edge-limits-everybody": ["no tenant is limited", "a tenant shares the strangers' limit"],
      "every-tenant-has-limits": [
        "Tempo does not know a tenant",
        "a tenant has no limit of its own for one thing",
      ],
    },
    suites: { "test/lab/isolation/limits.test.ts": "the others' latency" },
  },
  {
    key: "53",
    title: "the same twice",
    rules: { "names-are-unique": ["another process answers to Mimir's name"] },
    suites: { [CONFIG]: "a tenant twice", "test/preview": "a URN twice" },
  },
  {
    key: "54",
    title: "a secret where it can be read",
    rules: {
      "secrets-stay-secret": [
        "a password is an ordinary variable",
        "a stack output shows a password",
        "a user's password is written down",
      ],
      "every-request-is-on-record": ["API keys are logged"],
    },
    suites: { "test/engine/secrets.test.ts": "states of a real engine" },
  },
];

/** What the design says must be, must never be, or comes first, by its sections. */
export const DESIGN: readonly Row[] = [
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
    key: "5 shared host",
    title: "no Docker socket, no neighbour",
    rules: {
      "containers-are-confined": [
        "an agent sees the Docker socket",
        "a tenant's agent joins another's network",
        "Mimir is privileged",
      ],
      "agents-stay-apart": [
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
        "people's own tokens can be had by a password",
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
