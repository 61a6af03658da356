// Keeps one issue a stack about its drift: opened when there is some, updated while it changes, closed when it is gone.
// Environment: STACK, REPORT_DIRECTORY (what pulumi.mjs drift left), RUN_URL; GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asData } from "./body.mjs";
import { FORM, needed, step } from "./environment.mjs";
import { isOurs, repository } from "./github.mjs";

const say = (line) => process.stdout.write(`${line}\n`);

await step(async () => {
  const stack = needed("STACK", FORM.stack);
  const left = (name) => readFileSync(join(needed("REPORT_DIRECTORY"), name), "utf8");
  const { drift } = JSON.parse(left("drift.json"));
  const runUrl = needed("RUN_URL", FORM.url);
  const github = repository();

  const marker = `<!-- atalaya drift: ${stack} -->`;
  const issue = await github.find(
    "/issues?state=open",
    (one) => one.pull_request === undefined && isOurs(one) && one.body?.startsWith(marker),
  );
  if (!drift) {
    if (issue === undefined) return void say(`${stack} has no drift, and no issue about it.`);
    await github.call("POST", `/issues/${issue.number}/comments`, { body: `No drift any more: ${runUrl}` });
    await github.call("PATCH", `/issues/${issue.number}`, { state: "closed", state_reason: "completed" });
    return void say(`Closed issue ${issue.number}: ${stack} has no drift any more.`);
  }
  const told = `${marker}\n\n${asData(left("report.md")).trim()}`;
  const body = `${told}\n\n---\n\n_[Latest run that found something new](${runUrl})._\n`;
  if (issue === undefined) {
    const made = await github.call("POST", "/issues", {
      title: `Drift: ${stack} is not what is committed`,
      body,
    });
    return void say(`Opened issue ${made.number}.`);
  }
  // The same drift again is no news.
  if (issue.body.startsWith(`${told}\n`)) return void say(`Issue ${issue.number} says so already.`);
  await github.call("PATCH", `/issues/${issue.number}`, { body });
  say(`Updated issue ${issue.number}.`);
});
