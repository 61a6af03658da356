import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../servers";
import { problemsOf } from "./rules";
import { names, ROOT, step, textOf, tool, workflow, WORKFLOWS } from "./workflows";

const FILES = ["ci.yml", "drift.yml", "preview-comment.yml", "preview.yml", "pulumi-preview.yml", "up.yml"];

describe("the workflows", () => {
  it("are these", () => {
    expect(names()).toEqual(FILES);
  });

  it("are accepted by actionlint, whatever else is installed here", async () => {
    const files = FILES.map((name) => join(WORKFLOWS, name));
    const { code, stdout } = await run(tool("actionlint"), [
      "-shellcheck=",
      "-pyflakes=",
      "-no-color",
      ...files,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });

  it("have nothing that zizmor finds, pedantic as it can be", async () => {
    const options = ["--offline", "--no-progress", "--no-config", "--color=never", "--persona=pedantic"];
    const { code, stdout } = await run(tool("zizmor"), [...options, "--format=plain", WORKFLOWS]);
    expect({ code, stdout: stdout.trim() }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^No findings to report\. Good job! \(1 ignored\)$/) as unknown,
    });
  });

  it.each(FILES)("%s keeps our own rules", (name) => {
    expect(problemsOf(textOf(name))).toEqual([]);
  });

  it("pin each action to one commit", () => {
    const used = FILES.flatMap((name) =>
      [...textOf(name).matchAll(/uses: (\S+@\S+ # \S+)/g)].map(([, pin = ""]) => pin),
    );
    const actions = [...new Set(used)].sort();
    expect(actions).toEqual([
      "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
      "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
      "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
      "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0",
      "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
      "pulumi/actions@8e5e406f4007fca908480587cb9893c07090f58d # v7.0.0",
    ]);
  });

  it("install the Pulumi CLI of the SDK's version", () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const asked = ["drift.yml", "pulumi-preview.yml", "up.yml"].flatMap((name) =>
      Object.values(workflow(name).jobs).flatMap(({ steps }) =>
        steps.flatMap(({ uses = "", with: options }) =>
          uses.startsWith("pulumi/actions@") ? [options?.["pulumi-version"]] : [],
        ),
      ),
    );
    expect(asked).toEqual(asked.map(() => dependencies["@pulumi/pulumi"]));
    expect(asked).toHaveLength(3);
  });

  it("run scripts that exist", () => {
    const scripts = FILES.flatMap((name) =>
      [...textOf(name).matchAll(/run: node (\S+)/g)].map(([, path = ""]) => path),
    );
    expect(scripts).toEqual([
      "scripts/ci/pulumi.mjs",
      "scripts/ci/drift-issue.mjs",
      "scripts/ci/comment.mjs",
      "scripts/ci/preview.mjs",
      "scripts/ci/pulumi.mjs",
      "scripts/ci/pulumi.mjs",
    ]);
    for (const path of scripts) expect(() => readFileSync(join(ROOT, path)), path).not.toThrow();
  });

  it("hand over to each other by the names that both know", () => {
    const { on } = workflow("preview-comment.yml");
    expect(on["workflow_run"]).toEqual({ workflows: [workflow("preview.yml").name], types: ["completed"] });
    const artifact = (file: string, name: string): unknown => step(file, name).with?.["name"];
    expect(artifact("preview-comment.yml", "Download the comment")).toBe(
      artifact("preview.yml", "Upload the comment"),
    );
    expect(artifact("drift.yml", "Download the report")).toBe(artifact("drift.yml", "Upload the report"));
  });

  it("run a stranger's code only where there is nothing to take", () => {
    for (const name of FILES.filter((one) => "pull_request" in workflow(one).on))
      for (const job of Object.values(workflow(name).jobs)) {
        expect(job.permissions, name).toEqual({ contents: "read" });
        if (name !== "pulumi-preview.yml") expect(job["runs-on"], name).toBe("ubuntu-24.04");
      }
  });
});

const GOOD = textOf("preview.yml");
const broken = (from: string | RegExp, to: string, text = GOOD): readonly string[] => {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return problemsOf(changed);
};

describe("our rules refuse", () => {
  const preview = textOf("pulumi-preview.yml");
  const comment = textOf("preview-comment.yml");
  it.each([
    ["a tag", broken(/@3d3c\w+ # v7.0.1/, "@v7"), ["not pinned: - uses: actions/checkout@v7"]],
    [
      "a pin of unknown version",
      broken(/ # v7.0.1/, ""),
      [expect.stringMatching(/^not pinned: - uses: actions/)],
    ],
    [
      "permissions for all",
      broken("permissions: {}", "permissions: { contents: read }"),
      ["gives permissions to every job"],
    ],
    ["default permissions", broken("permissions: {}\n", ""), ["gives permissions to every job"]],
    [
      "pull_request_target",
      broken("  pull_request:", "  pull_request_target:"),
      ["runs on pull_request_target"],
    ],
    ["no timeout", broken(/ +timeout-minutes: 20\n/, ""), ["preview: has no timeout-minutes"]],
    ["no permissions", broken(/ {4}permissions:\n {6}contents: read\n/, ""), ["preview: has no permissions"]],
    ["no concurrency", broken(/concurrency:\n.*\n.*\n/, ""), ["preview: has no concurrency"]],
    [
      "a token that stays",
      broken(/ +persist-credentials: false\n/, ""),
      ["preview: leaves its token in the checkout"],
    ],
    [
      "what an attacker may name, in a script",
      broken("run: node", "run: echo ${{ github.head_ref }}; node"),
      ["preview: an expression in a script: echo ${{ github.head_ref }}; node scripts/ci/preview.mjs"],
    ],
    [
      "secrets for forks",
      broken(/ +github.event.pull_request.head.repo.*\n/, "", preview),
      ["preview: has secrets for forks"],
    ],
    [
      "secrets for forks, by another way in",
      broken(/!= '' &&/, "!= '' ||", preview),
      ["preview: has secrets for forks"],
    ],
    [
      "secrets of everybody",
      broken(/ +environment: preview\n/, "", preview),
      ["preview: has secrets and no environment"],
    ],
    [
      "a stranger's code with a token that writes",
      broken("event.repository.default_branch", "event.workflow_run.head_sha", comment),
      ["comment: checks out a pull request where it may write"],
    ],
  ])("%s", (_, problems, expected) => {
    expect(problems).toEqual(expected);
  });
});
