import { escape, folded, LARGEST } from "./markdown-parts";
import type { Item, Section, SectionId, Story, Tone } from "./changes/words/story";

/** Items and their details of one section beyond this are counted only, and fewer where the whole would be too long. */
const ROWS = 1_000;
/** Characters of one line: of a message that somebody pasted a file into. */
const LINE = 1_500;

/** Changes for a pull request: what may be lost first, details folded, and never larger than a comment may be. */
export function formatChangesMarkdown(story: Story): string {
  let [fits, fails] = [0, ROWS + 1];
  let text = compose(story, 0);
  while (fails - fits > 1) {
    const rows = Math.floor((fits + fails) / 2);
    const longer = compose(story, rows);
    if (Buffer.byteLength(longer) <= LARGEST) {
      text = longer;
      fits = rows;
      // Nothing was left out, so more rows are the same text.
      if (sizes(story).every((size) => size <= rows)) return text;
    } else fails = rows;
  }
  return text;
}

/** GitHub shows these as boxes, others as quotes. */
const BOXES: { readonly [S in SectionId]?: string } = { risks: "CAUTION", refusals: "WARNING" };

const MARKS: Readonly<Record<Tone, string>> = { danger: "🔴 ", warning: "🟠 ", good: "🟢 ", plain: "" };

const compose = ({ title, summary, sections }: Story, rows: number): string =>
  [
    `## Atalaya: ${escape(title)}`,
    "",
    ...summary.map(({ text, tone }) => `- ${MARKS[tone]}${line(text)}`),
    "",
    ...sections.flatMap((section) => sectionLines(section, rows)),
  ]
    .join("\n")
    .trimEnd() + "\n";

function sectionLines(
  { id, title, items, count = items.length, detail }: Section,
  rows: number,
): readonly string[] {
  const lines = capped(items, rows);
  if (detail) return folded(`${title} (${count})`, lines);
  const box = BOXES[id];
  if (box === undefined) return [`### ${title}`, "", ...lines, ""];
  return [`### ${title}`, "", `> [!${box}]`, ...lines.map((text) => `> ${text}`), ""];
}

/** An item with all of its details, or not at all. */
function capped(items: readonly Item[], rows: number): readonly string[] {
  const lines: string[] = [];
  let shown = 0;
  for (const item of items) {
    const own = itemLines(item);
    if (lines.length + own.length > rows) break;
    lines.push(...own);
    shown++;
  }
  const hidden = items.length - shown;
  return hidden === 0
    ? lines
    : [...lines, `- ... and ${hidden} more, left out so that this fits into a comment`];
}

const itemLines = ({ text, details }: Item): readonly string[] => [
  `- ${line(text)}`,
  ...details.map((detail) => `  - ${line(detail)}`),
];

const sizes = ({ sections }: Story): readonly number[] =>
  sections.map(({ items }) => items.reduce((sum, { details }) => sum + 1 + details.length, 0));

const line = (text: string): string => {
  const characters = Array.from(text.length > LINE ? text.slice(0, LINE) : text);
  return `${escape(characters.join(""))}${text.length > LINE ? " ..." : ""}`;
};
