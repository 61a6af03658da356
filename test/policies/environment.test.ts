import { beforeAll, describe, expect, it } from "vitest";
import { evaluate, RULES } from "../../policies/rules";
import type { Recording } from "../../src/model/recording";
import { recordEnvironment } from "../components/environment";
import { recordShipped } from "./environment";
import { EMPTIED, MUTATIONS } from "./mutations";
import { problemsOf } from "./mutations/caught";

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
    it.each(mutations)("and no other rule claims: $what", (mutation) => {
      expect(problemsOf(name, mutation, mutation.apply(shipped))).toEqual([]);
    });
  });

  it.each(EMPTIED)("is not passed for lack of anything to check: $what", ({ apply, passed }) => {
    expect(evaluate(apply(shipped)).passed).toEqual(passed);
  });
});

describe("other environments", () => {
  const MX = { id: "mx", name: "México" };
  it.each<[string, readonly object[], Readonly<Record<string, string>>]>([
    ["no tenants", [], {}],
    ["one tenant", [MX], {}],
    ["a suspended tenant", [MX, { id: "pe", name: "Perú", state: "suspended" }], {}],
    [
      "ids that are words",
      ["in", "no", "orders", "data", "limits", "decided", "of-token", "push", "query", "list"].map((id) => ({
        id,
        name: `${id} Inc.`,
      })),
      {},
    ],
    [
      "a suspended agent",
      [{ ...MX, agents: [{ id: "agent-mx" }, { id: "agent-mx-old", state: "suspended" }] }],
      {},
    ],
    ["services with scopes", [{ ...MX, services: [{ name: "shop", scopes: ["orders:read"] }] }], {}],
    ["demonstration users", [MX], { "atalaya:demonstrationUsers": "true" }],
    ["inner ports for debugging", [MX], { "atalaya:debugPorts": "true" }],
    ["another address", [MX], { "atalaya:publish": JSON.stringify({ address: "192.0.2.1" }) }],
    ["an IPv6 address", [MX], { "atalaya:publish": JSON.stringify({ address: "2001:db8::1" }) }],
    ["a mirror for images", [MX], { "atalaya:imageRegistry": "mirror.example:5000/proxy" }],
  ])("pass: %s", async (_, tenants, settings) => {
    const recording = await recordEnvironment(tenants as Parameters<typeof recordEnvironment>[0], settings);
    expect(evaluate(recording).violations).toEqual([]);
  });
});
