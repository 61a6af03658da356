import type { Row } from "./row";

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
