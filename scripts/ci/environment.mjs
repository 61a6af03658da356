// What GitHub Actions tells a step, and what a step tells GitHub Actions. Node's own modules only, also in all of scripts/ci.
import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the step cannot do without was not given: said in a sentence, exit code 2. */
export class InputError extends Error {}

/** A variable of the step's environment; throws when it is missing or not of that form. */
export function needed(name, form = /^[^\0]+$/su) {
  const value = process.env[name] ?? "";
  if (form.test(value)) return value;
  throw new InputError(`${name} is ${value === "" ? "missing" : "not of the form " + String(form)}.`);
}

/** Names of branches, commits, stacks and repositories as GitHub and Pulumi have them; none begins with a dash. */
export const FORM = {
  commit: /^[0-9a-f]{40}$/,
  branch: /^(?!-)[^\s\0~^:?*[\\]{1,255}$/u,
  stack: /^[A-Za-z0-9_.][\w.-]{0,99}(?:\/[\w.-]{1,100}){0,2}$/,
  repository: /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[\w.-]{1,100}$/,
  number: /^[1-9]\d{0,9}$/,
  url: /^https?:\/\/[^\s"'<>()]{1,500}$/,
};

/** Adds Markdown to the job's summary, of which GitHub takes 1 MiB a step. Outside of GitHub there is none. */
export function summarize(markdown) {
  const file = process.env["GITHUB_STEP_SUMMARY"];
  if (file) appendFileSync(file, `${cut(markdown, 250_000).trimEnd()}\n\n`);
}

/** At most so many characters, whole lines where it can be, and says so. */
export function cut(text, limit) {
  if (text.length <= limit) return text;
  const note = "\n\n_... cut here, because GitHub takes no more. The whole text is in the run's artifact._\n";
  const head = text.slice(0, limit - note.length);
  const line = head.lastIndexOf("\n");
  // A lone half of a pair would not survive UTF-8.
  return (line > limit / 2 ? head.slice(0, line) : head.replace(/[\uD800-\uDBFF]$/, "")) + note;
}

/** Text as a block of code that it cannot leave. */
export function codeBlock(text) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/** Runs a step's work; what it throws is one line on standard error: exit code 2 for wrong input, 3 for all else. */
export async function step(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof InputError ? 2 : 3;
  }
}
