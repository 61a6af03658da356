import type { ResourceRecord } from "../../src/model/recording";
import { UNTRUSTED_HEADERS } from "../../src/model/headers";
import { files } from "./builder";

type Message = Record<string, unknown>;

const any = (type: string, message: Message = {}): Message => ({
  "@type": `type.googleapis.com/${type}`,
  ...message,
});
const HTTP = "envoy.extensions.filters.http";
const remove = (header: string): Message => ({ remove: header });
const set = (key: string, value: string): Message => ({
  append: { header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
});

/** The parts of a small edge with one listener, each of which a test may change before they are put together. */
export interface Parts {
  readonly admin: Message;
  readonly manager: Message;
  readonly early: Message[];
  readonly provider: Message;
  readonly jwt: Message;
  readonly tenantOfToken: Message[];
  readonly extAuthz: Message;
  readonly forgotten: Message[];
  /** More filters, before the router. */
  readonly more: Message[];
  readonly agentRoute: Message;
  readonly serviceRoute: Message;
  readonly routes: Message[];
  readonly listener: Message;
  readonly chain: Message;
  /** `default_config` of the bindings; empty for none. */
  readonly fallback: Message;
  readonly bindings: Message;
}

const parts = (): Parts => {
  const agentRoute: Message = {
    name: "otlp-http-traces",
    match: { path: "/v1/traces", headers: [{ name: ":method", string_match: { exact: "POST" } }] },
    route: { cluster: "collector" },
    typed_per_filter_config: { ext_authz: any(`${HTTP}.ext_authz.v3.ExtAuthzPerRoute`, { disabled: true }) },
  };
  const serviceRoute: Message = {
    name: "mimir-label-name-values",
    match: {
      safe_regex: { regex: "/prometheus/api/v1/label/[^/]+/values" },
      headers: [{ name: ":method", string_match: { exact: "GET" } }],
    },
    route: { cluster: "mimir" },
    typed_per_filter_config: {
      jwt: any(`${HTTP}.jwt_authn.v3.PerRouteConfig`, { disabled: true }),
      bindings: any("envoy.config.route.v3.FilterConfig", { disabled: true, config: {} }),
    },
  };
  return {
    admin: { address: { pipe: { path: "/admin.sock" } } },
    manager: {
      normalize_path: true,
      merge_slashes: true,
      use_remote_address: true,
      path_with_escaped_slashes_action: "REJECT_REQUEST",
      common_http_protocol_options: { headers_with_underscores_action: "REJECT_REQUEST" },
    },
    early: [
      remove("x-atalaya-requested-tenant"),
      set("x-atalaya-requested-tenant", "%REQ(x-scope-orgid)%"),
      ...["x-scope-orgid", "x-user-id", "x-prom-label-policy", "x-atalaya-binding"].map(remove),
      ...UNTRUSTED_HEADERS.map(remove),
    ],
    provider: {
      issuer: "http://localhost:8090/realms/observability",
      audiences: ["atalaya-edge"],
      from_headers: [{ name: "Authorization", value_prefix: "Bearer " }],
      forward: false,
      require_expiration: true,
      max_lifetime: "600s",
      clock_skew_seconds: 60,
      remote_jwks: {
        http_uri: {
          cluster: "keycloak",
          uri: "http://keycloak:8090/realms/observability/protocol/openid-connect/certs",
        },
      },
    },
    jwt: { rules: [{ match: { prefix: "/" }, requires: { provider_name: "keycloak" } }] },
    tenantOfToken: [
      set("x-scope-orgid", "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:tenant_id)%"),
    ],
    extAuthz: {
      failure_mode_allow: false,
      status_on_error: { code: "ServiceUnavailable" },
      http_service: {
        path_prefix: "/authz",
        server_uri: { uri: "http://auth:8000", cluster: "auth", timeout: "2s" },
        authorization_response: { allowed_upstream_headers: { patterns: [{ exact: "x-scope-orgid" }] } },
      },
    },
    forgotten: ["authorization", "x-api-key", "x-service-token"].map(remove),
    more: [],
    agentRoute,
    serviceRoute,
    routes: [
      agentRoute,
      serviceRoute,
      { name: "unknown", match: { prefix: "/" }, direct_response: { status: 404 } },
    ],
    listener: { name: "otlpHttp" },
    chain: { transport_socket: TLS },
    fallback: {},
    bindings: {
      matcher: {
        matcher_tree: {
          input: {
            name: "binding",
            typed_config: any("x.HttpRequestHeaderMatchInput", { header_name: "x-atalaya-binding" }),
          },
          exact_match_map: {
            map: { "no client|no tenant": verdict("DENY"), "agent-mx|tenant-mx": verdict("ALLOW") },
          },
        },
        on_no_match: verdict("DENY"),
      },
    },
  };
};

const TLS = {
  name: "tls",
  typed_config: any("x.DownstreamTlsContext", {
    common_tls_context: { tls_certificate_sds_secret_configs: [{ name: "edge" }] },
  }),
};

export const verdict = (action: string): Message => ({
  action: { name: action, typed_config: any("envoy.config.rbac.v3.Action", { name: action, action }) },
});

const TENANT_DECIDED = {
  rules: {
    action: "DENY",
    policies: {
      undecided: {
        permissions: [
          {
            not_rule: {
              header: {
                name: "x-scope-orgid",
                string_match: { safe_regex: { regex: "tenant-[a-z][a-z0-9]*(-[a-z0-9]+)*" } },
              },
            },
          },
        ],
        principals: [{ any: true }],
      },
    },
  },
};

const cluster = (name: string, address: Message): Message => ({
  name,
  load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
});
const socket = (address: string, port: number): Message => ({
  socket_address: { address, port_value: port },
});

const filtersOf = (made: Parts): Message[] => {
  const filter = (name: string, type: string, config: Message): Message => ({
    name,
    typed_config: any(type, config),
  });
  const mutation = (mutations: Message[]): Message => ({ mutations: { request_mutations: mutations } });
  const rbac = `${HTTP}.rbac.v3.RBAC`;
  const headers = `${HTTP}.header_mutation.v3.HeaderMutation`;
  return [
    filter("jwt", `${HTTP}.jwt_authn.v3.JwtAuthentication`, {
      providers: { keycloak: made.provider },
      ...made.jwt,
    }),
    {
      name: "bindings",
      config_discovery: {
        type_urls: [`type.googleapis.com/${rbac}`],
        ...(Object.keys(made.fallback).length > 0 && { default_config: any(rbac, made.fallback) }),
      },
    },
    filter("tenant", headers, mutation(made.tenantOfToken)),
    filter("ext_authz", `${HTTP}.ext_authz.v3.ExtAuthz`, made.extAuthz),
    filter("decided", rbac, TENANT_DECIDED),
    filter("forget", headers, mutation(made.forgotten)),
    ...made.more,
    filter("router", `${HTTP}.router.v3.Router`, {}),
  ];
};

/** The container that brings Envoy's files. Without a change they are as every rule wants them. */
export function edge(change: (made: Parts) => unknown = () => undefined): ResourceRecord {
  const made = parts();
  change(made);
  const manager = any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    early_header_mutation_extensions: [
      { name: "early", typed_config: any("x.HeaderMutation", { mutations: made.early }) },
    ],
    http_filters: filtersOf(made),
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: made.routes }] },
    ...made.manager,
  });
  return files("envoy", {
    "/etc/atalaya/envoy/bootstrap.yaml": {
      admin: made.admin,
      static_resources: {
        listeners: [
          {
            filter_chains: [{ filters: [{ name: "http", typed_config: manager }], ...made.chain }],
            ...made.listener,
          },
        ],
        clusters: [
          cluster("collector", socket("alloy-gateway", 14318)),
          cluster("mimir", socket("mimir", 9009)),
          cluster("auth", socket("auth", 8000)),
          cluster("keycloak", socket("keycloak", 8090)),
          cluster("admin", { pipe: { path: "/admin.sock" } }),
        ],
      },
    },
    "/var/lib/atalaya/envoy/live/bindings.yaml": {
      resources: [
        any("envoy.config.core.v3.TypedExtensionConfig", {
          name: "bindings",
          typed_config: any(`${HTTP}.rbac.v3.RBAC`, made.bindings),
        }),
      ],
    },
  });
}

/** A filter for {@link Parts.more}. */
export const filter = (name: string, type: string, config: Message = {}): Message => ({
  name,
  typed_config: any(`${HTTP}.${type}`, config),
});
