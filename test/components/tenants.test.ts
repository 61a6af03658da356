import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/rules";
import { changes, MX, PE, recordEnvironment, shown, tenantOf } from "./environment";

const DEMONSTRATION = { "atalaya:demonstrationUsers": "true" };
const suspended = { ...MX, state: "suspended" };

/** Shared resources that a change of the tenant list may touch: live files, and who may enter which organisation. */
const LIVE = [
  "docker:Container auth-files",
  "docker:Container auth-secrets",
  "docker:Container envoy-files",
  "docker:Container loki-files",
  "docker:Container mimir-files",
  "docker:Container tempo-files",
  "grafana:SsoSettings single-sign-on-settings",
];

/** All that a tenant with its default agent is. */
const ONE_TENANT = (id: string) => [
  `atalaya:identity:Client agent-${id}`,
  `atalaya:identity:TenantIdentity ${id}`,
  `atalaya:tenant:Agent agent-${id}`,
  `atalaya:tenant:Tenant ${id}`,
  `atalaya:view:OperatorsView ${id}`,
  `atalaya:view:Organisation ${id}`,
  `docker:Container agent-${id}-container`,
  `docker:Container agent-${id}-files`,
  `docker:Container agent-${id}-prepare`,
  `docker:Container agent-${id}-ready`,
  `docker:Container agent-${id}-secrets`,
  `docker:Network agent-${id}-network`,
  `docker:Volume agent-${id}-config`,
  `docker:Volume agent-${id}-data`,
  `docker:Volume agent-${id}-secrets`,
  ...["logs", "metrics", "traces"].flatMap((signal) => [
    `grafana:DataSource ${id}-${signal}`,
    `grafana:DataSource ${id}-${signal}`,
  ]),
  `grafana:Organization ${id}-organisation`,
  `keycloak:AudienceProtocolMapper agent-${id}-audience`,
  `keycloak:Client agent-${id}-client`,
  `keycloak:ClientDefaultScopes agent-${id}-default-scopes`,
  `keycloak:Group ${id}-group`,
  `keycloak:Group ${id}-group-admin`,
  `keycloak:Group ${id}-group-editor`,
  `keycloak:Group ${id}-group-viewer`,
  `keycloak:HardcodedClaimProtocolMapper agent-${id}-tenant`,
  `random:RandomPassword ${id}-key-operators`,
  `random:RandomPassword ${id}-key-own`,
  `random:RandomUuid ${id}-anchor`,
];

/** What is left of it while it is suspended. */
const STOPPED = (id: string) =>
  ONE_TENANT(id)
    .filter((name) => !/^docker:(Container agent-..-(ready|secrets)|Volume agent-..-secrets)$/.test(name))
    .sort();

