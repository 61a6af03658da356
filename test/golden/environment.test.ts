import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { environmentFiles } from "./expected";

const directory = join(__dirname, "dev");

it("is the environment that test/golden/dev expects (a change that is meant: npm run golden, and read the diff)", async () => {
  const files = await environmentFiles("dev");
  const expected = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1).replaceAll("\\", "/"));
  expect([...files.keys()].sort()).toEqual(expected.sort());
  for (const [path, content] of files) expect(content, path).toBe(readFileSync(join(directory, path), "utf8"));
});
