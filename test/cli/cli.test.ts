import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../src/preview/plan";

const root = join(__dirname, "..", "..");

/** What a user runs, as a process of its own. */
function atalaya(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "scripts", "atalaya.mjs"), ...args],
    {
      encoding: "utf8",
      timeout: 60_000,
      // Libraries take a CI for a terminal with colours; what is printed into a pipe has none anywhere.
      env: { ...process.env, CI: "true", INIT_CWD: directory },
    },
  );
  return { status, stdout, stderr: withoutProgress(stderr) };
}

/** A busy machine takes longer than two seconds for anything. */
const withoutProgress = (text: string): string => text.replaceAll(/^.* \.\.\.\n/gm, "");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atalaya-cli-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const list = (text: string): string => {
  writeFileSync(join(directory, "list.yaml"), text);
  return "list.yaml";
};

describe("preview", () => {
  it("shows the shipped tenants' whole environment, every policy passing", () => {
    const { status, stdout, stderr } = atalaya("preview");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).not.toContain("\u001b");
    for (const shown of [
      "atalaya-dev-envoy",
      "tenant-pe",
      "tenant-mx",
      "tenant-co",
      "agent-mx-plant",
      "mimir-co",
      "policies pass",
    ])
      expect(stdout).toContain(shown);
  });

  it("prints stable, sorted JSON without a secret", () => {
    const first = atalaya("preview", "--format", "json");
    expect(first).toEqual(atalaya("preview", "--format", "json"));
    const plan = JSON.parse(first.stdout) as Plan;
    expect(plan.tenants.map(({ id, orgId, state }) => [id, orgId, state])).toEqual([
      ["co", "tenant-co", "active"],
      ["mx", "tenant-mx", "active"],
      ["pe", "tenant-pe", "active"],
    ]);
    expect(plan.policies.violations).toEqual([]);
    const urns = plan.resources.map(({ urn }) => urn);
    expect(urns).toEqual([...urns].sort());
    expect(first.stdout).not.toMatch(/preview:random-password|BEGIN [A-Z ]*PRIVATE KEY/);
  }, 120_000);

  it("prints Markdown and writes plan and files beside it", () => {
    const { status, stdout } = atalaya("preview", "--format", "markdown", "--out", join(directory, "out"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^## Atalaya preview: dev/);
    expect(readdirSync(join(directory, "out")).sort()).toEqual([
      ".atalaya-output",
      "files",
      "plan.json",
      "preview.html",
      "preview.md",
    ]);
    expect(`${readFileSync(join(directory, "out", "preview.md"), "utf8").trimEnd()}\n`).toBe(stdout);
  });

  it("takes another list, relative to where it was typed", () => {
    const { status, stdout } = atalaya(
      "preview",
      "--tenants",
      list("tenants:\n  - id: cl\n    name: Chile\n"),
    );
    expect(status).toBe(0);
    expect(stdout).toContain("tenant-cl");
    expect(stdout).not.toContain("tenant-mx");
  });
});

describe("odd circumstances", () => {
  it("a reader that stops reading does not change the verdict", () => {
    const { status, stderr } = spawnSync(
      "bash",
      [
        "-c",
        `set -o pipefail; "$0" "$1" preview --format json | head -c 1 > /dev/null`,
        process.execPath,
        join(root, "scripts", "atalaya.mjs"),
      ],
      { encoding: "utf8", timeout: 60_000 },
    );
    expect([status, withoutProgress(stderr)]).toEqual([0, ""]);
  });

  it("output that cannot be written is said, with exit code 3", () => {
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", `"$0" "$1" preview > /dev/full`, process.execPath, join(root, "scripts", "atalaya.mjs")],
      { encoding: "utf8", timeout: 60_000 },
    );
    expect(stderr).toMatch(/^Standard output cannot be written: ENOSPC/m);
    expect(status).toBe(3);
  });

  it("a suspended tenant needs attention and is no violation", () => {
    const { status, stdout } = atalaya(
      "preview",
      "--tenants",
      list("tenants:\n  - id: cl\n    name: Chile\n    state: suspended\n"),
    );
    expect(status).toBe(0);
    expect(stdout).toContain("Tenant cl is suspended");
  });
});

describe("bad input", () => {
  const cases: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    [
      "an unknown field",
      () => ["preview", "--tenants", list("tenants:\n  - id: cl\n    nam: Chile\n")],
      /list\.yaml:3:5: .*nam.*Did you mean "name"/,
    ],
    ["a missing list", () => ["preview", "--tenants", "nowhere.yaml"], /nowhere\.yaml/],
    ["a stack that is not there", () => ["preview", "--stack", "nope"], /nope/],
    ["a stack without a host yet", () => ["preview", "--stack", "prod"], /kubernetes/],
    [
      "a format that is not there",
      () => ["preview", "--format", "yml"],
      /Allowed choices are text, json, markdown/,
    ],
    ["an option that is not there", () => ["preview", "--tenant", "x"], /Did you mean --tenants/],
    ["a command that is not there", () => ["previw"], /Did you mean preview/],
    ["no directory to write to", () => ["render"], /--out/],
    [
      "a directory that is somebody else's",
      () => ["render", "--out", root],
      /holds files that Atalaya did not write/,
    ],
  ];
  it.each(cases)("%s is one clear message and exit code 2", (_case, args, message) => {
    const { status, stdout, stderr } = atalaya(...args());
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(status).toBe(2);
    expect(readdirSync(directory).filter((name) => name !== "list.yaml")).toEqual([]);
  });
});

describe("render", () => {
  it("writes the files alone", () => {
    const { status, stdout } = atalaya("render", "--out", join(directory, "out"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+ files written to /);
    expect(readdirSync(join(directory, "out")).sort()).toEqual([
      ".atalaya-output",
      "alloy",
      "auth",
      "envoy",
      "grafana",
      "loki",
      "mimir",
      "postgres",
      "redis",
      "tempo",
    ]);
    expect(readdirSync(join(directory, "out", "alloy", "agents")).sort()).toEqual([
      "agent-co.alloy",
      "agent-mx-plant.alloy",
      "agent-mx.alloy",
      "agent-pe.alloy",
    ]);
  });
});
