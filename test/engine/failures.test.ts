import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, TENANTS, type FirstUp } from "./first-up";
import type { World } from "./provider/world";
import { withStack } from "./stack";

const CO = { id: "co", name: "Colombia" };

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

const clientsOf = (world: World): readonly unknown[] =>
  world.of("keycloak:openid/client:Client").map(({ inputs }) => inputs["clientId"]);

describe("an up that fails half-way", { timeout: 180_000 }, () => {
  it("gives nobody a credential before the edge knows the tenant, and is mended by the next", async () => {
    await withStack(async (stack) => {
      stack.world.before = ({ kind, name }) => {
        if (kind === "create" && name === "envoy-files") throw new Error("no space left on device");
      };
      const failed = await stack.up([...TENANTS, CO]);
      expect(failed.problem).toContain("no space left on device");
      expect(clientsOf(stack.world)).not.toContain("agent-co");
      // The old list stays in force: the volume keeps what the last writer put there.
      expect(stack.world.named("docker:index/volume:Volume", "name", "atalaya-dev-envoy.live")).toBeDefined();

      stack.world.before = () => undefined;
      const mended = await stack.up();
      expect(mended.problem).toBeUndefined();
      expect(clientsOf(stack.world)).toContain("agent-co");
      expect((await stack.up()).operations).toEqual([]);
    }, first);
  });
});
