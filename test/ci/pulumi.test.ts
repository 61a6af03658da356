import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tempDir, type TempDir } from "../servers";
import { FakeGitHub, TOKEN } from "./fake-github";
import { type Ran, runStep } from "./pull-request";
import { ROOT } from "./workflows";

let dir: TempDir;
beforeEach(() => {
  dir = tempDir();
  mkdirSync(join(dir.path, "bin"));
  cpSync(join(ROOT, "scripts", "ci"), join(dir.path, "scripts", "ci"), { recursive: true });
});
afterEach(() => {
  dir.remove();
});

interface Answer {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A `pulumi` that notes how it was called and answers by its first word. */
function pulumiAnswers(answers: Readonly<Record<string, Answer>>): void {
  const bin = join(dir.path, "bin", "pulumi");
  const source = `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const args = process.argv.slice(2);
const word = args.find((one) => !one.startsWith("--"));
const set = Object.keys(process.env).filter((name) => name.startsWith("PULUMI_")).sort();
appendFileSync(${JSON.stringify(join(dir.path, "calls"))}, JSON.stringify({ args, set }) + "\\n");
const { code = 0, stdout = "", stderr = "" } = (${JSON.stringify(answers)})[word] ?? { code: 99 };
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
`;
  writeFileSync(bin, source);
  chmodSync(bin, 0o755);
}
const calls = (): readonly string[] =>
  readFileSync(join(dir.path, "calls"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { args: string[] }).args.join(" "));

const SECRETS = {
  "vars.PULUMI_STACK || matrix.stack": "dev",
  "vars.PULUMI_BACKEND_URL": "",
  "secrets.PULUMI_ACCESS_TOKEN": "pul-not-a-real-one",
  "secrets.PULUMI_CONFIG_PASSPHRASE": "",
};
const step = (file: string, name: string): Promise<Ran> =>
  runStep(file, name, {
    directory: dir.path,
    answers: SECRETS,
    env: { PATH: `${join(dir.path, "bin")}:${process.env["PATH"] ?? ""}` },
  });

describe("up", () => {
  it("applies with the policies, and tells the outputs without secrets", async () => {
    const outputs = {
      tenants: "[secret]",
      grafana: "http://localhost:3000",
      ports: { otlpHttp: 4318 },
      note: "a|b`c\nd",
    };
    pulumiAnswers({
      up: { stdout: "Resources:\n    + 3 created\n" },
      stack: { stdout: JSON.stringify(outputs) },
    });
    const { code, stdout, summary } = await step("up.yml", "Up");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Resources:\n    + 3 created\n" });
    expect(calls()).toEqual([
      "--non-interactive --color=never up --stack dev --yes --suppress-outputs --suppress-progress --policy-pack policies",
      "--non-interactive --color=never stack output --stack dev --json",
    ]);
    expect(summary.trim().split("\n")).toEqual([
      "## dev: applied",
      "",
      "```text",
      "Resources:",
      "    + 3 created",
      "```",
      "",
      "### Outputs",
      "",
      "| Output | Value |",
      "| --- | --- |",
      "| grafana | `http://localhost:3000` |",
      "| note | `a\\|b'c d` |",
      '| ports | `{"otlpHttp":4318}` |',
      "| tenants | secret: `pulumi stack output --show-secrets` |",
    ]);
  });

  it("fails as Pulumi does, and says why in the summary", async () => {
    pulumiAnswers({ up: { code: 255, stderr: "error: preview failed: a policy was violated\n" } });
    const { code, stderr, summary } = await step("up.yml", "Up");
    expect({ code, stderr }).toEqual({ code: 255, stderr: "error: preview failed: a policy was violated\n" });
    expect(summary).toBe(
      "## dev: not applied\n\n```text\nerror: preview failed: a policy was violated\n```\n\n",
    );
    expect(calls()).toHaveLength(1);
  });

  it("says what to do where there is no CLI", async () => {
    const { code, stderr } = await runStep("up.yml", "Up", {
      directory: dir.path,
      answers: SECRETS,
      env: { PATH: `${join(process.execPath, "..")}:/bin:/usr/bin` },
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "The Pulumi CLI cannot be started (spawn pulumi ENOENT). Install it in a step before this one.\n",
    });
  });

  it("does not hand Pulumi the empty secrets that a repository without them has", async () => {
    pulumiAnswers({ up: { code: 1 } });
    await step("up.yml", "Up");
    const [line = ""] = readFileSync(join(dir.path, "calls"), "utf8").split("\n");
    const { set } = JSON.parse(line) as { set: readonly string[] };
    expect(set).toContain("PULUMI_ACCESS_TOKEN");
    expect(set).not.toContain("PULUMI_CONFIG_PASSPHRASE");
    expect(set).not.toContain("PULUMI_BACKEND_URL");
  });
});

const ENVOY =
  "urn:pulumi:dev::atalaya::atalaya:docker:Service$docker:index/container:Container::envoy-container";
const same = { op: "same", urn: "urn:pulumi:dev::atalaya::pulumi:pulumi:Stack::atalaya-dev" };
const changed = {
  ...{ op: "update", urn: ENVOY, diffReasons: ["memory", "labels"] },
  newState: { inputs: { envs: ["PASSWORD=hunter2"] } },
};
const NOP = { severity: "error", message: "error: no changes were expected but changes were proposed" };
const preview = (
  steps: readonly object[],
  rest: Answer & { readonly diagnostics?: readonly object[] } = {},
) => {
  const { diagnostics = [], ...answer } = rest;
  pulumiAnswers({ preview: { stdout: JSON.stringify({ steps, diagnostics }), ...answer } });
};
const REPORT = [
  "What runs as dev is not what is committed: an update would change 1 of its resources.",
  "",
  "- update: docker:index/container:Container `envoy-container` (memory, labels)",
  "",
  "Either somebody changed it by hand, or a change was merged and not applied. `pulumi up` makes it what is committed;",
  "what is to stay belongs into the list.",
].join("\n");

describe("drift", () => {
  const left = (name: string): string => readFileSync(join(dir.path, "out", "drift", name), "utf8");

  it("is looked for without changing anything, and named without values", async () => {
    preview([same, changed], { code: 255, diagnostics: [NOP] });
    const { code, summary } = await step("drift.yml", "Drift");
    expect(code).toBe(0);
    expect(calls()).toEqual([
      "--non-interactive --color=never preview --stack dev --refresh --expect-no-changes --json --policy-pack policies",
    ]);
    expect(left("report.md")).toBe(`${REPORT}\n`);
    expect(JSON.parse(left("drift.json"))).toEqual({ drift: true });
    expect(summary).toBe(`## dev: drift\n\n${REPORT}\n\n`);
  });

  it("is none where nothing would change", async () => {
    preview([same]);
    const { code, summary } = await step("drift.yml", "Drift");
    expect({ code, drift: JSON.parse(left("drift.json")) as unknown }).toEqual({
      code: 0,
      drift: { drift: false },
    });
    expect(summary).toBe("## dev: no drift\n\ndev is what is committed here.\n\n");
  });

  it.each([
    [
      "a failure",
      () => {
        preview([same], { code: 255, stderr: "error: no stack named 'dev' found" });
      },
      "no stack named 'dev' found",
    ],
    [
      "no plan",
      () => {
        pulumiAnswers({ preview: { code: 1, stderr: "error: wrong passphrase" } });
      },
      "wrong passphrase",
    ],
    [
      "an error beside changes",
      () => {
        preview([changed], {
          code: 255,
          diagnostics: [NOP, { severity: "error", message: "Keycloak is away" }],
        });
      },
      "Keycloak is away",
    ],
  ])("is not decided by %s", async (_, arrange, why) => {
    arrange();
    const { code, stderr, summary } = await step("drift.yml", "Drift");
    expect(code).not.toBe(0);
    expect(stderr).toContain(why);
    expect(summary).toMatch(/^## dev: drift could not be checked\n/);
    expect(summary).toContain(why);
    expect(existsSync(join(dir.path, "out", "drift"))).toBe(false);
  });
});

describe("the issue about drift", () => {
  let github: FakeGitHub;
  beforeEach(async () => {
    github = await new FakeGitHub().start();
  });
  afterEach(async () => {
    expect(github.problems).toEqual([]);
    await github[Symbol.asyncDispose]();
  });

  let runs = 0;
  async function report(drift: boolean, text = REPORT): Promise<string> {
    writeFileSync(join(dir.path, "drift.json"), JSON.stringify({ drift }));
    writeFileSync(join(dir.path, "report.md"), `${text}\n`);
    const { code, stdout, stderr } = await runStep("drift.yml", "Issue", {
      directory: dir.path,
      answers: {
        "matrix.stack": "dev",
        "runner.temp": dir.path,
        "github.server_url": "https://github.com",
        "github.repository": "acme/observability",
        "github.run_id": String((runs += 1)),
        "github.token": TOKEN,
      },
      env: { ...github.environment, REPORT_DIRECTORY: dir.path },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.trim();
  }

  it("is opened once, updated while the drift changes, and closed when it is gone", async () => {
    const mallory = { login: "mallory", type: "User" };
    github.issues.push({
      number: 5,
      state: "open",
      title: "x",
      body: "<!-- atalaya drift: dev -->",
      user: mallory,
    });
    expect(await report(false)).toBe("dev has no drift, and no issue about it.");
    expect(await report(true)).toBe("Opened issue 1001.");
    expect(await report(true)).toBe("Issue 1001 says so already.");
    expect(await report(true, REPORT.replace("memory, labels", "labels"))).toBe("Updated issue 1001.");
    expect(await report(false)).toBe("Closed issue 1001: dev has no drift any more.");
    expect(await report(true)).toBe("Opened issue 1003.");
    expect(github.issues.map(({ number, state, title }) => ({ number, state, title }))).toEqual([
      { number: 5, state: "open", title: "x" },
      { number: 1001, state: "closed", title: "Drift: dev is not what is committed" },
      { number: 1003, state: "open", title: "Drift: dev is not what is committed" },
    ]);
    expect(github.issues.at(-1)?.body.split("\n").slice(0, 3)).toEqual([
      "<!-- atalaya drift: dev -->",
      "",
      "What runs as dev is not what is committed: an update would change 1 of its resources.",
    ]);
  });
});
