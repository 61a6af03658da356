import { describe, expect, it } from "vitest";
import { PLAN_VERSION, plannedEnvironment, type Plan } from "../../src/preview/plan";
import { readPlan } from "../../src/preview/plan-file";
import { environmentOf } from "../components/environment";

const PLAN: Plan = {
  version: PLAN_VERSION,
  environment: plannedEnvironment(environmentOf()),
  ...{ tenants: [], resources: [], files: [], outputs: {}, warnings: [] },
  policies: { passed: [], violations: [] },
};

const problemOf = (value: unknown): string => {
  const read = readPlan(typeof value === "string" ? value : JSON.stringify(value));
  return "problem" in read ? read.problem : "none";
};

describe("a saved plan", () => {
  it("is read", () => {
    expect(readPlan(JSON.stringify(PLAN))).toEqual(PLAN);
  });

  it.each([
    ["{", /^is no JSON: /],
    ["", /^is no JSON: /],
    ["null", /^is no plan of Atalaya$/],
    ["[]", /^is no plan of Atalaya$/],
    [{ version: 1, changes: {} }, /^is no plan of Atalaya$/],
    [{ ...PLAN, version: 1 }, /^is a plan of version 1, and this program compares version 2$/],
    [{ ...PLAN, version: "9" }, /^is a plan of version "9"/],
    [{ ...PLAN, tenants: [{ id: "mx" }] }, /^is a damaged plan: tenants\.0\.name /],
    [{ ...PLAN, policies: undefined }, /^is a damaged plan: policies /],
  ] as const)("that is none is said (case %#)", (value, problem) => {
    expect(problemOf(value)).toMatch(problem);
  });
});
