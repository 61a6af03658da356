// Posts what a preview said under its pull request: one comment, updated by every push. Runs with a token that may write, so
// everything that the preview left behind is data here: nothing of it is run, and it chooses neither where it is posted nor
// what else is changed. Environment: REPORT_DIRECTORY (the artifact); HEAD_SHA, HEAD_REPOSITORY, RUN_URL (from the event);
// GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN.
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentOf, MARKER } from "./body.mjs";
import { FORM, InputError, needed, step } from "./environment.mjs";
import { isOurs, repository } from "./github.mjs";

const LARGEST = 1024 ** 2;

/** An ordinary file of the artifact, of a sensible size, or undefined. A link is none: it would lead out of the artifact. */
function readData(directory, name) {
  const path = join(directory, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size > LARGEST)
    throw new InputError(`${name} of the artifact is no file of at most 1 MiB.`);
  return readFileSync(path, "utf8");
}

/** The number that the artifact claims. */
function claimedNumber(text) {
  try {
    const { number } = JSON.parse(text);
    if (Number.isSafeInteger(number) && FORM.number.test(String(number))) return number;
  } catch {
    // said below
  }
  throw new InputError("pull-request.json of the artifact names no pull request.");
}

/** Why nothing may be posted there, or undefined: an artifact may claim any number, the event says whose run it was. */
function refusal(pull, { number, headSha, headRepository }) {
  if (pull === undefined) return `there is no pull request ${number}`;
  if (pull.head.repo?.full_name !== headRepository)
    return `pull request ${number} is not from ${headRepository}`;
  if (pull.head.sha !== headSha)
    return `pull request ${number} has another commit by now, whose own preview follows`;
  return pull.state === "open" ? undefined : `pull request ${number} is closed`;
}

const say = (line) => process.stdout.write(`${line}\n`);

await step(async () => {
  const directory = needed("REPORT_DIRECTORY");
  const headSha = needed("HEAD_SHA", FORM.commit);
  const headRepository = needed("HEAD_REPOSITORY", FORM.repository);
  const runUrl = needed("RUN_URL", FORM.url);
  const github = repository();

  const claim = readData(directory, "pull-request.json");
  const report = readData(directory, "report.md");
  if (claim === undefined || report === undefined)
    return void say("The run left no report behind: its own page says why.");

  const number = claimedNumber(claim);
  const why = refusal(await github.call("GET", `/pulls/${number}`), { number, headSha, headRepository });
  if (why !== undefined) return void say(`Nothing is posted: ${why}.`);

  const body = commentOf({ report, commit: headSha, runUrl, isFork: headRepository !== github.name });
  const ours = await github.find(
    `/issues/${number}/comments`,
    (comment) => isOurs(comment) && comment.body?.startsWith(MARKER),
  );
  if (ours === undefined) {
    await github.call("POST", `/issues/${number}/comments`, { body });
    say(`Commented on pull request ${number}.`);
  } else if (ours.body.trim() === body.trim()) {
    say(`The comment on pull request ${number} says so already.`);
  } else {
    await github.call("PATCH", `/issues/comments/${ours.id}`, { body });
    say(`Updated the comment on pull request ${number}.`);
  }
});
