import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { pathPattern } from "../../src/model/match";
import {
  CREDENTIAL_HEADERS,
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  TRUSTED_HEADERS,
  UNTRUSTED_HEADERS,
} from "../../src/model/headers";
import type { ClientId } from "../../src/model/names";
import { LISTENERS, ROUTES, TOKEN_LIFE, UPSTREAMS } from "../../src/model/routes";
import type { Tenant } from "../../src/model/tenant";
import { rate, size } from "../../src/model/units";
import { renderEnvoy } from "../../src/render/envoy";
import { at, fields, list, type Fields } from "./fields";
import { ENVIRONMENT, input, tenant, TENANTS } from "./input";

const rendered = (tenants?: readonly Tenant[], environment = ENVIRONMENT) =>
  new Map(renderEnvoy(input(tenants, environment)).map((file) => [file.path, file]));
const document = (path: string, tenants?: readonly Tenant[], environment = ENVIRONMENT): Fields =>
  fields(parse(rendered(tenants, environment).get(path)?.content ?? ""));

const bootstrap = document("envoy/bootstrap.yaml");
const clusters = list(at(bootstrap, "static_resources", "clusters")).map(fields);
/** The manager is the last of a listener's filters. */
const networkFilters = (config: Fields): ReadonlyMap<string, readonly Fields[]> =>
  new Map(
    list(at(config, "static_resources", "listeners")).map((listener) => [
      String(fields(listener)["name"]),
      list(at(listener, "filter_chains", 0, "filters")).map((filter) => fields(at(filter, "typed_config"))),
    ]),
  );
const managers = new Map(
  [...networkFilters(bootstrap)].map(([name, filters]) => [name, fields(filters.at(-1))]),
);
const manager = (listener: string): Fields => fields(managers.get(listener));
const filters = (listener: string): readonly Fields[] => list(manager(listener)["http_filters"]).map(fields);
const filter = (listener: string, name: string): Fields =>
  fields(filters(listener).find((one) => one["name"] === name));
const routes = (listener: string): readonly Fields[] =>
  list(at(manager(listener), "route_config", "virtual_hosts", 0, "routes")).map(fields);

describe("the files", () => {
  it("are these, and only the live ones name tenants", () => {
    const files = [...rendered().values()].map(({ path, kind, target }) => [path, kind, target]);
    expect(files).toEqual([
      ["envoy/bootstrap.yaml", "static", "/etc/atalaya/envoy/bootstrap.yaml"],
      ["envoy/sds.yaml", "static", "/etc/atalaya/envoy/sds.yaml"],
      ["envoy/live/bindings.yaml", "live", "/var/lib/atalaya/envoy/live/bindings.yaml"],
      ["envoy/live/tenant-limits.yaml", "live", "/var/lib/atalaya/envoy/live/tenant-limits.yaml"],
    ]);
    for (const { kind, content } of rendered().values())
      expect(/agent-(co|mx|pe)|tenant-(co|mx|pe)/.test(content)).toBe(kind === "live");
  });

  it("do not depend on the order of the tenants", () => {
    expect(rendered([...TENANTS].reverse())).toEqual(rendered(TENANTS));
  });

  it("are the same for other tenants, except the live ones", () => {
    const others = rendered([...TENANTS, tenant("new")]);
    const changed = [...rendered().values()].filter(
      ({ path, content }) => others.get(path)?.content !== content,
    );
    expect(changed.map(({ path }) => path)).toEqual([
      "envoy/live/bindings.yaml",
      "envoy/live/tenant-limits.yaml",
    ]);
  });
});

