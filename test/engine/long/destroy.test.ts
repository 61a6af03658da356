import { beforeAll, describe, expect, it } from "vitest";
import { data, passwords } from "../data";
import { firstUp, type FirstUp } from "../first-up";
import { pulumi, withStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

describe("a destroy", { timeout: 180_000 }, () => {
  it("is refused while anything is protected, and touches nothing", async () => {
    await withStack(async (stack) => {
      const { world } = stack;
      const before = structuredClone(world.things);
      const { code, stdout } = await pulumi(stack, ["destroy", "--yes"]);
      expect(code).not.toBe(0);
      for (const name of ["mimir-data", "realm", "redis-password"])
        expect(stdout).toMatch(new RegExp(`::${name}" cannot be deleted\\s+because it is protected`));
      expect(world.things).toEqual(before);
    }, first);
  });

  it("of what is not protected keeps data and passwords, and the next up finds them", async () => {
    await withStack(async (stack) => {
      const { world } = stack;
      const [kept, known] = [data(world), passwords(world)];

      const destroyed = await stack.destroy({ excludeProtected: true });
      expect(destroyed.problem).toBeUndefined();
      expect(data(world)).toEqual(kept);
      for (const service of ["envoy", "auth", "grafana", "mimir", "loki", "tempo", "alloy-gateway", "redis"])
        expect([service, world.runs(service)]).toEqual([service, false]);

      const up = await stack.up();
      expect(up.problem).toBeUndefined();
      data(world).forEach((thing, index) => {
        expect(thing).toBe(kept[index]);
      });
      expect(passwords(world)).toEqual(known);
      expect((await stack.up()).operations).toEqual([]);
    }, first);
  });
});
