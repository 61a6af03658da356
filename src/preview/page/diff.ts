import { structuredPatch, type StructuredPatchHunk } from "diff";
import { html, raw, type Html } from "./html";
import { highlightLines } from "./highlight";

/** Lines around a change. */
const CONTEXT = 3;
/** Longer ones are another file: the comparison gives up after so many differences, or so many milliseconds. */
const EDITS = 4_000;
const TIME = 1_500;
/** Lines of one file's differences. */
const LINES = 1_200;

export interface Diff {
  readonly added: number;
  readonly removed: number;
  readonly body: Html;
}

/** What became of a file's text, with colours; undefined where nearly nothing is the same. */
export function diffOf(path: string, before: string, after: string): Diff | undefined {
  const patch = structuredPatch(path, path, before, after, "", "", {
    context: CONTEXT,
    maxEditLength: EDITS,
    timeout: TIME,
  });
  if (patch === undefined) return undefined;
  const lines = patch.hunks.flatMap(({ lines: all }) => all);
  let left = LINES;
  const shown = patch.hunks.flatMap((hunk) => {
    if (left <= 0) return [];
    const part = { ...hunk, lines: hunk.lines.slice(0, left) };
    left -= part.lines.length;
    return [hunkRows(path, part)];
  });
  return {
    added: lines.filter((line) => line.startsWith("+")).length,
    removed: lines.filter((line) => line.startsWith("-")).length,
    body: html`<pre class="diff" tabindex="0"><code>${shown}</code></pre>
      ${lines.length > LINES && html`<p class="note">${lines.length - LINES} more lines of differences are left out of this page.</p>`}`,
  };
}

/** Both sides are coloured as texts of their own, because a line alone does not say whether it lies in a string. */
function hunkRows(
  path: string,
  { oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk,
): Html {
  const side = (other: string): readonly Html[] =>
    highlightLines(
      path,
      lines
        .filter((line) => !line.startsWith(other) && !line.startsWith("\\"))
        .map((line) => line.slice(1))
        .join("\n"),
    );
  const [old, fresh] = [side("+"), side("-")];
  let [a, b] = [0, 0];
  const rows = lines.map((line) => {
    switch (line.charAt(0)) {
      case "-":
        return row("del", "-", oldStart + a, old[a++]);
      case "+":
        return row("ins", "+", newStart + b, fresh[b++]);
      case "\\":
        return html`<span class="line none">${line}</span>`;
      default:
        a++;
        return row("span", " ", newStart + b, fresh[b++]);
    }
  });
  return html`<span class="line at">@@ -${oldStart},${oldLines} +${newStart},${newLines} @@</span>${rows}`;
}

/** One line; the sign is text, so that it is read and copied as well. */
const row = (tag: "del" | "ins" | "span", sign: string, number: number, text: Html | undefined): Html =>
  html`${raw(`<${tag} class="line">`)}<i>${String(number).padStart(5)}</i> ${sign} ${text}${raw(`</${tag}>`)}`;