describe("the bindings", () => {
  const list_ = (tenants?: readonly Tenant[]) => {
    const matcher = at(
      document("envoy/live/bindings.yaml", tenants),
      "resources",
      0,
      "typed_config",
      "matcher",
    );
    const map = fields(at(matcher, "matcher_tree", "exact_match_map", "map"));
    const verdicts = Object.entries(map).map(([key, action]) => [
      key,
      at(action, "action", "typed_config", "action"),
    ]);
    return { verdicts, otherwise: at(matcher, "on_no_match", "action", "typed_config", "action") };
  };

  it("let active tenants' agents in, each into its own tenant", () => {
    expect(list_()).toEqual({
      verdicts: [
        ["agent-co|tenant-co", "ALLOW"],
        ["agent-mx|tenant-mx", "ALLOW"],
        ["no client|no tenant", "DENY"],
      ],
      otherwise: "DENY",
    });
  });

  it("are never empty: Envoy would keep the old list", () => {
    expect(list_([]).verdicts).toEqual([["no client|no tenant", "DENY"]]);
  });

  it("refuse a name that could be read in two ways", () => {
    const crossed = tenant("co", { agents: [{ id: "agent-co|tenant-mx" as ClientId }] });
    expect(() => renderEnvoy(input([crossed]))).toThrow('"agent-co|tenant-mx|tenant-co"');
  });

  it.each(LISTENERS)("answer %s with a refusal until they are loaded", (listener) => {
    const otherwise = at(filter(listener, "atalaya.bindings"), "config_discovery", "default_config");
    expect(at(otherwise, "rules", "action")).toBe("DENY");
  });
});

describe("the tenants' limits", () => {
  it("are each tenant's own, and the default plan's for others", () => {
    const edge = { requests: rate("7/s"), burst: 9 };
    const own = tenant("mx", { limits: { ...tenant("mx").limits, edge } });
    const limits = at(document("envoy/live/tenant-limits.yaml", [own]), "resources", 0, "typed_config");
    const entry = (value: string | undefined, max_tokens: number, tokens_per_fill: number) => ({
      entries: [{ key: "tenant", ...(value !== undefined && { value }) }],
      token_bucket: { fill_interval: "1s", max_tokens, tokens_per_fill },
    });
    expect(at(limits, "descriptors")).toEqual([entry("tenant-mx", 9, 7), entry(undefined, 1_000, 100)]);
    expect(limits).toMatchObject({
      always_consume_default_token_bucket: false,
      filter_enabled: { default_value: { numerator: 100 } },
      filter_enforced: { default_value: { numerator: 100 } },
      rate_limits: [{ actions: [{ request_headers: { header_name: TENANT_HEADER } }] }],
    });
  });
});

