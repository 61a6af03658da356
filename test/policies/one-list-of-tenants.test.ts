import { describe, expect, it } from "vitest";
import { oneListOfTenants } from "../../policies/rules/one-list-of-tenants";
import { UNKNOWN } from "../../policies/rules/values";
import type { ResourceRecord } from "../../src/model/recording";
import { files, messages, nothingOf, resource, tenant } from "./builder";
import { edge, verdict } from "./edge-builder";

const MX = tenant("mx");
const PE = tenant("pe");
const client = (clientId: string, parent: ResourceRecord) =>
  resource("keycloak:openid/client:Client", clientId, { clientId }, { parent });
const LISTED = [
  {
    id: "mx",
    orgId: "tenant-mx",
    state: "active",
    agents: ["agent-mx"],
    services: [{ clientId: "service-mx-shop" }],
  },
  { id: "pe", orgId: "tenant-pe", state: "suspended", agents: ["agent-pe"], services: [] },
];
const KEYS = [
  { id: "grafana-mx", orgId: "tenant-mx", hash: "a".repeat(64) },
  { id: "grafana-pe", orgId: "tenant-pe", hash: "b".repeat(64) },
];

interface World {
  readonly tenants?: readonly unknown[];
  readonly keys?: readonly unknown[] | string;
  readonly map?: Record<string, unknown>;
  readonly last?: unknown;
  readonly clients?: readonly ResourceRecord[];
}
const CLIENTS = [client("agent-mx", MX), client("service-mx-shop", MX), client("agent-pe", PE)];
const BOUND = { "no client|no tenant": verdict("DENY"), "agent-mx|tenant-mx": verdict("ALLOW") };

const found = ({
  tenants = LISTED,
  keys = KEYS,
  map = BOUND,
  last = verdict("DENY"),
  clients = CLIENTS,
}: World = {}) => {
  const content = typeof keys === "string" ? keys : { version: 1, keys };
  const bound = edge(({ bindings }) => {
    const matcher = bindings["matcher"] as { matcher_tree: Record<string, unknown>; on_no_match: unknown };
    matcher.matcher_tree["exact_match_map"] = { map };
    matcher.on_no_match = last;
  });
  const auth = files("auth", {
    "/var/lib/atalaya/auth/live/tenants.json": { version: 1, tenants },
    "/var/lib/atalaya/auth/secrets/keys.json": content,
  });
  return messages(oneListOfTenants, [MX, PE, ...clients, bound, auth]);
};
const listed = (change: object) => ({ tenants: [LISTED[0], { ...LISTED[1], ...change }] });
const allowed = (...bindings: readonly string[]) => ({
  map: { ...BOUND, ...Object.fromEntries(bindings.map((binding) => [binding, verdict("ALLOW")])) },
});
const stray = (binding: string) =>
  `The edge lets ${JSON.stringify(binding)} in, which is no active agent and its own tenant.`;

