import { beforeAll, describe, expect, it } from "vitest";
import { evaluate } from "../../policies/rules";
import { credentialsStayAtTheEdge } from "../../policies/rules/credentials-stay-at-the-edge";
import { everyRouteHasAVerifier } from "../../policies/rules/every-route-has-a-verifier";
import type { Recording } from "../../src/model/recording";
import { MX, recordEnvironment } from "../components/environment";
import { edit, editDocument } from "./environment";
import { BOOTSTRAP, bootstrap, EXT_AUTHZ, route, type Bootstrap } from "./mutations/envoy";

const ORDERS = { name: "orders", address: "orders:8080", path: "/orders", methods: { GET: "orders:read" } };
const ROUTE = "extra-orders-get";
const variable =
  (value: string | undefined) =>
  (recording: Recording): Recording =>
    edit("Container auth-container", ({ inputs }) => {
      const rest = (inputs["envs"] as string[]).filter((line) => !line.startsWith("ATALAYA_UPSTREAMS="));
      inputs["envs"] = value === undefined ? rest : [...rest, `ATALAYA_UPSTREAMS=${value}`];
    })(recording);

describe("an upstream of the environment's own", () => {
  let recording: Recording;
  beforeAll(async () => {
    recording = await recordEnvironment([MX], { "atalaya:upstreams": JSON.stringify([ORDERS]) });
  });

  it("passes every rule", () => {
    expect(evaluate(recording).violations).toEqual([]);
  });

  it.each<[string, (recording: Recording) => Recording, readonly string[]]>([
    ["that the auth service does not know", variable(undefined), ["is not in the route table"]],
    ["when what it knows cannot be read", variable("{"), ["is not in the route table"]],
    [
      "that has another path than it knows",
      variable(JSON.stringify([{ ...ORDERS, path: "/orders/all" }])),
      ['matches "/orders(?:/.*)?" instead of the table\'s "/orders/all(?:/.*)?"'],
    ],
    [
      "that takes another method than it knows",
      route("otlpHttp", ROUTE, (entry) => {
        Object.assign(entry, {
          match: {
            path_separated_prefix: "/orders",
            headers: [{ name: ":method", string_match: { safe_regex: { regex: "GET|DELETE" } } }],
          },
        });
      }),
      ["takes the methods GET, DELETE instead of GET"],
    ],
    [
      "that nobody checks",
      route("otlpHttp", ROUTE, ({ typed_per_filter_config: config }) => {
        Object.assign(config ?? {}, { [EXT_AUTHZ]: { disabled: true } });
      }),
      ["has no verifier"],
    ],
    [
      "that leads to a backend",
      route("otlpHttp", ROUTE, (entry) => {
        entry.route = { ...entry.route, cluster: "loki" };
      }),
      ["leads to loki instead of extra-orders"],
    ],
    [
      "that leads where its client says",
      route("otlpHttp", ROUTE, (entry) => {
        delete entry.route?.["cluster"];
        Object.assign(entry.route ?? {}, { cluster_header: "x-pick" });
      }),
      ["has a cluster_header, which leads elsewhere", "leads to * instead of extra-orders"],
    ],
    [
      "that leads to another path",
      route("otlpHttp", ROUTE, (entry) => {
        entry.route = { ...entry.route, prefix_rewrite: "/flush" };
      }),
      ["has a prefix_rewrite, which leads elsewhere"],
    ],
    [
      "that follows redirects, is mirrored, becomes something else or never ends",
      route("otlpHttp", ROUTE, (entry) => {
        entry.route = {
          ...entry.route,
          internal_redirect_policy: {},
          request_mirror_policies: [{ cluster: "loki" }],
          upgrade_configs: [{ upgrade_type: "CONNECT" }],
          max_stream_duration: { max_stream_duration: "86400s" },
        };
      }),
      [
        "has a internal_redirect_policy, which leads past the table",
        "has a request_mirror_policies, which leads past the table",
        "leads to extra-orders, loki instead of extra-orders",
        "lets a stream live for 86400s (max_stream_duration, at most 300s)",
        "lets connections become connect",
      ],
    ],
    [
      "on a path of ours",
      (recording) =>
        variable(JSON.stringify([{ ...ORDERS, path: "/loki/mine" }]))(
          route("otlpHttp", ROUTE, (entry) => {
            Object.assign(entry["match"] as object, { path_separated_prefix: "/loki/mine" });
          })(recording),
        ),
      ["takes /loki, which is the edge's own"],
    ],
  ])("is refused %s", (_case, change, problems) => {
    const found = evaluate(change(recording), [everyRouteHasAVerifier]).violations;
    expect(found.map(({ message }) => message)).toEqual(
      problems.map((problem) => `Listener otlpHttp: route ${ROUTE} ${problem}.`),
    );
  });

  it.each(["atalaya-dev-loki", "localhost", "127.0.0.1", "169.254.169.254", "x.loki", "loki.data.svc", "agent-mx", "mimir"])(
    "is not %s",
    (host) => {
      const broken = editDocument(BOOTSTRAP, (document: Bootstrap) => {
        const text = JSON.stringify(document).replaceAll('"address":"orders"', `"address":"${host}"`);
        Object.assign(document, JSON.parse(text) as Bootstrap);
      })(recording);
      expect(evaluate(broken, [everyRouteHasAVerifier]).violations.map(({ message }) => message)).toEqual([
        `Listener otlpHttp: route ${ROUTE} leads to ${host}:8080, which the route table alone may lead to.`,
      ]);
    },
  ); // prettier-ignore

  it("is handed no credential", () => {
    const broken = bootstrap(({ http_filters: filters }) => {
      const at = filters.findIndex(({ name }) => name === "atalaya.forget-credentials");
      filters.splice(at, 1);
    })(recording);
    expect(evaluate(broken, [credentialsStayAtTheEdge]).violations.map(({ message }) => message)).toContain(
      "Listener otlpHttp: route extra-orders-get sends authorization on to extra-orders.",
    );
  });
});