describe.each(LISTENERS)("the listener %s", (listener) => {
  it("has its filters in the one right order", () => {
    expect(filters(listener).map(({ name }) => name)).toEqual([
      "atalaya.finish-response",
      "atalaya.source-limit",
      "envoy.filters.http.jwt_authn",
      "atalaya.token-times",
      "atalaya.compose-binding",
      "atalaya.bindings",
      "atalaya.tenant-of-token",
      "envoy.filters.http.ext_authz",
      "atalaya.tenant-decided",
      "atalaya.tenant-limits",
      "atalaya.forget-credentials",
      "atalaya.body-limit",
      listener === "otlpGrpc" ? "atalaya.mend-grpc" : "atalaya.upstream-errors",
      "atalaya.from-upstream",
      "envoy.filters.http.router",
    ]);
    expect(filters(listener).filter((one) => "disabled" in one || "is_optional" in one)).toEqual([]);
  });

  it("strips what is trusted before anything else, and keeps what was asked for", () => {
    const steps = list(
      at(manager(listener), "early_header_mutation_extensions", 0, "typed_config", "mutations"),
    );
    const named = steps.map((step) => at(step, "remove") ?? at(step, "append", "header"));
    expect(named).toEqual([
      REQUESTED_TENANT_HEADER,
      { key: REQUESTED_TENANT_HEADER, value: `%REQ(${TENANT_HEADER})%` },
      ...TRUSTED_HEADERS,
      ...UNTRUSTED_HEADERS,
    ]);
    expect(manager(listener)).toMatchObject({
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: "REJECT_REQUEST",
      common_http_protocol_options: { headers_with_underscores_action: "REJECT_REQUEST" },
      use_remote_address: true,
      internal_address_config: { cidr_ranges: [{ address_prefix: "255.255.255.255", prefix_len: 32 }] },
    });
  });

  it("asks the auth service so that nothing passes when it does not answer", () => {
    const check = fields(filter(listener, "envoy.filters.http.ext_authz")["typed_config"]);
    expect(check).toMatchObject({
      failure_mode_allow: false,
      status_on_error: { code: "ServiceUnavailable" },
    });
    for (const field of ["with_request_body", "filter_enabled", "clear_route_cache"])
      expect(check).not.toHaveProperty(field);
    expect(
      at(check, "http_service", "authorization_response", "allowed_upstream_headers", "patterns"),
    ).toEqual([
      { exact: "x-scope-orgid", ignore_case: true },
      { exact: "x-user-id", ignore_case: true },
    ]);
    expect(at(check, "http_service", "server_uri", "timeout")).toBe("2s");
  });

  it("takes tokens from one place, for us, from our realm, and passes none on", () => {
    const check = filter(listener, "envoy.filters.http.jwt_authn");
    const provider = at(check, "typed_config", "providers", "keycloak");
    const requires = { provider_name: "keycloak" };
    // What matches no rule would pass: CONNECT has no path.
    expect(at(check, "typed_config", "rules")).toEqual([
      { match: { prefix: "/" }, requires },
      { match: { connect_matcher: {} }, requires },
    ]);
    expect(provider).toMatchObject({
      issuer: "http://localhost:8090/realms/observability",
      audiences: ["atalaya-edge"],
      from_headers: [{ name: "Authorization", value_prefix: "Bearer " }],
      forward: false,
      require_expiration: true,
      max_lifetime: "600s",
    });
    for (const field of ["from_params", "from_cookies", "claim_to_headers"])
      expect(provider).not.toHaveProperty(field);
    const removed = at(
      filter(listener, "atalaya.forget-credentials"),
      "typed_config",
      "mutations",
      "request_mutations",
    );
    expect(list(removed).map((step) => at(step, "remove"))).toEqual([
      ...CREDENTIAL_HEADERS,
      REQUESTED_TENANT_HEADER,
    ]);
  });

  it("has the routes of the table, in its order, and then nothing", () => {
    const expected = ROUTES.filter(({ listeners }) => listeners.includes(listener)).map(({ id }) => id);
    const names = routes(listener).map(({ name }) => String(name));
    expect(names.filter((name, index) => names[index - 1] !== name)).toEqual([...expected, "route-unknown"]);
    const unknown = routes(listener).filter(({ name }) => name === "route-unknown");
    expect(unknown.map(({ match }) => match)).toEqual([{ prefix: "/" }, { connect_matcher: {} }]);
    for (const route of unknown) {
      expect(route["direct_response"]).toEqual({ status: 404 });
      expect(route).not.toHaveProperty("route");
      expect(route).not.toHaveProperty("redirect");
    }
  });
});

const TOKEN_CHECKS = [
  "atalaya.bindings",
  "atalaya.compose-binding",
  "atalaya.tenant-of-token",
  "atalaya.token-times",
  "envoy.filters.http.jwt_authn",
];
const AUTH_SERVICE = "envoy.filters.http.ext_authz";
/** And what needs to know whose the request is. */
const ALL_CHECKS = [...TOKEN_CHECKS, AUTH_SERVICE, "atalaya.tenant-decided", "atalaya.tenant-limits"].sort();
const served = ROUTES.flatMap((route) =>
  route.listeners.map((listener) => [listener, route.id, route] as const),
);

