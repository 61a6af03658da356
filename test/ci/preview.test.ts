import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FakeGitHub, REPOSITORY, TOKEN } from "./fake-github";
import { Hosted, type Ran, read, runStep } from "./pull-request";

// Each runs git and a whole preview, on a machine that may have other work.
vi.setConfig({ testTimeout: 90_000 });

const hosted = new Hosted(true);
afterAll(() => {
  hosted.remove();
});

const list = read(hosted.origin, "tenants.yaml");
const edited = (...edits: readonly (readonly [from: string, to: string])[]): string =>
  edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`tenants.yaml has no "${from}"`);
    return text.replace(from, to);
  }, list);

/** A fourth tenant, one suspended, one loses 60 days of retention, one limit halves. */
const SAMPLE = edited(
  ["access: 180d", "access: 120d"],
  ["name: Perú\n", "name: Perú\n    state: suspended\n"],
  ["plan: audited\n", "plan: audited\n    limits: { logs: { ingest: 4MiB/s } }\n"],
  ["\n# Ids of removed", "\n  - id: cl\n    name: Chile\n\n# Ids of removed"],
);

interface Previewed extends Ran {
  readonly directory: string;
  readonly report: string;
}

/** The preview's step of `preview.yml`, in the checkout that its first step makes. */
async function preview(number: number, files: Readonly<Record<string, string>>): Promise<Previewed> {
  const head = hosted.pullRequest(number, files);
  const directory = hosted.checkout(`refs/pull/${number}/merge`, 2);
  const ran = await runStep("preview.yml", "Preview", {
    directory,
    answers: {
      "github.event.pull_request.number": String(number),
      "github.event.pull_request.base.ref": "main",
      "github.event.pull_request.head.sha": head,
    },
  });
  expect(JSON.parse(read(directory, "out", "comment", "pull-request.json"))).toEqual({ number });
  return { ...ran, directory, report: read(directory, "out", "comment", "report.md") };
}

