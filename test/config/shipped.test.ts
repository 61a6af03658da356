import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadInputs, PROJECT, tenantListJsonSchema } from "../../src/config";
import { stackSchema } from "../../src/config/environment-schema";

const root = join(__dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

describe.each([
  ["dev", "docker"],
  ["prod", "kubernetes"],
] as const)("the environment %s that ships", (stack, host) => {
  const { environment, tenants, warnings } = loadInputs(root, stack);
  it("has the three tenants, and nothing to warn about", () => {
    expect(environment.host).toBe(host);
    expect(tenants.map(({ id }) => id)).toEqual(["co", "mx", "pe"]);
    expect(warnings).toEqual([]);
  });
});

describe("Pulumi.yaml", () => {
  const project = parse(read("Pulumi.yaml")) as {
    name: string;
    config: Record<string, { type: string; description?: string; default?: unknown }>;
  };

  it("declares every setting that the program reads, with a description, and no other", () => {
    expect(project.name).toBe(PROJECT);
    expect(Object.keys(project.config).sort()).toEqual(Object.keys(stackSchema.shape).sort());
    for (const { description } of Object.values(project.config)) expect(description).toMatch(/\S/);
  });

  it("gives a default to every setting that a stack may leave out: Pulumi refuses a stack without the others", () => {
    const required = Object.entries(project.config).filter(([, setting]) => setting.default === undefined);
    expect(required.map(([key]) => key)).toEqual(["host", "domain", "capacity"]);
  });
});

describe("tenants.schema.json", () => {
  const text = read("tenants.schema.json");
  const schema = JSON.parse(text) as z.core.JSONSchema.JSONSchema;

  it("is current: npm run schema", () => {
    expect(text).toBe(tenantListJsonSchema());
  });

  it("is draft 7 and explains every field", () => {
    expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
    const silent: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (node === null || typeof node !== "object") return;
      for (const [key, value] of Object.entries(node)) {
        if (key === "properties")
          for (const [name, field] of Object.entries(value as Record<string, { description?: string }>))
            if (field.description === undefined) silent.push(`${path}.${name}`);
        // Alternatives only narrow what is explained beside them.
        if (key !== "oneOf") walk(value, `${path}.${key}`);
      }
    };
    walk(schema, "");
    expect(silent).toEqual([]);
  });

  it("accepts the list that ships, and refuses what is not in it", () => {
    const validator = z.fromJSONSchema(schema);
    const list = parse(read("tenants.yaml")) as { tenants: object[] };
    expect(validator.safeParse(list).error).toBeUndefined();
    for (const wrong of [
      { id: "Mx" },
      { limit: {} },
      { retention: { metrics: "30" } },
      { contacts: [{ name: "x" }] },
    ])
      expect(validator.safeParse({ ...list, tenants: [{ id: "mx", name: "A", ...wrong }] }).success).toBe(
        false,
      );
  });

  it("is what tenants.yaml names in its first line", () => {
    expect(read("tenants.yaml").split("\n")[0]).toBe("# yaml-language-server: $schema=./tenants.schema.json");
  });
});
