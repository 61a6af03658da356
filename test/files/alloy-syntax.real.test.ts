import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attr, toAlloy } from "../../src/render/alloy/syntax";
import { body, literal } from "../render/alloy-arbitraries";
import { server } from "../servers";

/** The same documents every run; other seeds are for trying by hand. */
const SAMPLE = { seed: 20260101, numRuns: 200 };

/** Our printer against Alloy's own parser, formatter and evaluator, one process for all documents. */
describe("Alloy's own syntax module", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "alloyfmt-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** `flag` for all `documents`, which are files in this order. */
  const alloyfmt = (flag: string, documents: readonly string[]) => {
    const files = documents.map((text, at) => {
      const file = join(folder, `${flag}-${at}.alloy`);
      writeFileSync(file, text);
      return file;
    });
    const { status, stdout, stderr } = spawnSync(server("alloyfmt").bin, [flag, ...files], {
      encoding: "utf8",
      maxBuffer: 64 << 20,
    });
    return { status, stdout, stderr };
  };

  it("accepts our documents and would not change a byte of them", () => {
    const documents = fc.sample(body, SAMPLE).map((of, at) => toAlloy(of, at % 2 === 0 ? "" : undefined));
    expect(alloyfmt("-l", documents)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("notices a document that is laid out otherwise, and one that is none", () => {
    expect(alloyfmt("-l", ["a = 1\nbb = 2\n"]).stdout).toMatch(/-0\.alloy\n$/);
    const broken = alloyfmt("-l", ["a = 1\n", 'block "pe-mx" { }\n']);
    expect(broken.status).toBe(1);
    expect(broken.stderr).toMatch(
      /-1\.alloy:1:\d+: expected block label to be a valid identifier, but got "pe-mx"\n$/,
    );
  });

  it("reads the values that we meant", () => {
    const values = fc.sample(literal, SAMPLE);
    const { status, stdout, stderr } = alloyfmt(
      "-values",
      values.map((value) => toAlloy([attr("x", value)])),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const got = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    // Through JSON as Alloy's values came: -0 becomes 0, and a key `__proto__` stays a key.
    expect(got).toEqual(values.map((x) => JSON.parse(JSON.stringify({ x })) as unknown));
  });
});
