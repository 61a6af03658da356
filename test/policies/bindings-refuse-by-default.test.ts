import { describe, expect, it } from "vitest";
import { bindingsRefuseByDefault } from "../../policies/rules/bindings-refuse-by-default";
import { messages, nothingOf } from "./builder";
import { edge } from "./edge-builder";

const all = [{ any: true }];
const found = (fallback: object) =>
  messages(bindingsRefuseByDefault, [edge((made) => Object.assign(made.fallback, fallback))]);
const rules = (action: string, policy: object) => ({ rules: { action, policies: { one: policy } } });

describe("bindings-refuse-by-default", () => {
  it("passes what refuses everybody, and what stands nowhere", () => {
    expect(found({})).toEqual([]);
    expect(found(rules("DENY", { permissions: all, principals: all }))).toEqual([]);
  });

  it.each([
    ["lets everybody in", rules("ALLOW", { permissions: all, principals: all })],
    ["refuses some", rules("DENY", { permissions: [{ url_path: "/x" }], principals: all })],
    ["refuses under a condition", rules("DENY", { permissions: all, principals: all, condition: {} })],
    ["asks a matcher", { ...rules("DENY", { permissions: all, principals: all }), matcher: {} }],
  ])("refuses what %s", (_, fallback) => {
    expect(found(fallback)).toEqual([
      "Listener otlpHttp: bindings lets requests pass while its list is missing (default_config).",
    ]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(bindingsRefuseByDefault, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
