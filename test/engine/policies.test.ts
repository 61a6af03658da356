import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, TENANTS, type FirstUp } from "./first-up";
import { careless, PACK, provideAnalyzer } from "./policy-pack";
import { withStack } from "./stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
  provideAnalyzer();
}, 180_000);

describe("the policy pack", { timeout: 180_000 }, () => {
  it("passes the environment as it is", async () => {
    const run = await withStack((stack) => stack.preview(TENANTS, PACK), first);
    expect(run).toMatchObject({ problem: undefined, operations: [] });
    expect(run.output).toContain("atalaya@v0.1.0");
  });

  it("blocks a bad stack in a preview, and an up before anything is made", async () => {
    await withStack(async (stack) => {
      const before = structuredClone(stack.world.things);
      const preview = await stack.preview(TENANTS, { ...PACK, program: careless });
      const up = await stack.up(TENANTS, { ...PACK, program: careless, previewFirst: true });
      for (const run of [preview, up]) {
        expect(run.problem).toContain("published-ports-name-an-address");
        expect(run.problem).toContain("stray");
      }
      expect(stack.world.things).toEqual(before);
    }, first);
  });
});
