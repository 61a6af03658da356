import { beforeAll, describe, expect, it } from "vitest";
import { evaluate, RULES } from "../../policies/rules";
import type { Recording } from "../../src/model/recording";
import { recordShipped } from "./environment";
import { EMPTIED, MUTATIONS } from "./mutations";

describe("the shipped environment", () => {
  let shipped: Recording;
  beforeAll(async () => {
    shipped = await recordShipped();
  });

  it("passes every rule", () => {
    expect(evaluate(shipped)).toEqual({ passed: RULES.map(({ name }) => name).sort(), violations: [] });
  });

  it("has a deliberate break for every rule, and no other", () => {
    expect(Object.keys(MUTATIONS).sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  describe.each(Object.entries(MUTATIONS))("%s", (name, mutations) => {
    it.each(mutations)("and no other rule claims: $what", ({ apply, messages }) => {
      const { violations } = evaluate(apply(shipped));
      expect([...new Set(violations.map(({ policy }) => policy))]).toEqual([name]);
      expect(violations.map(({ message }) => message).slice(0, messages.length)).toEqual(messages);
      expect(violations.every(({ remedy }) => remedy.length > 20)).toBe(true);
    });
  });

  it.each(EMPTIED)("is not passed for lack of anything to check: $what", ({ apply, passed }) => {
    expect(evaluate(apply(shipped)).passed).toEqual(passed);
  });
});
