import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, formatProblem, parseTenantList } from "../src/config";

const root = join(__dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const list = readFileSync(join(root, "tenants.yaml"), "utf8");

/** The code blocks of README's "Add a tenant", without the indentation of the list they stand in. */
const [example = "", message = ""] = [
  ...(readme.split("## Add a tenant")[1] ?? "").matchAll(/^ {3}```(?:yaml)?\n([\s\S]*?)^ {3}```$/gm),
].map(([, block = ""]) => block.replaceAll(/^ {3}/gm, ""));

/** The shipped list with the example at the end of its tenants, as README says. */
const withExample = (text: string): string =>
  list.replace("\n# Ids of removed", `\n${text.replaceAll(/^(?=.)/gm, "  ")}\n# Ids of removed`);

describe("README", () => {
  it("shows a whole tenant, which the shipped list takes", () => {
    const ids = parseTenantList(withExample(example), "tenants.yaml").tenants.map(({ id }) => id);
    expect(ids).toEqual(["pe", "mx", "co", "cl"]);
  });

  it("shows the message of a mistake as it is printed", () => {
    const mistaken = withExample(example.replace("large", "larg"));
    const problems = ((): readonly string[] => {
      try {
        parseTenantList(mistaken, "tenants.yaml");
        return [];
      } catch (error) {
        return error instanceof ConfigError ? error.problems.map(formatProblem) : [String(error)];
      }
    })();
    expect(problems).toEqual([message.trim()]);
  });

  it("names npm scripts that exist, and files and folders that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const named = [...readme.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(() => readFileSync(join(root, link)), link).not.toThrow(/ENOENT/);
  });
});
