import { describe, expect, it } from "vitest";
import { parseEnvironment, parseStack } from "../../src/config";
import { problemsOf, stackOf } from "./helpers";

const ORDERS = { name: "orders", address: "orders:8080", path: "/orders", methods: { GET: "orders:read" } };
const FILE = "Pulumi.dev.yaml";
const upstreams = (...all: readonly object[]) =>
  parseEnvironment("dev", stackOf({ upstreams: all }), FILE).upstreams;
const problems = (...all: readonly object[]): string[] =>
  problemsOf(() => parseStack("dev", stackOf({ upstreams: all }), FILE));
const at = (field: string, what: string): string => `${FILE}: atalaya:upstreams[0].${field} ${what}`;

describe("servers of the environment's own", () => {
  it("are none, unless they are said", () => {
    expect(parseEnvironment("dev", stackOf({}), FILE).upstreams).toEqual([]);
  });

  it("have a place, a path and a scope for each method", () => {
    const methods = { GET: "orders:read", POST: "orders:write", PUT: "orders:*" };
    expect(
      upstreams(ORDERS, { ...ORDERS, name: "ai", address: "ai.example.com:65535", path: "/ai/v2", methods }),
    ).toEqual([
      { name: "orders", host: "orders", port: 8080, path: "/orders", methods: { GET: "orders:read" } },
      { name: "ai", host: "ai.example.com", port: 65_535, path: "/ai/v2", methods },
    ]);
  });

  it.each<[string, object, readonly string[]]>([
    [
      "an address with a scheme",
      { address: "http://orders:8080" },
      [at("address", '"http://orders:8080" is not a host and a port. Write where Envoy reaches it, without a scheme, such as orders:8080.')],
    ],
    [
      "a port that is none",
      { address: "orders:65536" },
      [at("address", '"orders:65536" is not a host and a port. Write where Envoy reaches it, without a scheme, such as orders:8080.')],
    ],
    ...["loki:3100", "localhost:9901", "127.0.0.1:9901", "169.254.169.254:80", "atalaya-dev-loki:3100", "x.loki:3100", "agent-mx:24318", "envoy:9901"].map(
      (address): [string, object, readonly string[]] => [
        `the address ${address}`,
        { address },
        [at("address", `"${address}" is an address, or the name of something of ours. Write the host name of your own server, such as orders:8080: ours are reached by the edge's own routes alone.`)],
      ],
    ),
    [
      "a path with an end that no route has",
      { path: "/orders/" },
      [at("path", '"/orders/" is not a path. Write segments of lower-case letters, digits and dashes, such as /orders.')],
    ],
    [
      "everything",
      { path: "/" },
      [at("path", '"/" is not a path. Write segments of lower-case letters, digits and dashes, such as /orders.')],
    ],
    [
      "a path of ours",
      { path: "/loki/mine" },
      [at("path", '"/loki/mine" is among the edge\'s own paths. Begin it with another segment than v1, api, authz, loki, prometheus, mimir, tempo, grafana, health, ready, metrics.')],
    ],
    [
      "no method",
      { methods: {} },
      [at("methods", "has no method, so that nobody could call it. Write one with the scope that it needs, such as { GET: orders:read }.")],
    ],
    [
      "a method that is not passed, and a scope that is none",
      { methods: { PATCH: "orders:write", GET: "orders" } },
      [
        at("methods.GET", '"orders" is not a scope. Write what, a colon, and how, such as orders:read.'),
        at("methods.PATCH", "is not a known field. Known: DELETE, GET, POST, PUT."),
      ],
    ],
  ])("are refused with %s", (_case, change, expected) => {
    expect(problems({ ...ORDERS, ...change })).toEqual(expected);
  }); // prettier-ignore

  it("are refused where two have one name, or paths that meet", () => {
    expect(problems(ORDERS, { ...ORDERS, path: "/orders/old" })).toEqual([
      `${FILE}: atalaya:upstreams[1].name "orders" is already the name of another upstream. Rename one of the two.`,
      `${FILE}: atalaya:upstreams[1].path "/orders/old" meets /orders of another upstream. Give the two paths that do not meet.`,
    ]);
    expect(problems({ ...ORDERS, path: "/order" }, { ...ORDERS, name: "billing" })).toEqual([]);
  });
});
