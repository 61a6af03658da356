import type { PolicyPackArgs, StackValidationPolicy } from "@pulumi/policy";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import "../../policies";
import { RULES } from "../../policies/rules";
import { parseSettings } from "../../policies/rules/settings";
import { container } from "./builder";

const packs = vi.hoisted((): [string, PolicyPackArgs][] => []);
// The real one starts a server for the engine.
vi.mock("@pulumi/policy", () => ({
  PolicyPack: function (name: string, args: PolicyPackArgs) {
    packs.push([name, args]);
  },
}));

describe("the pack that an engine loads", () => {
  const policies = () => packs.flatMap(([, args]) => args.policies as readonly StackValidationPolicy[]);

  it("is one, with exactly the rules and what reads inputs for them, all of them mandatory", () => {
    expect(packs.map(([name, { enforcementLevel }]) => [name, enforcementLevel])).toEqual([
      ["atalaya", "mandatory"],
    ]);
    expect(policies().map(({ name, enforcementLevel }) => [name, enforcementLevel])).toEqual(
      ["inputs-are-read", ...RULES.map(({ name }) => name)].map((name) => [name, "mandatory"]),
    );
  });

  it("has no settings that a command could change", () => {
    expect(policies().filter(({ configSchema }) => configSchema !== undefined)).toEqual([]);
  });

  it("reports what a rule finds, at its resource", async () => {
    const { urn } = container("envoy");
    const policy = policies().find(({ name }) => name === "published-ports-name-an-address");
    const reported: unknown[] = [];
    const resource = {
      ...{ urn, type: "docker:index/container:Container", name: "envoy" },
      ...{ opts: { protect: false }, dependencies: [], propertyDependencies: {} },
      props: { name: "atalaya-dev-envoy", ports: [{ internal: 4317, external: 4317, ip: "192.0.2.1" }] },
    };
    const validate = policy?.validateStack;
    if (typeof validate !== "function") throw new Error("it cannot be asked");
    await validate({ resources: [resource] } as never, (message, at) => {
      reported.push([message, at]);
    });
    expect(reported).toEqual([
      [
        "envoy publishes its port 4317 as 4317 on 192.0.2.1. Publish it on 127.0.0.1, or configure 192.0.2.1 as this environment's publish address.",
        urn,
      ],
    ]);
  });

  it("ships with the defaults", () => {
    const text = readFileSync(join(__dirname, "../../policies/settings.json"), "utf8");
    expect(parseSettings(text)).toEqual({ maximumRetention: {} });
  });
});