describe.each(served)("on %s the route %s", (listener, id, route) => {
  const entries = routes(listener).filter(({ name }) => name === id);

  it("switches off one verifier and nothing else that checks, or all where nobody checks", () => {
    expect(entries).toHaveLength(route.credential === undefined ? 1 : 3);
    for (const entry of entries) {
      const off = Object.entries(fields(entry["typed_per_filter_config"]))
        .filter(([, config]) => fields(config)["disabled"] === true)
        .map(([name]) => name);
      const may = new Set(["atalaya.upstream-errors", "atalaya.forget-credentials"]);
      expect(off.filter((name) => !may.has(name)).sort()).toEqual(
        { agentJwt: [AUTH_SERVICE], authService: TOKEN_CHECKS, nobody: ALL_CHECKS }[route.verifier],
      );
      expect(off.includes("atalaya.forget-credentials")).toBe("api" in route.right);
    }
  });

  it("takes its path and its methods and leads to its upstream", () => {
    for (const entry of entries) {
      const match = fields(entry["match"]);
      const path = match["path"] ?? match["path_separated_prefix"] ?? at(match, "safe_regex", "regex");
      expect(path).toBe(route.path.includes("{") ? pathPattern(route) : route.path);
      const method = fields(list(match["headers"])[0]);
      expect(method["name"]).toBe(":method");
      const methods =
        at(method, "string_match", "exact") ?? at(method, "string_match", "safe_regex", "regex");
      expect(methods).toBe(route.methods.join("|"));
      const action = fields(entry["route"]);
      expect(action["cluster"]).toBe(route.upstream);
      expect(action["timeout"]).toBe(`${route.limits.timeout}s`);
      expect("upgrade_configs" in action).toBe(route.websocket === true);
      if (route.limits.timeout === 0)
        expect(at(action, "max_stream_duration", "max_stream_duration")).toBe(`${TOKEN_LIFE}s`);
    }
  });

  it("refuses bodies that say they are larger than its limit", () => {
    for (const entry of entries) {
      const limit = fields(at(entry, "typed_per_filter_config", "atalaya.body-limit"));
      const [inside, outside] = [route.limits.body, route.limits.body + 1];
      expect(at(limit, "rbac", "rules", "action")).toBe("DENY");
      expect(
        at(limit, "rbac", "rules", "policies", "body_too_large", "permissions", 0, "and_rules", "rules"),
      ).toEqual([
        { header: { name: "content-length", present_match: true } },
        { not_rule: { header: { name: "content-length", range_match: { start: 0, end: outside } } } },
      ]);
      expect(inside).toBeGreaterThan(0);
    }
  });

  it("takes keys only where it is for keys", () => {
    const credentials = entries.map((entry) => list(at(entry, "match", "headers")).slice(1));
    expect(credentials).toEqual(
      route.credential === undefined
        ? [[]]
        : [
            [{ name: "x-api-key", present_match: true }],
            [{ name: "x-service-token", present_match: true }],
            [{ name: "authorization", string_match: { safe_regex: { regex: "(Bearer atl_|Basic ).*" } } }],
          ],
    );
  });
});

