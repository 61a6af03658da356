import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tempDir, type TempDir } from "../servers";
import { BOT, FakeGitHub, REPOSITORY, TOKEN } from "./fake-github";
import { type Ran, runStep } from "./pull-request";
import { ROOT } from "./workflows";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const FORK = "mallory/observability";
const RUN = "https://github.com/acme/observability/actions/runs/1";
const MARKER = "<!-- atalaya preview -->";
const REPORT = "## Atalaya: dev compared with git ref main (929e17f)\n\n- 🟢 Nothing shared restarts.\n";

let github: FakeGitHub;
let artifact: TempDir;
beforeEach(async () => {
  github = await new FakeGitHub().start();
  artifact = tempDir();
  open(7, REPOSITORY);
  leave({ number: 7 });
});
afterEach(async () => {
  expect(github.problems).toEqual([]);
  await github[Symbol.asyncDispose]();
  artifact.remove();
});

function open(number: number, full_name: string, sha = SHA): void {
  github.pulls.set(number, { state: "open", head: { sha, repo: { full_name } } });
}
/** What the preview's run left behind. */
function leave(claim: unknown, report = REPORT): void {
  writeFileSync(
    join(artifact.path, "pull-request.json"),
    typeof claim === "string" ? claim : JSON.stringify(claim),
  );
  writeFileSync(join(artifact.path, "report.md"), report);
}

interface Event {
  readonly repository?: string;
  readonly sha?: string;
}

/** The step of `preview-comment.yml`, after a run of that repository's commit. */
const comment = ({ repository = REPOSITORY, sha = SHA }: Event = {}): Promise<Ran> =>
  runStep("preview-comment.yml", "Comment", {
    directory: ROOT,
    answers: {
      "runner.temp": artifact.path,
      "github.event.workflow_run.head_sha": sha,
      "github.event.workflow_run.head_repository.full_name": repository,
      "github.event.workflow_run.html_url": RUN,
      "github.token": TOKEN,
    },
    env: { ...github.environment, REPORT_DIRECTORY: artifact.path },
  });
const bodies = (number = 7): readonly string[] => github.commentsOf(number).map(({ body }) => body);
const said = (stdout: string) => ({ code: 0, stdout: `${stdout}\n`, stderr: "", summary: "" });

describe("the comment of a pull request", () => {
  it("is made by the first push, and updated by the next", async () => {
    expect(await comment()).toEqual(said("Commented on pull request 7."));
    expect(bodies()).toEqual([
      `${MARKER}\n\n${REPORT}\n---\n\n_Preview of 0123456. Computed without any secret. [Run, with the plan and all files](${RUN})._\n`,
    ]);
    leave({ number: 7 }, REPORT.replace("Nothing shared", "Everything"));
    expect(await comment()).toEqual(said("Updated the comment on pull request 7."));
    expect(await comment()).toEqual(said("The comment on pull request 7 says so already."));
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toContain("🟢 Everything restarts.");
    expect(github.changes).toEqual(["POST /issues/7/comments", "PATCH /issues/comments/1001"]);
  });

  it("is found among many, and nobody else's is taken for it", async () => {
    const mallory = { login: "mallory", type: "User" };
    const others = Array.from({ length: 150 }, (_, id) => ({
      id: id + 1,
      body: `${MARKER} mine`,
      user: mallory,
    }));
    github
      .commentsOf(7)
      .push(...others, { id: 500, body: `${MARKER}\nold`, user: BOT }, { id: 501, body: "Hello", user: BOT });
    expect(await comment()).toEqual(said("Updated the comment on pull request 7."));
    expect(github.changes).toEqual(["PATCH /issues/comments/500"]);
  });

  it("of a fork says first whose code wrote it", async () => {
    open(7, FORK);
    expect(await comment({ repository: FORK })).toEqual(said("Commented on pull request 7."));
    expect(bodies()[0]?.split("\n").slice(0, 5)).toEqual([
      MARKER,
      "",
      `_Preview of 0123456. **Computed by the pull request's own code, from a fork, without any secret**: read its diff before you believe it. [Run, with the plan and all files](${RUN})._`,
      "",
      "## Atalaya: dev compared with git ref main (929e17f)",
    ]);
  });

  it("calls nobody, leads nowhere, and hides nothing, whatever the run left behind", async () => {
    leave(
      { number: 7 },
      `${MARKER}\n@acme/everybody see #1, acme/other#2 and [our docs](https://evil.example) ![x](https://evil.example/x.png)\n` +
        "mail@example.com <img src=https://evil.example> <A href=x>a</a> [y]: https://evil.example <details>fold</details>\0\n" +
        "&#64;acme &commat;acme mail&#x40;example.com &#x23;1 &#35;2 &#124; &lt;b&gt; \\@acme (@acme)",
    );
    await comment();
    expect(bodies()[0]?.split("\n").slice(2, 6)).toEqual([
      "&lt;!-- atalaya preview -->",
      "@\u200bacme/everybody see #\u200b1, acme/other#\u200b2 and [our docs]\u200b(https://evil.example) ![x]\u200b(https://evil.example/x.png)",
      "mail@example.com &lt;img src=https://evil.example> &lt;A href=x>a&lt;/a> [y]\u200b: https://evil.example <details>fold</details>",
      "@\u200bacme @\u200bacme mail@example.com #\u200b1 #\u200b2 &#124; &lt;b&gt; \\@\u200bacme (@\u200bacme)",
    ]);
  });

  it("is never longer than GitHub takes", async () => {
    leave({ number: 7 }, `## Long\n${"- 🔴 a line of it @x #1 ](\n".repeat(9_000)}`);
    expect(await comment()).toEqual(said("Commented on pull request 7."));
    const [body = ""] = bodies();
    expect(body.length).toBeLessThan(65_536);
    expect(body.length).toBeGreaterThan(60_000);
    expect(body).toContain(
      "_... cut here, because GitHub takes no more. The whole text is in the run's artifact._\n\n---\n",
    );
  });
});

