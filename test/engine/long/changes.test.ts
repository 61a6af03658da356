import { beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../components/environment";
import { firstUp, MX, PE, type FirstUp } from "../first-up";
import { agentOf, clientOf, sorted } from "../operations-of-tenants";
import { withStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

const replaced = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `replace docker:Container ${name}`);
const created = (names: readonly string[]): readonly string[] => names.map((name) => `create ${name}`);

/** What one change of the tenant list does: nothing that is shared is replaced but writers of live files. */
const CHANGES: readonly (readonly [what: string, list: readonly Entry[], operations: readonly string[]])[] = [
  ["a limit of requests", [MX, { ...PE, limits: { edge: { requests: "7/s" } } }], replaced("envoy-files")],
  [
    "a limit of metrics",
    [MX, { ...PE, limits: { metrics: { activeSeries: 4_321 } } }],
    replaced("mimir-files"),
  ],
  ["a retention", [{ ...MX, retention: { logs: { access: "60d" } } }, PE], replaced("loki-files")],
  [
    "one more agent",
    [{ ...MX, agents: [...MX.agents, { id: "harbour" }] }, PE],
    sorted(created([...agentOf("harbour"), ...clientOf("harbour")]), replaced("auth-files", "envoy-files")),
  ],
  [
    "one more service",
    [{ ...MX, services: [...MX.services, { name: "billing", scopes: ["bills:read"] }] }, PE],
    sorted(
      created([...clientOf("service-mx-billing"), "keycloak:ClientScope realm-scope-bills:read"]),
      replaced("auth-files"),
    ),
  ],
  [
    "another scope of a service",
    [{ ...MX, services: [{ name: "shop", scopes: ["orders:write"] }] }, PE],
    [
      "create keycloak:ClientScope realm-scope-orders:write",
      "delete keycloak:ClientScope realm-scope-orders:read",
      "replace docker:Container auth-files",
      "update atalaya:identity:Client service-mx-shop",
      "update keycloak:ClientDefaultScopes service-mx-shop-default-scopes",
    ],
  ],
];

describe("a change of a tenant", { timeout: 180_000 }, () => {
  it.each(CHANGES)("touches only what it should: %s", async (_, list, operations) => {
    expect(await withStack((stack) => stack.up(list), first)).toMatchObject({
      problem: undefined,
      operations,
    });
  });

  it("suspends an agent, and then lets it go with its queue", async () => {
    const [agent] = MX.agents;
    await withStack(async (stack) => {
      const gone = [{ ...MX, agents: [agent] }, PE];
      expect((await stack.up(gone)).problem).toContain(
        "first list it as suspended (agents: [{ id: plant, state: suspended }]), update, and then remove it.",
      );
      const suspended = await stack.up([{ ...MX, agents: [agent, { id: "plant", state: "suspended" }] }, PE]);
      expect(suspended).toMatchObject({
        problem: undefined,
        operations: [
          "delete docker:Container plant-secrets",
          "delete docker:Volume plant-secrets",
          "remove-pending-replace docker:Container plant-ready",
          ...replaced("auth-files", "envoy-files", "plant-container"),
          "update keycloak:Client plant-client",
        ],
      });
      const removed = await stack.up(gone);
      expect(removed.problem).toBeUndefined();
      expect(removed.operations).toEqual(
        sorted(
          [...agentOf("plant", "suspended"), ...clientOf("plant")].map((name) => `delete ${name}`),
          replaced("auth-files"),
        ),
      );
    }, first);
  });
});
