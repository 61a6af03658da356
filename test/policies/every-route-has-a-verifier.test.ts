import { describe, expect, it } from "vitest";
import { everyRouteHasAVerifier } from "../../policies/rules/every-route-has-a-verifier";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

type Message = Record<string, unknown>;

const found = (change?: (made: Parts) => unknown) => messages(everyRouteHasAVerifier, [edge(change)]);
const perFilter = (route: Message): Message => route["typed_per_filter_config"] as Message;
const action = (route: Message): Message => route["route"] as Message;
const match = (route: Message): Message => route["match"] as Message;
const methods = (match: Message, value: Message): void => {
  match["headers"] = [{ name: ":method", ...value }];
};
const FILTER_OFF = {
  "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
  disabled: true,
  config: {},
};

describe("every-route-has-a-verifier", () => {
  it("passes routes of the table, each with its verifier", () => {
    expect(found()).toEqual([]);
  });

  it("passes readiness, by an exact path to Envoy's own socket", () => {
    const health = (change: Message = {}) => ({
      name: "ready",
      match: { path: "/ready", headers: [{ name: ":method", string_match: { exact: "GET" } }] },
      route: { cluster: "admin" },
      ...change,
    });
    const withHealth = (change?: Message) => found(({ routes }) => routes.unshift(health(change)));
    expect(withHealth()).toEqual([]);
    const refused = (problems: readonly string[]) =>
      problems.map((problem) => `Listener otlpHttp: route ready ${problem}.`);
    const unknown = ["does not hold the client against the list of bindings", "is not in the route table"];
    for (const change of [
      { match: { path: "/quitquitquit", headers: health().match.headers } },
      { match: { prefix: "/ready", headers: health().match.headers } },
      { match: { path: "/ready" } },
      { route: { cluster: "collector" } },
    ])
      expect(
        withHealth({ ...change, typed_per_filter_config: { bindings: FILTER_OFF, ext_authz: FILTER_OFF } }),
      ).toEqual(refused(unknown));
  });

  it.each<[string, (made: Parts) => unknown, readonly string[]]>([
    [
      "both switched off",
      ({ agentRoute }) => (perFilter(agentRoute)["jwt"] = { disabled: true }),
      ["route otlp-http-traces has no verifier"],
    ],
    [
      "both switched off, one of them by the generic way",
      ({ agentRoute }) => (perFilter(agentRoute)["jwt"] = FILTER_OFF),
      ["route otlp-http-traces has no verifier"],
    ],
    [
      "one switched off by the virtual host",
      ({ manager, agentRoute }) => {
        manager["route_config"] = {
          virtual_hosts: [{ typed_per_filter_config: { jwt: { disabled: true } }, routes: [agentRoute] }],
        };
      },
      ["route otlp-http-traces has no verifier"],
    ],
    [
      "one switched off by the whole table",
      ({ manager, agentRoute }) => {
        manager["route_config"] = {
          typed_per_filter_config: { jwt: { disabled: true } },
          virtual_hosts: [{ routes: [agentRoute] }],
        };
      },
      ["route otlp-http-traces has no verifier"],
    ],
    [
      "the wrong one",
      ({ agentRoute }) => (agentRoute["typed_per_filter_config"] = { jwt: { disabled: true } }),
      ["route otlp-http-traces has not the verifier of the table (agentJwt)"],
    ],
    [
      "any client of the realm",
      ({ agentRoute }) => (perFilter(agentRoute)["bindings"] = FILTER_OFF),
      ["route otlp-http-traces does not hold the client against the list of bindings"],
    ],
    [
      "a tenant that nobody has decided",
      ({ serviceRoute }) => (perFilter(serviceRoute)["decided"] = FILTER_OFF),
      ["route mimir-label-name-values does not demand that exactly one tenant was decided"],
    ],
    [
      "a route that is in no table",
      ({ serviceRoute }) => (serviceRoute["name"] = "mimir-delete"),
      ["route mimir-delete is not in the route table"],
    ],
    ["a route of another listener", ({ listener }) => (listener["name"] = "otlpGrpc"), []],
    [
      "a wider path",
      ({ agentRoute }) => {
        delete match(agentRoute)["path"];
        match(agentRoute)["prefix"] = "/v1";
      },
      ['route otlp-http-traces matches undefined instead of the table\'s "/v1/traces"'],
    ],
    [
      "a wider expression",
      ({ serviceRoute }) => (match(serviceRoute)["safe_regex"] = { regex: "/prometheus/.*" }),
      [
        'route mimir-label-name-values matches "/prometheus/.*" instead of the table\'s "/prometheus/api/v1/label/[^/]+/values"',
      ],
    ],
    [
      "another method",
      ({ serviceRoute }) => {
        methods(match(serviceRoute), { string_match: { safe_regex: { regex: "GET|DELETE" } } });
      },
      ["route mimir-label-name-values takes the methods GET, DELETE instead of GET"],
    ],
    [
      "every method",
      ({ serviceRoute }) => delete match(serviceRoute)["headers"],
      ["route mimir-label-name-values takes the methods of all kinds instead of GET"],
    ],
    [
      "every method but one",
      ({ serviceRoute }) => {
        methods(match(serviceRoute), { string_match: { exact: "GET" }, invert_match: true });
      },
      ["route mimir-label-name-values takes the methods of all kinds instead of GET"],
    ],
    [
      "another upstream",
      ({ serviceRoute }) => (action(serviceRoute)["cluster"] = "collector"),
      ["route mimir-label-name-values leads to alloy-gateway:14318 instead of mimir:9009"],
    ],
    [
      "an upstream beside the right one",
      ({ serviceRoute }) =>
        (serviceRoute["route"] = { weighted_clusters: { clusters: [{ name: "mimir" }, { name: "auth" }] } }),
      ["route mimir-label-name-values leads to mimir:9009, auth:8000 instead of mimir:9009"],
    ],
    [
      "an upstream that the request chooses",
      ({ serviceRoute }) => (serviceRoute["route"] = { cluster_header: "x-upstream" }),
      ["route mimir-label-name-values leads to * instead of mimir:9009"],
    ],
    [
      "a copy for somebody else",
      ({ serviceRoute }) => (action(serviceRoute)["request_mirror_policies"] = [{ cluster: "auth" }]),
      [
        "route mimir-label-name-values has a request_mirror_policies, which leads past the table",
        "route mimir-label-name-values leads to mimir:9009, auth:8000 instead of mimir:9009",
      ],
    ],
    [
      "a tunnel",
      ({ serviceRoute }) => (action(serviceRoute)["upgrade_configs"] = [{ upgrade_type: "CONNECT" }]),
      ["route mimir-label-name-values lets connections become connect"],
    ],
    [
      "routes that are in no file",
      ({ manager }) => {
        manager["route_config"] = undefined;
        manager["rds"] = { route_config_name: "elsewhere" };
      },
      ["its routes (elsewhere) are in no file"],
    ],
    [
      "connections that no filter sees",
      ({ listener, manager }) => {
        listener["filter_chains"] = [
          { filters: [{ typed_config: { "@type": "x.TcpProxy", cluster: "mimir", manager } }] },
        ];
      },
      ["TcpProxy takes connections past every check"],
    ],
  ])("refuses %s", (_, change, problems) => {
    const reported = found(change);
    if (problems.length > 0)
      expect(reported).toEqual(problems.map((problem) => `Listener otlpHttp: ${problem}.`));
    else expect(reported).toContain("Listener otlpGrpc: route otlp-http-traces is not in the route table.");
  });

  it("refuses a catch-all that leads somewhere", () => {
    expect(
      found(({ routes }) =>
        routes.push({ name: "rest", match: { prefix: "/" }, route: { cluster: "mimir" } }),
      ),
    ).toEqual(["Listener otlpHttp: route rest is not in the route table."]);
  });

  it("reads routes that come by a file of their own", () => {
    const split = edge(({ manager, routes }) => {
      manager["route_config"] = undefined;
      manager["rds"] = { route_config_name: "all" };
      manager["elsewhere"] = { name: "all", virtual_hosts: [{ routes }] };
    });
    expect(messages(everyRouteHasAVerifier, [split])).toEqual([]);
  });

  it("refuses a demand for a tenant that several would meet", () => {
    const weak = edge(({ agentRoute, more }) => {
      perFilter(agentRoute)["decided"] = FILTER_OFF;
      more.push({
        name: "weak",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
          rules: {
            action: "DENY",
            policies: {
              any: {
                permissions: [{ not_rule: { header: { name: "x-scope-orgid", present_match: true } } }],
              },
              loose: {
                permissions: [
                  {
                    not_rule: {
                      header: { name: "x-scope-orgid", string_match: { safe_regex: { regex: "tenant-.*" } } },
                    },
                  },
                ],
              },
            },
          },
        },
      });
    });
    expect(messages(everyRouteHasAVerifier, [weak])).toEqual([
      "Listener otlpHttp: route otlp-http-traces does not demand that exactly one tenant was decided.",
    ]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(everyRouteHasAVerifier, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
