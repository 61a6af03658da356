import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Comparison } from "../../src/cli/comparison";
import { git, LIST, refused, RISK, ROOT, root, run, runPreview, useProject, write } from "./project";

useProject();

describe("a saved plan", () => {
  const plan = async (): Promise<string> =>
    (await runPreview({ stack: "dev", format: "json", whole: false })).out;

  it("is compared with, and wins over a ref of its name, which is said", async () => {
    write("tenants.yaml", LIST);
    const saved = await plan();
    write("tenants.yaml", LIST.replace("14d", "7d"));
    write("plan.json", saved);
    expect((await run("plan.json")).out).toContain(RISK);
    write("v1", saved);
    const { out } = await run("v1");
    expect(out).toContain("dev compared with the saved plan v1\n");
    expect(out).toContain(
      "v1 is a file here and a git ref as well; the file was taken. For the ref write refs/heads/v1.",
    );
    for (const name of ["plan.json", "v1"]) rmSync(join(root, name));
  });

  it.each([
    ["{", /^--against other\.json: the file is no JSON: /],
    ['{"name":"x"}', /^--against other\.json: the file is no plan of Atalaya\. Save one with: npm run/],
    [
      '{"version":1,"resources":[]}',
      /the file is a plan of version 1, and this program compares version 2\. Make it again/,
    ],
  ])("that is none is said (case %#)", async (text, message) => {
    write("other.json", text);
    expect(await refused("other.json")).toMatch(message);
    rmSync(join(root, "other.json"));
  });

  it("that is a directory is said, with the plan in it", async () => {
    mkdirSync(join(root, "saved"));
    expect(await refused("saved")).toBe(
      "--against saved: is a directory, without a plan in it. Name the file of a saved plan, or a git ref.",
    );
    write("saved/plan.json", "{}");
    expect(await refused("saved")).toBe(
      "--against saved: is a directory. Name the plan in it: --against saved/plan.json",
    );
    rmSync(join(root, "saved"), { recursive: true });
  });

  it("that is wrong writes nothing, and is shown without what turns a terminal", async () => {
    write("other.json", "\u001b[31m{");
    const message = await refused("other.json", { out: "refused" });
    expect(message).toContain("the file is no JSON: ");
    expect(message).toContain("U+001B");
    expect(message).not.toContain("\u001b");
    expect(readdirSync(root)).not.toContain("refused");
    rmSync(join(root, "other.json"));
  });

  it("of another stack is said", async () => {
    const saved = await plan();
    write("other.json", saved.replace('"name": "dev"', '"name": "prod"'));
    expect(await refused("other.json")).toBe(
      "--against other.json: the file is a plan of prod, not of dev. Compare with --stack prod, or name another plan.",
    );
    rmSync(join(root, "other.json"));
  });
});

describe("formats", () => {
  it("JSON says what it is compared with, is the same each time and shows no secret", async () => {
    const { out } = await run("HEAD", { format: "json" });
    expect((await run("HEAD", { format: "json" })).out).toBe(out);
    const { version, baseline, changes } = JSON.parse(out) as Comparison;
    expect(version).toBe(1);
    expect(baseline).toEqual({
      ...{ kind: "ref", name: "HEAD", commit: git("rev-parse", "HEAD") },
      label: `git ref HEAD (${git("rev-parse", "HEAD").slice(0, 7)})`,
    });
    expect(changes.risks).toEqual([
      {
        ...{ kind: "retention", signal: "traces", declared: "still", from: 1_209_600, to: 604_800 },
        tenant: { id: "mx", name: "México" },
      },
    ]);
    expect(out).not.toMatch(/preview:(secret|random)|PRIVATE KEY/);
  });

  it("are written beside the plan", async () => {
    const { out } = await run("HEAD", { format: "markdown", out: "out" });
    expect(readFileSync(join(root, "out", "changes.md"), "utf8")).toBe(out);
    expect(readdirSync(join(root, "out")).sort()).toEqual([
      ...[
        ".atalaya-output",
        "changes.json",
        "changes.md",
        "files",
        "plan.json",
        "preview.html",
        "preview.md",
      ],
    ]);
    rmSync(join(root, "out"), { recursive: true });
  });

  it("the command takes it, and a mistake is one message and exit code 2", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, "scripts", "atalaya.mjs"), "preview", "--against", "no-such-ref"],
      { encoding: "utf8", timeout: 60_000 },
    );
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^--against no-such-ref: .*\n$/);
  });
});
