import { editDocument } from "../environment";
import type { Block, Mutations } from "./mutation";

const BOOTSTRAP = "/etc/atalaya/envoy/bootstrap.yaml";

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
      // A message for each route: only the first is compared.
      messages: ["Listener otlpGrpc: route otlp-grpc-logs sends x-service-token on to collectorGrpc."],
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
