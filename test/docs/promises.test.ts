import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const PAGE = join(__dirname, "..", "..", "docs", "promises.md");

interface Shown {
  readonly file: string;
  readonly tests: readonly string[];
}

/** Links with the names that follow them: `[agent](../test/x.test.ts): "a name", "another"`. */
function shown(page: string): readonly Shown[] {
  return [...page.matchAll(/\]\(([^)]+)\)((?::|,)? *(?:"[^"]+"(?:, )?)+)?/g)].map(
    ([, file = "", names = ""]) => ({
      file,
      tests: [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
    }),
  );
}

describe("the page of promises", () => {
  const all = shown(readFileSync(PAGE, "utf8"));
  const byTests = all.filter(({ tests }) => tests.length > 0);

  it("shows each promise by tests", () => {
    const rows = readFileSync(PAGE, "utf8").split("## What may come twice")[0]?.split("\n") ?? [];
    const promises = rows.filter((line) => line.startsWith("| ") && !/^\| (Though|-)/.test(line));
    expect(promises.length).toBeGreaterThan(10);
    expect(promises.filter((line) => shown(line).every(({ tests }) => tests.length === 0))).toEqual([]);
  });

  it("links to what is there", () => {
    const missing = all.filter(
      ({ file }) => !/^https?:/.test(file) && !existsSync(join(dirname(PAGE), file)),
    );
    expect(missing).toEqual([]);
  });

  it.each(byTests)("names tests that $file has", ({ file, tests }) => {
    const source = readFileSync(join(dirname(PAGE), file), "utf8");
    // As the name of a test that runs, not in a comment or of one that is left out.
    const runs = (name: string): boolean =>
      [`it("${name}"`, `"${name}",`].some((text) => source.includes(text)) &&
      !/\b(it|describe)\.(skip|todo)/.test(source);
    expect(tests.filter((name) => !runs(name))).toEqual([]);
  });
});
