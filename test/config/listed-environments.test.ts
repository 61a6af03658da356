import { expect, it } from "vitest";
import { parseTenantList } from "../../src/config";
import { problemsOf } from "./helpers";

const list = (environments: string): string =>
  `tenants:\n  - { id: mx, name: México, environments: ${environments} }\n`;
const problems = (environments: string, known?: readonly string[]): string[] =>
  problemsOf(() =>
    parseTenantList(list(environments), "tenants.yaml", known === undefined ? {} : { environments: known }),
  );

it("takes environments that exist, and any when nobody says which do", () => {
  expect(problems("[dev, prod]", ["dev", "prod"])).toEqual([]);
  expect(problems("[dve]")).toEqual([]);
});

it.each([
  [
    "[dve]",
    '2:44: tenants[0] "mx": environments[0] "dve" is not an environment of this project. Did you mean "dev"? An environment is a stack: a new one begins with its file Pulumi.dve.yaml.',
  ],
  [
    "[dev, staging]",
    '2:49: tenants[0] "mx": environments[1] "staging" is not an environment of this project. Known: dev, prod. An environment is a stack: a new one begins with its file Pulumi.staging.yaml.',
  ],
  [
    "[Dev]",
    '2:44: tenants[0] "mx": environments[0] "Dev" is not an environment\'s name. Write 1 to 12 lower-case letters and digits, a letter first.',
  ],
  [
    "[]",
    '2:43: tenants[0] "mx": environments names no environment. Remove the line for all environments, or write state: suspended.',
  ],
])("refuses %s", (environments, expected) => {
  expect(problems(environments, ["dev", "prod"])).toEqual([`tenants.yaml:${expected}`]);
});
