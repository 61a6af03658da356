import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { run, type Finished } from "../servers";
import { git, Hosted } from "./pull-request";
import { ROOT } from "./workflows";

// Dozens of runs of git, on a machine that may have other work.
vi.setConfig({ testTimeout: 90_000 });

const hosted = new Hosted(false);
afterAll(() => {
  hosted.remove();
});
const base = git(hosted.origin, "rev-parse", "main");

const ask = async (directory: string, headSha: string, baseRef = "main"): Promise<Finished> => {
  mkdirSync(join(directory, "scripts"), { recursive: true });
  cpSync(join(ROOT, "scripts", "ci"), join(directory, "scripts", "ci"), { recursive: true });
  return await run(process.execPath, [join(directory, "scripts", "ci", "merge-base.mjs")], {
    cwd: directory,
    env: { BASE_REF: baseRef, HEAD_SHA: headSha },
  });
};
const found = (stdout: string) => ({ code: 0, stdout: `${stdout}\n`, stderr: "" });

describe("what a pull request is compared with", () => {
  const head = hosted.pullRequest(7, { "tenants.yaml": "tenants: []\n" });
  const moved = hosted.push({ README: "main moves on" });

  it("is the first parent of GitHub's merge, in two commits of history and without the network", async () => {
    const directory = hosted.checkout("refs/pull/7/merge", 2);
    git(directory, "remote", "set-url", "origin", "file:///nowhere");
    expect(await ask(directory, head)).toEqual(found(base));
  });

  it("is main as it was merged with: a merge that GitHub made anew knows what came since", async () => {
    const later = hosted.pullRequest(8, { "tenants.yaml": "tenants: []\n" }, base);
    expect(await ask(hosted.checkout("refs/pull/8/merge", 2), later)).toEqual(found(moved));
  });

  it("is the merge base of any other checkout, for which history is fetched", async () => {
    expect(await ask(hosted.checkout("refs/pull/7/head", 1), head)).toEqual(found(base));
  });

  it("is found behind more commits than the first fetch brings", async () => {
    const branch = git(hosted.origin, "rev-parse", "main");
    for (let i = 0; i < 60; i += 1) git(hosted.origin, "commit", "-q", "--allow-empty", "-m", `main ${i}`);
    const far = hosted.pullRequest(9, { "tenants.yaml": "tenants: []\n" }, branch);
    expect(await ask(hosted.checkout("refs/pull/9/head", 1), far)).toEqual(found(branch));
  });

  it("is not taken from a merge that the pull request made itself", async () => {
    git(hosted.origin, "checkout", "-q", "--detach", head);
    git(hosted.origin, "merge", "-q", "--no-edit", moved);
    const merged = git(hosted.origin, "rev-parse", "HEAD");
    git(hosted.origin, "update-ref", "refs/pull/10/head", merged);
    git(hosted.origin, "checkout", "-q", "main");
    expect(await ask(hosted.checkout("refs/pull/10/head", 1), merged)).toEqual(found(moved));
  });

  it("is nothing where there is no history in common", async () => {
    git(hosted.origin, "checkout", "-q", "--orphan", "alone");
    const alone = hosted.commit("alone");
    git(hosted.origin, "checkout", "-q", "-f", "main");
    expect(await ask(hosted.checkout(alone, 1), alone)).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "This checkout and main have no commit in common, so there is nothing to compare with. Rebase it on main.\n",
    });
  });

  it("names a branch that does not exist, and one that would be an option of git's", async () => {
    const directory = hosted.checkout("refs/pull/7/head", 1);
    expect(await ask(directory, head, "gone")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("refs/heads/gone") as unknown,
    });
    expect(await ask(directory, head, "--upload-pack=touch")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^BASE_REF is not of the form/) as unknown,
    });
  });
});
