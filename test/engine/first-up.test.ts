import { beforeAll, describe, expect, it } from "vitest";
import { recordEnvironment, shown } from "../components/environment";
import { firstUp, TENANTS, type FirstUp } from "./first-up";
import { creations } from "./operations";
import { CONFIG, withStack } from "./stack";

/** What keeps tenants apart. */
const ISOLATION = [
  "docker:Container auth-files",
  "docker:Container auth-secrets",
  "docker:Container envoy-files",
  "docker:Container envoy-secrets",
  "docker:Container loki-files",
  "docker:Container mimir-files",
  "docker:Container tempo-files",
];

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

describe("a first up", () => {
  it("makes what the offline preview shows, and nothing else", async () => {
    const { resources } = await recordEnvironment(TENANTS, CONFIG);
    expect(first.run.operations).toEqual(resources.map((resource) => `create ${shown(resource)}`).sort());
  });

  it("puts isolation in place before anybody can prove to be of a tenant", () => {
    const created = creations(first.run.events);
    const isolated = Math.max(...ISOLATION.map((name) => created.get(name)?.ended ?? Infinity));
    const credentials = [...created.keys()].filter((name) =>
      /^(keycloak:Client (agent|plant|service)|keycloak:User (mx|pe)-|grafana:DataSource|docker:Container (agent-..|plant)-container)/.test(
        name,
      ),
    );
    expect(credentials).toHaveLength(4 + 6 + 6 + 3);
    for (const name of credentials)
      expect([name, created.get(name)?.began]).toEqual([
        name,
        expect.toSatisfy((began: number) => began > isolated),
      ]);
  });

  it("is followed by one that changes nothing", { timeout: 120_000 }, async () => {
    const again = await withStack((stack) => stack.up(), first);
    expect(again).toMatchObject({ operations: [], problem: undefined });
  });
});
