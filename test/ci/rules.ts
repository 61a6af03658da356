import { parse } from "yaml";
import type { Workflow } from "./workflows";

/** `owner/name@<commit> # v1.2.3` */
const PINNED = /^\s*(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/**
 * What we hold workflows to, beyond what actionlint and zizmor know: every problem of one, in words.
 * `text` is the file, because a pin's version stands in a comment.
 */
export function problemsOf(text: string): readonly string[] {
  const { on, permissions, concurrency, jobs } = parse(text) as Workflow;
  const all = Object.entries(jobs).flatMap(([name, job]) => {
    const problem = (what: string): string => `${name}: ${what}`;
    const secrets = JSON.stringify(job).includes("secrets.");
    return [
      ...(job.permissions === undefined ? [problem("has no permissions")] : []),
      ...(job["timeout-minutes"] === undefined ? [problem("has no timeout-minutes")] : []),
      ...(concurrency === undefined && job.concurrency === undefined ? [problem("has no concurrency")] : []),
      ...(secrets && job.environment === undefined ? [problem("has secrets and no environment")] : []),
      ...(secrets && "pull_request" in on && !onlyOwn(job.if ?? "")
        ? [problem("has secrets for forks")]
        : []),
      ...(secrets && Object.values(job.permissions ?? {}).includes("write")
        ? [problem("has secrets and may write")]
        : []),
      ...job.steps.flatMap(({ uses = "", run = "", with: options = {} }) => [
        ...(uses.startsWith("actions/checkout@") && options["persist-credentials"] !== false
          ? [problem("leaves its token in the checkout")]
          : []),
        ...(/\$\{\{/.test(run) ? [problem(`an expression in a script: ${run.trim()}`)] : []),
        ...(run.trim().split("\n").length > 5
          ? [problem("a script that is not tested: more than five lines")]
          : []),
        ...("workflow_run" in on && /head|pull/.test(String(options["ref"] ?? ""))
          ? [problem("checks out a pull request where it may write")]
          : []),
      ]),
    ];
  });
  return [
    ...text
      .split("\n")
      .filter((line) => /^\s*(?:- )?uses:/.test(line) && !PINNED.test(line))
      .map((line) => `not pinned: ${line.trim()}`),
    ...(permissions === undefined || Object.keys(permissions).length > 0
      ? ["gives permissions to every job"]
      : []),
    ...("pull_request_target" in on ? ["runs on pull_request_target"] : []),
    ...all,
  ];
}

/** The condition by which a job runs for branches of the repository alone: one of several that must all hold. */
const onlyOwn = (condition: string): boolean =>
  !condition.includes("||") &&
  condition
    .split("&&")
    .some((part) => part.trim() === "github.event.pull_request.head.repo.full_name == github.repository");
