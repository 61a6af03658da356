import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, MX, PE, TENANTS, type FirstUp } from "./first-up";
import { ownOf, sorted, WRITERS } from "./operations-of-tenants";
import { withStack } from "./stack";

const CO = { id: "co", name: "Colombia" };
const SIGN_ON = "update grafana:SsoSettings single-sign-on-settings";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

describe("a tenant", { timeout: 120_000 }, () => {
  it("that is added touches what is its own, the live files and who may log in", async () => {
    const run = await withStack((stack) => stack.up([...TENANTS, CO]), first);
    expect(run.problem).toBeUndefined();
    expect(run.operations).toEqual(sorted(ownOf("create", "co"), WRITERS, [SIGN_ON]));
  });

  it("that is suspended keeps everything but its agent's secret, and may be removed then", async () => {
    await withStack(async (stack) => {
      const suspended = await stack.up([MX, { ...PE, state: "suspended" }]);
      expect(suspended).toMatchObject({
        problem: undefined,
        operations: [
          "delete docker:Container agent-pe-secrets",
          "delete docker:Volume agent-pe-secrets",
          // Nobody asks whether it is ready while it stands still.
          "remove-pending-replace docker:Container agent-pe-ready",
          "replace docker:Container agent-pe-container",
          "replace docker:Container auth-files",
          "replace docker:Container envoy-files",
          "update atalaya:tenant:Tenant pe",
          "update keycloak:Client agent-pe-client",
        ],
      });
      const removed = await stack.up([MX]);
      expect(removed.problem).toBeUndefined();
      expect(removed.operations).toEqual(sorted(ownOf("delete", "pe", "suspended"), WRITERS, [SIGN_ON]));
      expect(stack.world.things.filter((thing) => /\bpe\b/.test(JSON.stringify(thing.inputs)))).toEqual([]);
    }, first);
  });

  it("that is removed at once is refused by an up without a preview, which touches nothing", async () => {
    await withStack(async (stack) => {
      const before = structuredClone(stack.world.things);
      const run = await stack.up([MX]);
      expect(run.problem).toContain(
        "pe has been active until now and is not in the tenant list any more. Removing deletes dashboards, clients and " +
          "queued data: first suspend it (state: suspended), update, and then remove it.",
      );
      expect(run.operations).toEqual([]);
      expect(stack.world.things).toEqual(before);
    }, first);
  });

  it("that is removed at once is refused by a preview", async () => {
    const run = await withStack((stack) => stack.preview([MX]), first);
    for (const name of ["pe-anchor", "agent-pe-data"])
      expect(run.problem).toMatch(new RegExp(`::${name}" cannot be deleted\\s+because it is protected`));
  });
});
