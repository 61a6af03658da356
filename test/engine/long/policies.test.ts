import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, TENANTS, type FirstUp } from "../first-up";
import { careless, PACK, provideAnalyzer } from "../policy-pack";
import { withStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
  provideAnalyzer();
}, 180_000);

describe("the policy pack", { timeout: 180_000 }, () => {
  it("sees a whole stack only once it is declared: an up without a preview has begun by then, and fails", async () => {
    await withStack(async (stack) => {
      const up = await stack.up(TENANTS, { ...PACK, program: careless });
      expect(up.problem).toContain("published-ports-name-an-address");
      expect(up.operations).toEqual(["create docker:Container stray"]);
    }, first);
  });
});
