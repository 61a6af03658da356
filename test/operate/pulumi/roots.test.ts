import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { otherRoot, recordRoot, type Placed } from "../../../src/operate/pulumi/roots";
import { tempDir, type TempDir } from "../../servers";

let directory: TempDir;
beforeEach(() => {
  directory = tempDir();
  for (const name of ["a", "b"]) mkdirSync(at(name));
});
afterEach(() => {
  directory.remove();
});

const at = (name: string): string => join(directory.path, name);
const from = (root: string, name = "dev"): Placed => ({ name, root: at(root), home: at("home") });

it("a stack knows from where it was updated last", () => {
  expect(otherRoot(from("a"))).toBeUndefined();
  recordRoot(from("a"));
  expect([otherRoot(from("a")), otherRoot(from("b")), otherRoot(from("b", "prod"))]).toEqual([
    undefined,
    at("a"),
    undefined,
  ]);
  recordRoot(from("b"));
  expect([otherRoot(from("a")), otherRoot(from("b"))]).toEqual([at("b"), undefined]);
  expect(readdirSync(at("home/stacks"))).toEqual(["dev.root"]);
});

it("a link to the same directory is the same", () => {
  symlinkSync(at("a"), at("link"));
  recordRoot(from("link"));
  expect(otherRoot(from("a"))).toBeUndefined();
  expect(otherRoot(from("b"))).toBe(at("a"));
});

it("is nothing where the state is elsewhere, and no failure where it cannot be kept", () => {
  const elsewhere: Placed = { ...from("a"), home: undefined };
  recordRoot(elsewhere);
  expect(otherRoot(elsewhere)).toBeUndefined();
  writeFileSync(at("home"), "a file");
  recordRoot(from("a"));
  expect(otherRoot(from("b"))).toBeUndefined();
});

it("is never read from beside our directory", () => {
  writeFileSync(at("secret.root"), "hunter2");
  mkdirSync(at("home"));
  mkdirSync(at("home/stacks"));
  expect(otherRoot(from("a", "../../secret"))).toBeUndefined();
});
