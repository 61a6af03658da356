import { describe, expect, it } from "vitest";
import { imageReference } from "../../src/model/images";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { MX, only, PE, recordEnvironment, shown, shownUrn, tenantOf, waitsFor } from "./environment";

const DEMONSTRATION = { "atalaya:demonstrationUsers": "true" };

/** What keeps tenants apart: in place before anybody can prove to be of one. */
const ISOLATION = [
  "docker:Container auth-files",
  "docker:Container auth-secrets",
  "docker:Container envoy-files",
  "docker:Container envoy-secrets",
  "docker:Container loki-files",
  "docker:Container mimir-files",
  "docker:Container tempo-files",
];

const ofType = ({ resources }: Recording, suffix: string): readonly ResourceRecord[] =>
  resources.filter(({ type }) => type.endsWith(suffix));

describe("isolation before credentials", () => {
  it("holds for every program's client, directly", async () => {
    const recording = await recordEnvironment([
      { ...MX, services: [{ name: "shop", scopes: ["orders:read"] }] },
    ]);
    for (const name of ["agent-mx-client", "service-mx-shop-client"])
      expect(only(recording, `keycloak:Client ${name}`).dependsOn.map(shownUrn).sort()).toEqual([
        ...ISOLATION,
        "grafana:Organization mx-organisation",
        "keycloak:Realm realm",
        // Otherwise it may keep Keycloak's own scopes, offline_access among them.
        "keycloak:RealmDefaultClientScopes realm-default-scopes",
        "keycloak:RealmOptionalClientScopes realm-optional-scopes",
      ]);
    expect(only(recording, "keycloak:Client realm-grafana").dependsOn.map(shownUrn).sort()).toEqual([
      "keycloak:Realm realm",
      "keycloak:RealmDefaultClientScopes realm-default-scopes",
      "keycloak:RealmOptionalClientScopes realm-optional-scopes",
      "random:RandomPassword grafana-client-secret",
    ]);
  });

  it("holds for every user, and for every agent through its client", async () => {
    const recording = await recordEnvironment([MX, PE], DEMONSTRATION);
    const users = ofType(recording, "user:User").filter((user) => tenantOf(recording, user) !== undefined);
    const agents = ofType(recording, ":Container").filter(({ name }) => /^agent-..-container$/.test(name));
    expect([users.length, agents.length]).toEqual([6, 2]);
    for (const credential of [...users, ...agents])
      expect([...waitsFor(recording, credential)]).toEqual(
        expect.arrayContaining([
          ...ISOLATION,
          `grafana:Organization ${tenantOf(recording, credential) ?? ""}-organisation`,
        ]),
      );
  });

  it("starts an agent only when its client has its claim, its audience and no more scopes than it should", async () => {
    const recording = await recordEnvironment([MX]);
    expect([...waitsFor(recording, only(recording, "docker:Container agent-mx-container"))]).toEqual(
      expect.arrayContaining([
        "docker:Container agent-mx-files",
        "docker:Container agent-mx-prepare",
        "docker:Container agent-mx-secrets",
        "docker:Container envoy-ready",
        "keycloak:AudienceProtocolMapper agent-mx-audience",
        "keycloak:ClientDefaultScopes agent-mx-default-scopes",
        "keycloak:HardcodedClaimProtocolMapper agent-mx-tenant",
      ]),
    );
  });

  it("gives Grafana a key only when who judges it knows it, and the edge answers", async () => {
    const recording = await recordEnvironment([MX]);
    const sources = ofType(recording, ":DataSource");
    expect(sources).toHaveLength(6);
    for (const source of sources)
      expect(source.dependsOn.map(shownUrn)).toEqual(
        expect.arrayContaining(["docker:Container auth-secrets", "docker:Container envoy-ready"]),
      );
  });

  it("lets the edge know of a tenant after those who limit it", async () => {
    const recording = await recordEnvironment([MX]);
    expect(only(recording, "docker:Container envoy-files").dependsOn.map(shownUrn)).toEqual([
      "docker:Container auth-files",
      "docker:Container auth-secrets",
      "docker:Container alloy-gateway-files",
      "docker:Container loki-files",
      "docker:Container mimir-files",
      "docker:Container tempo-files",
      "docker:RemoteImage docker-busybox-1.37.0",
      "docker:Volume envoy-config",
      "docker:Volume envoy-live",
    ]);
  });

  it("stops an agent that is suspended before the edge refuses it, and waits for nothing that is after the edge", async () => {
    const recording = await recordEnvironment([
      { ...MX, agents: [{ id: "agent-mx" }, { id: "plant", state: "suspended" }] },
      { ...PE, state: "suspended" },
    ]);
    const stopped = ["docker:Container agent-pe-container", "docker:Container plant-container"];
    const edge = only(recording, "docker:Container envoy-files").dependsOn.map(shownUrn);
    expect(edge.filter((name) => name.endsWith("-container")).sort()).toEqual(stopped);
    for (const name of stopped) {
      const id = name.slice("docker:Container ".length, -"-container".length);
      expect([...waitsFor(recording, only(recording, name))].sort()).toEqual(
        [
          `docker:Container ${id}-files`,
          `docker:Container ${id}-prepare`,
          "docker:Network docker-edge",
          `docker:Network ${id}-network`,
          `docker:RemoteImage docker-${imageReference("alloy", undefined).split("/").at(-1)?.replace(":", "-") ?? ""}`,
          "docker:RemoteImage docker-busybox-1.37.0",
          `docker:Volume ${id}-config`,
          `docker:Volume ${id}-data`,
        ].sort(),
      );
    }
  });

  it("opens Grafana's organisations to people once all of them exist", async () => {
    const recording = await recordEnvironment([MX, PE]);
    const waits = waitsFor(recording, only(recording, "grafana:SsoSettings single-sign-on-settings"));
    expect([...waits].filter((name) => name.startsWith("grafana:Organization")).sort()).toEqual([
      "grafana:Organization mx-organisation",
      "grafana:Organization operators-organisation",
      "grafana:Organization pe-organisation",
    ]);
  });
});

