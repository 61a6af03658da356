import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors";
import { writeDirectory } from "../../src/cli/output";

let parent: string;
let out: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "atalaya-out-"));
  out = join(parent, "out");
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

const refusal = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

it("writes a new directory, and replaces its own as a whole", () => {
  writeDirectory(out, [{ path: "a/old.yaml", content: "1" }]);
  writeDirectory(out, [{ path: "a/new.yaml", content: "2" }]);
  expect(readdirSync(join(out, "a"))).toEqual(["new.yaml"]);
  expect(readFileSync(join(out, "a/new.yaml"), "utf8")).toBe("2");
  expect(readdirSync(parent)).toEqual(["out"]);
});

it("takes an empty directory", () => {
  mkdirSync(out);
  writeDirectory(out, [{ path: "a", content: "1" }]);
  expect(existsSync(join(out, "a"))).toBe(true);
});

it("does not touch a directory of somebody else", () => {
  mkdirSync(out);
  writeFileSync(join(out, "thesis.txt"), "years");
  expect(
    refusal(() => {
      writeDirectory(out, [{ path: "a", content: "1" }]);
    }),
  ).toMatch(/holds files that Atalaya did not write/);
  expect(readdirSync(out)).toEqual(["thesis.txt"]);
});

it("does not touch its own directory when somebody put a file there", () => {
  writeDirectory(out, [{ path: "a/b", content: "1" }]);
  writeFileSync(join(out, "a", "notes.txt"), "mine");
  const again = (): void => {
    writeDirectory(out, [{ path: "a/b", content: "2" }]);
  };
  expect(refusal(again)).toMatch(/such as a\/notes\.txt/);
  expect(readFileSync(join(out, "a/b"), "utf8")).toBe("1");
});

it("follows a link to a directory, and no link to nowhere", () => {
  mkdirSync(join(parent, "real"));
  symlinkSync(join(parent, "real"), out);
  writeDirectory(out, [{ path: "a", content: "1" }]);
  expect(readdirSync(join(parent, "real"))).toContain("a");
  const dangling = join(parent, "dangling");
  symlinkSync(join(parent, "nowhere"), dangling);
  expect(
    refusal(() => {
      writeDirectory(dangling, []);
    }),
  ).toMatch(/leads nowhere/);
});

it("says what the file system says, where nothing can be written", () => {
  for (const impossible of ["/proc/atalaya", join(parent, "x".repeat(300))])
    expect(
      refusal(() => {
        writeDirectory(impossible, []);
      }),
    ).toMatch(/cannot be written/);
});

it("does not replace a file", () => {
  writeFileSync(out, "");
  expect(
    refusal(() => {
      writeDirectory(out, []);
    }),
  ).toMatch(/is not a directory/);
});

it("leaves what was there, and nothing beside it, when writing fails half-way", () => {
  writeDirectory(out, [{ path: "a", content: "1" }]);
  // A file where the next one needs a directory.
  const files = [
    { path: "b", content: "1" },
    { path: "b/c", content: "2" },
  ];
  expect(
    refusal(() => {
      writeDirectory(out, files);
    }),
  ).toMatch(/cannot be written/);
  expect(readFileSync(join(out, "a"), "utf8")).toBe("1");
  expect(readdirSync(parent)).toEqual(["out"]);
});