describe("the preview of a pull request", () => {
  let sample: Previewed;
  beforeAll(async () => {
    sample = await preview(7, { "tenants.yaml": SAMPLE });
  }, 90_000);

  it("tells the sample pull request so that nobody has to open a file", () => {
    const { code, report } = sample;
    const [before, after] =
      report.split("<details>", 1)[0]?.split("### Warnings", 1)[0]?.split("\n### Processes") ?? [];
    expect({ code, before: before?.split("\n") }).toEqual({ code: 0, before: TOLD });
    expect(after).toContain("agent-cl of Chile (cl) starts.");
    expect(report.length).toBeLessThan(60_000);
  });

  it("is the job's summary as well, and what the step prints", () => {
    expect(sample.summary.trim()).toBe(sample.report.trim());
    expect(sample.stdout.trim()).toBe(sample.report.trim());
  });

  it("is posted whole under the pull request, by the step that may", async () => {
    await using github = await new FakeGitHub().start();
    const sha = "0123456789abcdef0123456789abcdef01234567";
    github.pulls.set(7, { state: "open", head: { sha, repo: { full_name: REPOSITORY } } });
    const { code, stderr } = await runStep("preview-comment.yml", "Comment", {
      directory: sample.directory,
      answers: {
        "runner.temp": "",
        "github.event.workflow_run.head_sha": sha,
        "github.event.workflow_run.head_repository.full_name": REPOSITORY,
        "github.event.workflow_run.html_url": "https://github.com/acme/observability/actions/runs/1",
        "github.token": TOKEN,
      },
      env: { ...github.environment, REPORT_DIRECTORY: join(sample.directory, "out", "comment") },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [{ body } = { body: "" }] = github.commentsOf(7);
    expect(body).toMatch(/^<!-- atalaya preview -->\n\n## Atalaya: dev compared with git ref main /);
    // Nothing of it looks like something to be taken out.
    expect(body).toContain(sample.report.trim());
    expect(body.length).toBeLessThan(65_536);
  });

  it("leaves the plan, the changes and all files for people", () => {
    const names = readdirSync(join(sample.directory, "out", "preview"));
    expect(names).toEqual(
      expect.arrayContaining(["changes.json", "changes.md", "files", "plan.json", "preview.md"]),
    );
  });

  it("fails on bad input, and says in the comment what is wrong with it", async () => {
    const { code, report, summary, directory } = await preview(8, {
      "tenants.yaml": edited(["plan: large", "plan: larg"], ["keep: 50%", "keep: 500%"]),
    });
    expect(code).toBe(2);
    expect(report).toMatch(/^## Atalaya: the preview was refused\n/);
    expect(report).toContain('plan "larg" is not a plan of this list. Did you mean "large"?');
    expect(report).toContain("500%");
    expect(summary.trim()).toBe(report.trim());
    expect(existsSync(join(directory, "out", "preview"))).toBe(false);
  });

  it("fails on a violated policy, and the comment appears all the same", async () => {
    const rule = "policies/rules/index.ts";
    const { code, report } = await preview(9, {
      "tenants.yaml": SAMPLE,
      [rule]: alwaysViolated(read(hosted.origin, rule)),
    });
    expect(code).toBe(1);
    expect(report).toMatch(/^> \[!WARNING\]\n> \*\*This change is refused\*\*: a policy is violated/);
    expect(report).toContain("nothing is ever good enough");
    expect(report).toContain("Chile (cl) is new");
  });

  it("fails on a program that does not start, and shows how it ended", async () => {
    const { code, report } = await preview(10, {
      "src/cli/main.ts": 'throw new Error("```\\nnot today");\n',
    });
    expect(code).toBe(1);
    expect(report).toMatch(
      /^## Atalaya: the preview failed\n[\s\S]*\n````text\n[\s\S]*not today[\s\S]*\n````\n$/,
    );
  });
});

/** The rules, one of which refuses everything. */
function alwaysViolated(text: string): string {
  const refusal = '{ message: "nothing is ever good enough", remedy: "Be better." }';
  const changed = text.replace(
    /^ {2}namesAreUnique,$/m,
    `  { ...namesAreUnique, check: () => [${refusal}] },`,
  );
  expect(changed).not.toBe(text);
  return changed;
}

const TOLD: readonly unknown[] = [
  expect.stringMatching(/^## Atalaya: dev compared with git ref main \([0-9a-f]{7}\)$/),
  "",
  "- 🔴 1 change puts data at risk, named first.",
  "- 4 tenants instead of 3: 1 new, 1 suspended, 2 changed.",
  "- 🟢 Nothing shared restarts.",
  expect.stringMatching(/^- 🟢 All \d+ policies pass\.$/),
  "",
  "### Data at risk",
  "",
  "> [!CAUTION]",
  "> - México (mx): logs of class access are kept 120d instead of 180d: this deletes data older than 120d.",
  "> - A shorter retention deletes within a day of the update and for good: a longer one later brings nothing back. Save before the update what is still needed.",
  "",
  "### Tenants",
  "",
  "- Chile (cl) is new: plan default, 1 agent (agent-cl), keeps metrics 90d, logs 30d (access 90d, system 7d), traces 14d.",
  "  - may send 100/s requests, 10000/s samples, 150000 series, 4MiB/s logs and 5MiB/s traces",
  "  - people's groups /tenants/cl/{admin,editor,viewer}, a Grafana organisation of its own",
  "  - demonstration users cl-admin, cl-editor and cl-viewer",
  "- Perú (pe) is suspended: every credential is refused at once, its agents stop, its people read nothing. Nothing is deleted by it, and what is stored ages out as before.",
  "- Colombia (co): limits.logs.ingest 8MiB/s -> 4MiB/s (-50%): more is answered 429, and agents send it later.",
  "- México (mx): retention.logs.access 180d -> 120d (-33%): data older than 120d is deleted.",
  "- After the update Chile (cl) sends to https://localhost:4318 (OTLP over HTTP) or localhost:4317 (OTLP over gRPC), reads at http://localhost:3000 and finds its credentials in: pulumi stack output tenants --show-secrets",
  "",
];
