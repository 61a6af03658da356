import type { Recording, ResourceRecord } from "../../src/model/recording";
import { evaluate, type Finding } from "../../policies/rules";
import type { Rule } from "../../policies/rules/rule";

type Options = Partial<Pick<ResourceRecord, "protect" | "dependsOn" | "provider" | "secrets">> & {
  readonly parent?: ResourceRecord;
};

/** A resource as a recorder would give it. Names need not be unique: the parent is part of the URN. */
export function resource(
  type: string,
  name: string,
  inputs: object = {},
  options: Options = {},
): ResourceRecord {
  const { parent, ...rest } = options;
  const qualified = parent === undefined ? type : `${parent.urn.split("::")[2] ?? ""}$${type}`;
  return {
    urn: `urn:pulumi:dev::atalaya::${qualified}::${name}`,
    type,
    name,
    custom: !type.startsWith("atalaya:"),
    ...(parent !== undefined && { parent: parent.urn }),
    inputs: inputs as ResourceRecord["inputs"],
    secrets: [],
    protect: false,
    dependsOn: [],
    ...rest,
  };
}

export const recording = (
  resources: readonly ResourceRecord[],
  rest: Partial<Pick<Recording, "outputs" | "secretOutputs">> = {},
): Recording => ({
  project: "atalaya",
  stack: "dev",
  resources: [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
  outputs: {},
  secretOutputs: [],
  ...rest,
});

export const tenant = (id: string): ResourceRecord => resource("atalaya:tenant:Tenant", id);

/** What a rule finds in these resources: names and messages. */
export const judge = (
  rule: Rule,
  resources: readonly ResourceRecord[],
  rest?: Parameters<typeof recording>[1],
): readonly Finding[] => evaluate(recording(resources, rest), [rule]).violations;

/** The messages alone, without the remedies: what a test compares. */
export const messages = (...args: Parameters<typeof judge>): readonly string[] =>
  judge(...args).map(({ message }) => message);
