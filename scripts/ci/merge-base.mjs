// The commit that a pull request is compared with. By hand: BASE_REF=main HEAD_SHA=<commit> node scripts/ci/merge-base.mjs
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FORM, InputError, needed, root, step } from "./environment.mjs";

/** How much history is fetched, in steps: most pull requests need the first. */
const DEPTHS = ["--depth=50", "--depth=500", "--unshallow"];

/**
 * GitHub checks out a merge of the base branch and the pull request: its first parent is then what the change is made to, also
 * when the base branch moves on later, and nothing is fetched. Of any other checkout it is the merge base, for which history
 * is fetched where the clone is shallow. Throws InputError when the two have no history in common.
 */
export function mergeBase({ baseRef, headSha }) {
  const [, base, head] = says("rev-list", "--parents", "--max-count=1", "HEAD").split(" ");
  if (head !== undefined && head === headSha) return base;
  const upstream = `refs/remotes/origin/${baseRef}`;
  const common = () => tries("merge-base", upstream, "HEAD");
  const isShallow = () => says("rev-parse", "--is-shallow-repository") === "true";
  // Both ends, because a history that is cut at either one has no commit in common. A whole clone only lacks the branch.
  const ends = [`+refs/heads/${baseRef}:${upstream}`, ...(isShallow() ? [says("rev-parse", "HEAD")] : [])];
  let found = common();
  for (const depth of DEPTHS) {
    if (found !== undefined) break;
    says("fetch", "--no-tags", "--quiet", ...(isShallow() ? [depth] : []), "origin", ...ends);
    found = common();
  }
  if (found === undefined)
    throw new InputError(
      `This checkout and ${baseRef} have no commit in common, so there is nothing to compare with. Rebase it on ${baseRef}.`,
    );
  return found;
}

const git = (args) =>
  spawnSync("git", ["-C", root, ...args], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" },
  });

function says(...args) {
  const { status, stdout, stderr, error } = git(args);
  if (status !== 0) throw new InputError(`git ${args[0]} failed: ${(error?.message ?? stderr).trim()}`);
  return stdout.trim();
}

function tries(...args) {
  const { status, stdout } = git(args);
  return status === 0 ? stdout.trim() : undefined;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await step(() => {
    const found = mergeBase({
      baseRef: needed("BASE_REF", FORM.branch),
      headSha: needed("HEAD_SHA", FORM.commit),
    });
    process.stdout.write(`${found}\n`);
  });
