import { editDocument } from "../environment";
import {
  BOOTSTRAP,
  bootstrap,
  EACH,
  eachListener,
  EXT_AUTHZ,
  filters,
  JWT,
  managers,
  route,
  type Bootstrap,
} from "./envoy";
import type { Block, Mutations } from "./mutation";

export const EDGE: Mutations = {
  "admin-is-unreachable": [
    {
      what: "the admin interface listens on an address",
      apply: editDocument(BOOTSTRAP, (document: Bootstrap) => {
        document.admin["address"] = { socket_address: { address: "0.0.0.0", port_value: 9901 } };
      }),
      messages: ['Envoy\'s admin interface listens on {"address":"0.0.0.0","port_value":9901}.'],
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
      messages: [
        "Listener otlpGrpc: route otlp-grpc-traces-key sends x-service-token on to collectorGrpc, and 11 more routes.",
      ],
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
      what: "what is open takes everything below it",
      apply: route("otlpHttp", "tenant-api-docs", (entry) => {
        const { path, ...rest } = entry["match"] as Block;
        entry["match"] = { ...rest, path_separated_prefix: path };
        // Another rule would claim that it has no limit, either.
        delete entry.typed_per_filter_config?.["atalaya.tenant-limits"];
      }),
      messages: [
        "Listener otlpHttp: route tenant-api-docs does not demand that exactly one tenant was decided.",
        "Listener otlpHttp: route tenant-api-docs has no verifier.",
        'Listener otlpHttp: route tenant-api-docs matches "/api/docs(?:/.*)?" instead of the table\'s "/api/docs".',
      ],
    },
    {
      what: "the catch-all leads somewhere",
      apply: route("query", "route-unknown", (unknown) => {
        delete unknown["direct_response"];
        unknown.route = { cluster: "mimir" };
        // Another rule would claim that it has no limit, either.
        delete unknown.typed_per_filter_config?.["atalaya.tenant-limits"];
      }),
      messages: [
        "Listener query: route route-unknown does not demand that exactly one tenant was decided.",
        "Listener query: route route-unknown has no verifier.",
        "Listener query: route route-unknown is not in the route table.",
      ],
    },
    {
      what: "a log tail never ends",
      apply: route("query", "loki-tail", ({ route: action }) => {
        Object.assign(action ?? {}, { max_stream_duration: { max_stream_duration: "86400s" } });
      }),
      messages: [
        "Listener query: route loki-tail lets a stream live for 86400s (max_stream_duration, at most 300s).",
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
      what: "a client may steer Loki's limits",
      apply: bootstrap((manager) => {
        const [extension] = manager["early_header_mutation_extensions"] as {
          typed_config: { mutations: { remove?: string }[] };
        }[];
        if (extension === undefined) throw new Error("nothing is stripped");
        extension.typed_config.mutations = extension.typed_config.mutations.filter(
          ({ remove }) => remove !== "x-loki-query-limits",
        );
      }),
      messages: ["health", ...EACH].map(
        (name) => `Listener ${name}: does not remove x-loki-query-limits from requests.`,
      ),
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
