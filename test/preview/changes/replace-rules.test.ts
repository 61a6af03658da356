import { beforeAll, describe, expect, it } from "vitest";
import { replaces } from "../../../src/preview/changes/replace-rules";
import { recordEnvironment } from "../../components/environment";
import { TABLES } from "../../engine/provider/provider";
import type { AnyTable } from "../../engine/provider/table";

/** With everything that a list and a stack's settings can ask for, so that no type is missing. */
const TENANTS = [
  { id: "mx", name: "México", services: [{ name: "shop", scopes: ["orders:read"] }] },
  { id: "pe", name: "Perú", state: "suspended" },
];
const SETTINGS = {
  "atalaya:demonstrationUsers": "true",
  "atalaya:clientSecrets": JSON.stringify({ rotateEvery: "90d", overlap: "7d" }),
  "atalaya:identityProviders": JSON.stringify([
    {
      alias: "corp",
      displayName: "Corporate",
      issuer: "https://id.example.com",
      authorizationUrl: "https://id.example.com/authorize",
      tokenUrl: "https://id.example.com/token",
      jwksUrl: "https://id.example.com/keys",
      clientId: "atalaya",
      clientSecretKey: "corp-secret",
    },
  ]),
};

/** Inputs that are given to any resource of a type, by type; without components and providers, which nobody replaces. */
let given: ReadonlyMap<string, ReadonlySet<string>>;
beforeAll(async () => {
  const { resources } = await recordEnvironment(TENANTS, SETTINGS);
  const made = resources.filter(({ type }) => !/^(atalaya|pulumi):/.test(type));
  given = new Map(
    [...Map.groupBy(made, ({ type }) => type)].map(([type, all]) => [
      type,
      new Set(all.flatMap(({ inputs }) => Object.keys(inputs))),
    ]),
  );
});

const named = ({ replacedBy, required, onlyAtCreation = [] }: AnyTable): readonly string[] => [
  ...replacedBy,
  ...Object.keys(required),
  ...onlyAtCreation,
];

describe("what a plan calls a replacement", () => {
  it("is looked at for every type that is registered, and for no other", () => {
    expect(Object.keys(TABLES).sort()).toEqual([...given.keys()].sort());
  });

  it("is what the stand-in providers replace", () => {
    const differences = [...given].flatMap(([type, inputs]) => {
      const table = TABLES[type];
      if (table === undefined) return [`${type}: no stand-in knows it`];
      return [...new Set([...inputs, ...named(table)])].sort().flatMap((input) => {
        const [plan, standIn] = [replaces({ type }, input), table.replacedBy.includes(input)];
        const said = (replaced: boolean): string => (replaced ? "replaces" : "updates");
        return plan === standIn
          ? []
          : [`${type} ${input}: the plan ${said(plan)}, the stand-in ${said(standIn)}`];
      });
    });
    expect(differences).toEqual([]);
  });
});