describe("nothing is posted", () => {
  afterEach(() => {
    expect(github.changes).toEqual([]);
  });

  it("where the run left nothing", async () => {
    artifact.remove();
    expect(await comment()).toEqual(said("The run left no report behind: its own page says why."));
  });

  it.each([
    ["that does not exist", 99, {}, "there is no pull request 99"],
    ["of somebody else", 8, {}, "pull request 8 is not from acme/observability"],
    ["of our own, by a fork's run", 7, { repository: FORK }, `pull request 7 is not from ${FORK}`],
    ["whose fork is gone", 9, { repository: FORK }, `pull request 9 is not from ${FORK}`],
    [
      "that was pushed to since",
      7,
      { sha: SHA.replace("0", "f") },
      "pull request 7 has another commit by now, whose own preview follows",
    ],
    ["that is closed", 10, {}, "pull request 10 is closed"],
  ])("on a pull request %s", async (_, number, event, why) => {
    open(8, "somebody/observability");
    github.pulls.set(9, { state: "open", head: { sha: SHA, repo: null } });
    github.pulls.set(10, { state: "closed", head: { sha: SHA, repo: { full_name: REPOSITORY } } });
    leave({ number });
    expect(await comment(event)).toEqual(said(`Nothing is posted: ${why}.`));
  });

  it.each([
    "{}",
    "7/../8",
    '{"number":"7"}',
    '{"number":7.5}',
    '{"number":-7}',
    '{"number":1e300}',
    "null",
    "",
  ])("for the number %j", async (claim) => {
    leave(claim);
    const stderr = "pull-request.json of the artifact names no pull request.\n";
    expect(await comment()).toMatchObject({ code: 2, stdout: "", stderr });
  });

  it("from a link that leads out of the artifact, or from what is too large", async () => {
    const stderr = "report.md of the artifact is no file of at most 1 MiB.\n";
    leave({ number: 7 }, "x".repeat(1024 ** 2 + 1));
    expect(await comment()).toMatchObject({ code: 2, stderr });
    artifact.remove();
    artifact = tempDir();
    writeFileSync(join(artifact.path, "pull-request.json"), '{"number":7}');
    symlinkSync(join(ROOT, "package.json"), join(artifact.path, "report.md"));
    expect(await comment()).toMatchObject({ code: 2, stderr });
  });
});

describe("a GitHub that is not well", () => {
  it("is asked again where nothing can have happened yet", async () => {
    github.failures.push({ status: 503 }, { status: 429, headers: { "retry-after": "0" } });
    expect(await comment()).toEqual(said("Commented on pull request 7."));
  });

  it("is not asked twice to post, and what it said is told without the token", async () => {
    github.failures.push({ status: 500 });
    const { code, stderr } = await comment();
    expect({ code, stderr }).toEqual({ code: 3, stderr: "GitHub answers 500 to GET /pulls/7: {}\n" });
  });
});