describe("what else is in the bootstrap", () => {
  it("reaches these places", () => {
    const endpoint = (cluster: Fields) =>
      at(cluster, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address");
    const places = clusters.map((cluster) => {
      const { address, port_value: port } = fields(at(endpoint(cluster), "socket_address"));
      return [
        cluster["name"],
        ...(address === undefined ? [at(endpoint(cluster), "pipe", "path")] : [address, port]),
      ];
    });
    expect(places).toEqual([
      ["collectorGrpc", "alloy-gateway", 14317],
      ["collectorHttp", "alloy-gateway", 14318],
      ["mimir", "mimir", 9009],
      ["loki", "loki", 3100],
      ["tempo", "tempo", 3200],
      ["auth", "auth", 8000],
      ["auth-decisions", "auth", 8000],
      ["keycloak", "keycloak", 8090],
      ["admin", "/var/lib/atalaya/envoy/data/admin.sock"],
    ]);
    expect(places).toHaveLength(Object.keys(UPSTREAMS).length + 3);
  });

  it("keeps the admin interface on a socket, and only health and draining of it", () => {
    expect(bootstrap["admin"]).toEqual({
      address: { pipe: { mode: 0o600, path: "/var/lib/atalaya/envoy/data/admin.sock" } },
      allow_paths: ["/ready", "/stats/prometheus", "/drain_listeners?graceful", "/healthcheck/fail"].map(
        (exact) => ({ exact }),
      ),
    });
    expect(
      routes("health").map(({ match, route }) => [
        at(match, "path") ?? at(match, "prefix"),
        at(route, "cluster"),
      ]),
    ).toEqual([
      ["/ready", "admin"],
      ["/stats/prometheus", "admin"],
      ["/", undefined],
    ]);
    expect(manager("health")["early_header_mutation_extensions"]).toEqual(
      manager("otlpHttp")["early_header_mutation_extensions"],
    );
  });

  it("grows with the environment, not with its tenants", () => {
    const sizes = { ...ENVIRONMENT.sizes, envoy: { memory: size("2GiB"), cpus: 4 } };
    const large = document("envoy/bootstrap.yaml", TENANTS, { ...ENVIRONMENT, sizes, trustedProxies: 2 });
    expect(at(large, "overload_manager", "resource_monitors", 0, "typed_config", "max_heap_size_bytes")).toBe(
      1.5 * 1024 ** 3,
    );
    expect(
      at(
        large,
        "overload_manager",
        "resource_monitors",
        1,
        "typed_config",
        "max_active_downstream_connections",
      ),
    ).toBe(32_768);
    const hops = (config: Fields) => networkFilters(config).get("otlpHttp")?.at(-1)?.["xff_num_trusted_hops"];
    expect([hops(bootstrap), hops(large)]).toEqual([0, 2]);
  });

  it("holds no connection, request or body for long, and no listener can take another one's connections", () => {
    const all = Number(
      at(
        bootstrap,
        "overload_manager",
        "resource_monitors",
        1,
        "typed_config",
        "max_active_downstream_connections",
      ),
    );
    const limits = fields(at(bootstrap, "layered_runtime", "layers", 0, "static_layer"));
    const share = (name: string) => Number(limits[`envoy.resource_limits.listener.${name}.connection_limit`]);
    const shares = [...managers.keys()].map((name) => [name, share(name)] as const);
    expect(shares).toEqual([
      ["otlpGrpc", (3 / 8) * all],
      ["otlpHttp", (3 / 8) * all],
      ["query", all / 8],
      ["health", all / 64],
    ]);
    expect(shares.reduce((sum, [, most]) => sum + most, 0)).toBeLessThan(all * 0.9);
    for (const config of managers.values())
      expect(config).toMatchObject({
        request_timeout: "60s",
        request_headers_timeout: "10s",
        common_http_protocol_options: { idle_timeout: "120s" },
        http2_protocol_options: {
          initial_stream_window_size: 65_536,
          initial_connection_window_size: 1_048_576,
        },
      });
    expect(JSON.stringify(bootstrap)).not.toContain("filters.http.buffer");
    const upstream = clusters.find(({ name }) => name === "collectorGrpc");
    expect(JSON.stringify(upstream)).toContain('"initial_connection_window_size":1048576');
  });

  it("answers in its own words: no detail, no name, both for people and for programs", () => {
    for (const listener of LISTENERS) {
      const { mappers, body_format: other } = fields(manager(listener)["local_reply_config"]);
      const bodies = [...list(mappers).map((mapper) => fields(mapper)["body_format_override"]), other];
      expect(bodies.length).toBeGreaterThan(20);
      const ours = /%(?:LOCAL_REPLY_BODY|RESPONSE_CODE|REQ\(X-REQUEST-ID\))%/g;
      expect(JSON.stringify(bodies).replaceAll(ours, "")).not.toContain("%");
      for (const body of bodies.filter((one) => "json_format" in fields(one)))
        expect(Object.keys(fields(fields(body)["json_format"])).sort()).toEqual(
          "content_type" in fields(body)
            ? ["code", "request_id", "status", "title", "type"]
            : ["code", "message"],
        );
    }
  });

  it("takes no refusal of the protocol's own for something that may pass later", () => {
    for (const listener of LISTENERS) {
      const { mappers } = fields(manager(listener)["local_reply_config"]);
      const later = list(mappers)
        .map((mapper) => JSON.stringify(mapper))
        .filter((text) => text.includes("response.code >= 500"));
      // For programs over gRPC, for all else, and for the tenant API.
      expect(later).toHaveLength(listener === "otlpHttp" ? 3 : 2);
      for (const text of later) expect(text).toContain("response.code >= 500 && response.code != 501");
    }
  });

  it("logs no credential and no query", () => {
    const format = fields(
      at(manager("otlpHttp"), "access_log", 0, "typed_config", "log_format", "json_format"),
    );
    const text = Object.values(format).join(" ").toLowerCase();
    for (const secret of [...CREDENTIAL_HEADERS, "%req(:path)", "cookie", "wq"])
      expect(text).not.toContain(secret);
    expect(Object.keys(format)).toEqual([...Object.keys(format)].sort());
  });
});