describe("a tenant", () => {
  it("is exactly these resources, all below its own component", async () => {
    const recording = await recordEnvironment([MX, PE]);
    const own = recording.resources.filter((resource) => tenantOf(recording, resource) === "mx");
    expect(own.map(shown).sort()).toEqual(ONE_TENANT("mx").sort());
  });

  it("adds itself and touches the live files, and no process", async () => {
    const [before, after] = [await recordEnvironment([PE]), await recordEnvironment([MX, PE])];
    expect(changes(before, after)).toEqual({ added: ONE_TENANT("mx").sort(), removed: [], changed: LIVE });
  });

  it("touches as many shared resources when it is the ninth as when it is the second", async () => {
    const many = ["aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"];
    const [before, after] = [await recordEnvironment(many), await recordEnvironment([...many, MX])];
    expect(changes(before, after)).toEqual({ added: ONE_TENANT("mx").sort(), removed: [], changed: LIVE });
  });

  it("that is suspended loses its clients' right to tokens and its protection, its agent stands still, and no data is removed", async () => {
    const [before, after] = [await recordEnvironment([MX, PE]), await recordEnvironment([suspended, PE])];
    expect(changes(before, after)).toEqual({
      added: [],
      // Who asks it whether it is ready, and its credentials.
      removed: [
        "docker:Container agent-mx-ready",
        "docker:Container agent-mx-secrets",
        "docker:Volume agent-mx-secrets",
      ],
      changed: [
        "atalaya:tenant:Tenant mx",
        "docker:Container agent-mx-container",
        "docker:Container auth-files",
        "docker:Container envoy-files",
        "docker:Volume agent-mx-data",
        "keycloak:Client agent-mx-client",
        "random:RandomUuid mx-anchor",
      ],
    });
  });

  it("that is removed takes everything of its own with it", async () => {
    const [before, after] = [await recordEnvironment([suspended, PE]), await recordEnvironment([PE])];
    expect(changes(before, after)).toEqual({ added: [], removed: STOPPED("mx"), changed: LIVE });
  });

  it("can lose one agent of two: that is suspended, and then removed with all that is its own", async () => {
    const with_ = (...more: readonly object[]) =>
      recordEnvironment([{ ...MX, agents: [{ id: "agent-mx" }, ...more] }, PE]);
    const both = await with_({ id: "agent-zz" });
    const one = await with_({ id: "agent-zz", state: "suspended" });
    expect(changes(both, one)).toEqual({
      added: [],
      removed: [
        "docker:Container agent-zz-ready",
        "docker:Container agent-zz-secrets",
        "docker:Volume agent-zz-secrets",
      ],
      changed: [
        "docker:Container agent-zz-container",
        "docker:Container auth-files",
        "docker:Container envoy-files",
        "docker:Volume agent-zz-data",
        "keycloak:Client agent-zz-client",
      ],
    });
    const own = STOPPED("zz").filter((name) => name.includes("agent-zz"));
    expect(changes(one, await with_())).toEqual({
      added: [],
      removed: own,
      changed: ["docker:Container auth-files"],
    });
    expect(
      own.filter((name) => one.resources.some((resource) => shown(resource) === name && resource.protect)),
    ).toEqual([]);
  });

  it("whose limits change touches the files of who enforces them, and its agents by the room in their queues", async () => {
    const limited = { ...MX, limits: { edge: { requests: "7/s" }, logs: { ingest: "1MiB/s" } } };
    const [before, after] = [await recordEnvironment([MX, PE]), await recordEnvironment([limited, PE])];
    expect(changes(before, after)).toEqual({
      added: [],
      removed: [],
      changed: [
        "docker:Container agent-mx-container",
        "docker:Container agent-mx-files",
        "docker:Container envoy-files",
        "docker:Container loki-files",
      ],
    });
  });

  it("gets a demonstration user for each role only where they are wanted", async () => {
    const [without, with_] = [await recordEnvironment([MX]), await recordEnvironment([MX], DEMONSTRATION)];
    expect(changes(without, with_)).toEqual({
      added: ["mx-admin", "mx-editor", "mx-viewer", "operator"]
        .flatMap((user) => [
          `keycloak:User ${user}-user`,
          `keycloak:UserGroups ${user}-groups`,
          `random:RandomPassword ${user}-password`,
        ])
        .sort(),
      removed: [],
      // Grafana shows its own login form where people have no other way in, and a script gets their tokens by a password.
      changed: [
        "docker:Container auth-container",
        "docker:Container grafana-container",
        "docker:Container grafana-files",
        "keycloak:Client realm-people",
      ],
    });
  });
});

describe("ids that are each other's beginnings and endings", () => {
  it("give no two resources the same URN and no two containers the same name", async () => {
    const parts = ["key", "own", "operators", "group", "admin", "files", "ready", "secrets", "data"];
    const recording = await recordEnvironment(
      ["mx", ...parts.map((part) => `mx-${part}`), ...parts.slice(0, 2).map((part) => `mx-key-${part}`)].map(
        (id) => ({
          id,
          name: `Name of ${id.replaceAll("-", " ")}`,
          agents: [{ id: `agent-${id}` }, { id: `a-${id}-container` }],
        }),
      ),
      DEMONSTRATION,
    );
    const containers = recording.resources.filter(({ type }) => type === "docker:index/container:Container");
    const names = containers.map(({ inputs }) => inputs["name"]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(recording.resources.map(({ urn }) => urn)).size).toBe(recording.resources.length);
  });
});

describe("an agent that runs elsewhere", () => {
  const plant = {
    id: "agent-mx-plant",
    runs: "elsewhere",
    hostMetrics: true,
    fileLogs: [{ path: "/var/log/*.log", class: "system" }],
  };
  const AGENTS = [{ id: "agent-mx" }, plant];

  it("is a client with its claims, let in at the edge, and nothing that runs here", async () => {
    const before = await recordEnvironment([MX]);
    const recording = await recordEnvironment([{ ...MX, agents: AGENTS }]);
    const names = (of: typeof before) => new Set(of.resources.map(shown));
    const more = [...names(recording)].filter((name) => !names(before).has(name)).sort();
    expect(more).toEqual([
      "atalaya:identity:Client agent-mx-plant",
      "keycloak:AudienceProtocolMapper agent-mx-plant-audience",
      "keycloak:Client agent-mx-plant-client",
      "keycloak:ClientDefaultScopes agent-mx-plant-default-scopes",
      "keycloak:HardcodedClaimProtocolMapper agent-mx-plant-tenant",
    ]);
    expect(JSON.stringify(recording.resources)).toContain("agent-mx-plant|tenant-mx");
    expect(evaluate(recording).violations).toEqual([]);
  });

  it("may be the only one of its tenant", async () => {
    const recording = await recordEnvironment([PE, { ...MX, agents: [plant] }]);
    expect(evaluate(recording).violations).toEqual([]);
  });
});