describe("one-list-of-tenants", () => {
  it("passes lists that say the same, with a suspended tenant's agent in no binding", () => {
    expect(found()).toEqual([]);
  });

  it.each([
    ["a suspended tenant's agent", "agent-pe|tenant-pe"],
    ["a client and another's tenant", "agent-mx|tenant-pe"],
    ["a service, which is no agent", "service-mx-shop|tenant-mx"],
    ["two tenants", "agent-mx|tenant-mx|tenant-pe"],
    ["a client that nobody has", "ghost|tenant-mx"],
    ["a wider pattern", "agent-mx|*"],
  ])("refuses to let in %s", (_, binding) => {
    expect(found(allowed(binding))).toEqual([stray(binding)]);
  });

  it("refuses to forget an active agent, and to know one by a list that refuses it", () => {
    const forgotten = [
      'The edge does not know "agent-mx|tenant-mx": this agent\'s telemetry would be refused for good.',
    ];
    expect(found({ map: { "no client|no tenant": verdict("DENY") } })).toEqual(forgotten);
    expect(found({ map: { "agent-mx|tenant-mx": verdict("DENY") } })).toEqual(forgotten);
  });

  it("refuses an action that does not say DENY, LOG among them", () => {
    expect(found({ map: { ...BOUND, "x|y": verdict("LOG") } })).toEqual([stray("x|y")]);
  });

  it("refuses a list that lets in what is not in it, or that is no exact look-up", () => {
    const message = "The edge's list of bindings is no exact look-up that refuses what is not in it.";
    expect(found({ last: verdict("ALLOW") })).toEqual([message]);
    const prefixes = edge(({ bindings }) => {
      const { matcher_tree: tree } = bindings["matcher"] as { matcher_tree: Record<string, unknown> };
      tree["prefix_match_map"] = tree["exact_match_map"];
      delete tree["exact_match_map"];
    });
    const auth = files("auth", {
      "/var/lib/atalaya/auth/live/tenants.json": { tenants: LISTED },
      "/var/lib/atalaya/auth/secrets/keys.json": { keys: KEYS },
    });
    expect(messages(oneListOfTenants, [MX, PE, ...CLIENTS, prefixes, auth])).toEqual([message]);
  });

  it.each<[string, World, string]>([
    ["twice", { tenants: [...LISTED, LISTED[1]] }, "tenant pe is listed twice"],
    [
      "not declared",
      { tenants: [...LISTED, { ...LISTED[1], id: "co", orgId: "tenant-co", agents: [] }] },
      "tenant co is listed, but not declared",
    ],
    [
      "not listed",
      { tenants: LISTED.slice(0, 1), clients: CLIENTS.slice(0, 2) },
      "tenant pe is declared, but not listed",
    ],
    [
      "with another's organisation",
      listed({ orgId: "tenant-mx" }),
      'tenant pe has the organisation id "tenant-mx" instead of tenant-pe',
    ],
    ["in no known state", listed({ state: "paused" }), 'tenant pe has the state "paused"'],
  ])("refuses a tenant that is listed %s", (_, world, problem) => {
    expect(found(world)).toContain(`Directory of the auth service: ${problem}.`);
  });

  it("knows suspended agents, and lets none of them in", () => {
    const suspended = listed({ state: "active", agents: [], suspendedAgents: ["agent-pe"] });
    expect(found(suspended)).toEqual([]);
    expect(found({ ...suspended, ...allowed("agent-pe|tenant-pe") })).toEqual([stray("agent-pe|tenant-pe")]);
  });

  it("refuses a client of two tenants", () => {
    expect(found(listed({ agents: ["agent-pe", "agent-mx"] }))).toContain(
      "Client agent-mx is listed for tenant pe and for tenant mx.",
    );
  });

  it("refuses clients that are declared for another tenant, for none in the list, or not at all", () => {
    expect(found({ clients: [...CLIENTS.slice(0, 2), client("agent-pe", MX)] })).toEqual([
      "Client agent-pe is declared for tenant mx, but listed for pe.",
    ]);
    expect(found({ clients: [...CLIENTS, client("ghost", PE)] })).toEqual([
      "Client ghost is declared for tenant pe, but listed for none.",
    ]);
    expect(found({ clients: CLIENTS.slice(0, 2) })).toEqual([
      "Client agent-pe of tenant pe is listed, but not declared.",
    ]);
  });

  it.each<[string, object, string]>([
    [
      "of several tenants",
      { orgId: "tenant-mx|tenant-pe" },
      'is for "tenant-mx|tenant-pe", which is no one tenant',
    ],
    ["of nobody", { orgId: "tenant-co" }, 'is for "tenant-co", which is no one tenant'],
    ["in plain", { hash: "atl_pe_open" }, "is not a hash"],
    ["that another has", { hash: "a".repeat(64) }, "is the same key as grafana-mx"],
  ])("refuses a key %s", (_, change, problem) => {
    expect(found({ keys: [KEYS[0], { ...KEYS[1], ...change }] })).toEqual([
      `The declared key grafana-pe ${problem}.`,
    ]);
  });

  it("refuses a key that is listed twice, and passes the platform's and keys that are not known yet", () => {
    expect(found({ keys: [KEYS[0], { ...KEYS[0], hash: "c".repeat(64) }] })).toEqual([
      "The declared key grafana-mx is listed twice.",
    ]);
    expect(
      found({ keys: [...KEYS, { id: "platform", orgId: "tenant-platform", hash: "d".repeat(64) }] }),
    ).toEqual([]);
    expect(found({ keys: UNKNOWN })).toEqual([]);
  });

  it("does not pass an environment without these lists", () => {
    expect(messages(oneListOfTenants, [MX])).toEqual([
      nothingOf("tenant directory of the auth service (tenants.json)"),
    ]);
    const directory = files("auth", { "/var/lib/atalaya/auth/live/tenants.json": { tenants: [] } });
    expect(messages(oneListOfTenants, [directory])).toEqual([
      nothingOf("file of declared keys of the auth service (keys.json)"),
      nothingOf("list of bindings at the edge"),
    ]);
  });
});
