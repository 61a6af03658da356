import { beforeAll, describe, expect, it } from "vitest";
import type { Fields } from "../provider/table";
import { CONTAINER, type Thing } from "../provider/world";
import { firstUp, type FirstUp } from "../first-up";
import { withStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

describe("what somebody changes by hand", { timeout: 180_000 }, () => {
  it("is found by a refresh and mended by the next up", async () => {
    await withStack(async (stack) => {
      const untouched = await stack.refresh();
      expect(Object.keys(untouched.counted)).toEqual(["same"]);

      const { world } = stack;
      const change = (thing: Thing, changed: Fields) => {
        Object.assign(thing, {
          inputs: { ...thing.inputs, ...changed },
          outputs: { ...thing.outputs, ...changed },
        });
      };
      const loki = world.named(CONTAINER, "name", "atalaya-dev-loki");
      world.remove((thing) => thing === loki);
      change(world.named("keycloak:openid/client:Client", "clientId", "agent-pe"), {
        fullScopeAllowed: true,
      });
      const [source] = world
        .of("grafana:oss/dataSource:DataSource")
        .filter(({ id }) => id.endsWith(":loki-mx"));
      if (source !== undefined) change(source, { url: "https://elsewhere.example.com" });

      const found = await stack.refresh();
      expect(found.problem).toBeUndefined();
      expect(found.counted).toMatchObject({ delete: 1, update: 2 });

      const mended = await stack.up();
      expect(mended).toMatchObject({
        problem: undefined,
        operations: [
          "create docker:Container loki-container",
          // Asks the new container.
          "replace docker:Container loki-ready",
          "update grafana:DataSource mx-logs",
          "update keycloak:Client agent-pe-client",
        ],
      });
      expect((await stack.up()).operations).toEqual([]);
    }, first);
  });
});
