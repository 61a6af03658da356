// Previews a pull request without an engine, login or secret, and leaves behind what is posted: out/comment/{report.md,
// pull-request.json} for the job that may write, out/preview for people. Exits as the preview does: 0 good, 1 a policy is
// violated, 2 bad input, 3 a fault of ours. Environment: STACK, PR_NUMBER, BASE_REF, HEAD_SHA.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportOf } from "./body.mjs";
import { FORM, needed, root, step, summarize } from "./environment.mjs";
import { mergeBase } from "./merge-base.mjs";

/** Ends as the command line would, when what it is to be compared with cannot be found. */
function run({ stack, baseRef, headSha }) {
  let against;
  try {
    against = mergeBase({ baseRef, headSha });
  } catch (error) {
    return { code: 2, stdout: "", stderr: error.message };
  }
  const options = [
    "--stack",
    stack,
    "--against",
    against,
    "--format",
    "markdown",
    "--out",
    join("out", "preview"),
  ];
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(root, "scripts", "atalaya.mjs"), "preview", ...options],
    { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 ** 2, timeout: 15 * 60_000 },
  );
  // A reader knows the branch, not the commit's forty digits.
  const named = (text) => text.replaceAll(against, baseRef);
  const said = error === undefined ? stderr : `${stderr}\n${error.message}`;
  return { code: status ?? 3, stdout: named(stdout), stderr: named(said) };
}

await step(() => {
  const stack = needed("STACK", FORM.stack);
  const number = Number(needed("PR_NUMBER", FORM.number));
  const headSha = needed("HEAD_SHA", FORM.commit);
  const ended = run({ stack, baseRef: needed("BASE_REF", FORM.branch), headSha });
  process.stdout.write(ended.stdout);
  process.stderr.write(ended.stderr);

  const report = reportOf(ended);
  const directory = join(root, "out", "comment");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "report.md"), `${report}\n`);
  writeFileSync(join(directory, "pull-request.json"), `${JSON.stringify({ number })}\n`);
  summarize(report);
  return ended.code;
});