describe("what the stack's own servers hold", () => {
  it("is declared through a provider that waits for the server, and goes when the server's data goes", async () => {
    const recording = await recordEnvironment([MX], DEMONSTRATION);
    const held = { keycloak: "docker:Volume postgres-data", grafana: "docker:Volume grafana-data" } as const;
    for (const [server, store] of Object.entries(held)) {
      const resources = recording.resources.filter(({ type }) => type.startsWith(`${server}:`));
      expect(resources.length).toBeGreaterThan(5);
      for (const { name, provider, deletedWith } of resources)
        expect([name, shownUrn(provider ?? ""), shownUrn(deletedWith ?? "")]).toEqual([
          name,
          `pulumi:providers:${server} ${server}-provider`,
          store,
        ]);
      const provider = only(recording, `pulumi:providers:${server} ${server}-provider`);
      expect(provider.dependsOn.map(shownUrn)).toContain(`docker:Container ${server}-ready`);
    }
  });
});

describe("protection", () => {
  it("leaves the queue of a suspended agent to whoever removes it, and keeps its tenant's others", async () => {
    const agents = [{ id: "agent-mx" }, { id: "plant", state: "suspended" }];
    const recording = await recordEnvironment([{ ...MX, agents }]);
    const queues = ["agent-mx", "plant"].map((id) => only(recording, `docker:Volume ${id}-data`).protect);
    expect([...queues, only(recording, "random:RandomUuid mx-anchor").protect]).toEqual([true, false, true]);
  });

  it("covers what holds data, the passwords that open it, and tenants that are active", async () => {
    const recording = await recordEnvironment([MX, { ...PE, state: "suspended" }]);
    expect(
      recording.resources
        .filter(({ protect }) => protect)
        .map(shown)
        .sort(),
    ).toEqual([
      "docker:Volume agent-mx-data",
      "docker:Volume grafana-data",
      "docker:Volume loki-data",
      "docker:Volume mimir-data",
      "docker:Volume postgres-data",
      "docker:Volume redis-data",
      "docker:Volume tempo-data",
      "keycloak:Realm realm",
      "random:RandomPassword auth-pepper",
      "random:RandomPassword grafana-administrator-password",
      "random:RandomPassword grafana-secret-key",
      "random:RandomPassword keycloak-administrator-password",
      "random:RandomPassword postgres-password",
      "random:RandomPassword redis-password",
      "random:RandomUuid mx-anchor",
    ]);
  });
});
