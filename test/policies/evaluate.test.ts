import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluate, RULES } from "../../policies/rules";
import type { Rule } from "../../policies/rules/rule";
import { recording, resource, tenant } from "./builder";

const rule = (name: string, check: Rule["check"]): Rule => ({ name, description: "For a test.", check });
const MX = tenant("mx");
const OTHER = resource("x:y:Z", "other");

describe("evaluate", () => {
  it("says which rules passed, and everything about those that did not, sorted", () => {
    const found = (resource: typeof MX, message: string) => ({
      resource,
      tenant: "mx",
      message,
      remedy: "Mend it.",
    });
    const result = evaluate(recording([MX, OTHER]), [
      rule("second", () => [found(OTHER, "b"), found(MX, "c"), found(MX, "a")]),
      rule("third", () => []),
      rule("first", () => []),
    ]);
    const violation = (urn: string, message: string) => ({
      policy: "second",
      tenant: "mx",
      urn,
      message,
      remedy: "Mend it.",
    });
    expect(result).toEqual({
      passed: ["first", "third"],
      violations: [violation(MX.urn, "a"), violation(MX.urn, "c"), violation(OTHER.urn, "b")],
    });
  });

  it("reports what is wrong with the whole environment at the stack", () => {
    const { violations } = evaluate(recording([]), [rule("empty", () => [{ message: "m", remedy: "r" }])]);
    expect(violations).toEqual([
      {
        policy: "empty",
        urn: "urn:pulumi:dev::atalaya::pulumi:pulumi:Stack::atalaya-dev",
        message: "m",
        remedy: "r",
      },
    ]);
  });

  it("takes a rule that fails for one that is violated, and goes on with the others", () => {
    const fails = rule("fails", () => {
      throw new TypeError("x is not a function");
    });
    expect(evaluate(recording([]), [fails, rule("works", () => [])])).toMatchObject({
      passed: ["works"],
      violations: [{ policy: "fails", message: "The rule could not decide: x is not a function" }],
    });
  });

  it("passes nothing of an empty recording", () => {
    const { passed, violations } = evaluate(recording([]));
    expect(passed).toEqual([]);
    expect(new Set(violations.map(({ policy }) => policy)).size).toBe(RULES.length);
  });
});

describe("the list of rules", () => {
  it("has every rule of the folder, under its file's name, once and in order", () => {
    const names = RULES.map(({ name }) => name);
    const folder = readdirSync(join(__dirname, "../../policies/rules"));
    const tests = readdirSync(__dirname);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => !folder.includes(`${name}.ts`))).toEqual([]);
    expect(names.filter((name) => !tests.includes(`${name}.test.ts`))).toEqual([]);
    const readers = [
      "addresses",
      "alloy",
      "containers",
      "context",
      "credentials",
      "data-sources",
      "demands",
      "edge",
      "envoy",
      "extra-routes",
      "files",
      "forbidden-routes",
      "graph",
      "index",
      "route-match",
      "rule",
      "settings",
      "tenants",
      "values",
    ];
    expect(
      folder
        .map((file) => file.replace(/\.ts$/, ""))
        .filter((file) => !names.includes(file))
        .sort(),
    ).toEqual(readers);
  });

  it("says of each rule what must never be", () => {
    for (const { description } of RULES) expect(description).toMatch(/^[A-Z].{40,}\.$/);
  });
});
