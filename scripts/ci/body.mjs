// What is posted under a pull request: pure functions from what is known to Markdown.
import { codeBlock, cut } from "./environment.mjs";

/** By it the comment is found again, so that there is one, however often is pushed. */
export const MARKER = "<!-- atalaya preview -->";

/** GitHub takes 65,536 characters of a comment; some are left for what others count differently. */
const LARGEST = 65_000;
const LARGEST_REPORT = 62_000;
const LARGEST_ERROR = 20_000;

const ANSI = /\u001b\[[\d;]*[A-Za-z]/g;

/** What stands above a preview that did not go well, by its exit code. */
const HEADINGS = {
  1: "> [!WARNING]\n> **This change is refused**: a policy is violated, see below. The check fails until it is not.",
  2: "## Atalaya: the preview was refused\n\nWhat is wrong, and what to do, in the preview's own words:",
  3: "## Atalaya: the preview failed\n\nThis is a fault of the program, not of the tenant list:",
};

/**
 * The report of one preview: what it printed, or why it printed nothing. `stdout` is the preview's own Markdown, `stderr` what it
 * said besides.
 */
export function reportOf({ code, stdout, stderr }) {
  const printed = stdout.trim();
  if (code === 0 && printed !== "") return cut(printed, LARGEST_REPORT);
  if (code === 1 && printed !== "") return cut(`${HEADINGS[1]}\n\n${printed}`, LARGEST_REPORT);
  const said = stderr.replaceAll(ANSI, "").trim() || `It ended with exit code ${code} and said nothing.`;
  // The end of a long one: there stands why it stopped.
  const shown = said.length > LARGEST_ERROR ? `...\n${said.slice(-LARGEST_ERROR)}` : said;
  return `${code === 2 ? HEADINGS[2] : HEADINGS[3]}\n\n${codeBlock(shown)}`;
}

/**
 * The comment around a report that somebody else's code wrote: the marker first, then the report with everything taken out that
 * would reach beyond it, then what we know ourselves. `runUrl` and `commit` come from GitHub.
 */
export function commentOf({ report, commit, runUrl, isFork }) {
  const origin = isFork
    ? "**Computed by the pull request's own code, from a fork, without any secret**: read its diff before you believe it."
    : "Computed without any secret.";
  const note = `_Preview of ${commit.slice(0, 7)}. ${origin} [Run, with the plan and all files](${runUrl})._`;
  const told = cut(asData(report).trim(), LARGEST - note.length - MARKER.length).trim();
  // Above what a stranger's code wrote, where that cannot fold it away.
  return `${[MARKER, ...(isFork ? [note, told] : [told, "---", note])].join("\n\n")}\n`;
}

/** Where no character is seen, so that what follows is not joined to what is before. */
const APART = "\u200b";

/**
 * Text of an unknown author as the body of our own comment: it calls nobody (`@name`), mentions no issue (`#1`), leads nowhere by
 * a link with another name, loads no picture, and hides nothing in an HTML comment, our marker least of all. To a reader it
 * looks the same.
 */
export function asData(text) {
  return (
    text
      .replaceAll("\0", "")
      // GitHub looks for names and issues after these have become what they stand for.
      .replaceAll(/&(?:#0*64|#x0*40|commat);/gi, "@")
      .replaceAll(/&(?:#0*35|#x0*23|num);/gi, "#")
      .replaceAll(/<(?=!--|\/?(?:a|audio|img|picture|source|svg|video)\b)/gi, "&lt;")
      .replaceAll(/(?<!\w)@(?=[A-Za-z0-9])/g, `@${APART}`)
      .replaceAll(/(?<!&)#(?=\d)/g, `#${APART}`)
      .replaceAll(/\](?=[([:])/g, `]${APART}`)
  );
}
