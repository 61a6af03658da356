import { createColors } from "picocolors";
import type { Item, Section, Story, Tone } from "./changes/words/story";

export interface ChangesTextOptions {
  readonly color: boolean;
  /** Everything, however much it is. */
  readonly whole: boolean;
  /** Of the terminal; without it no line is folded. */
  readonly columns?: number;
}

/** Items of one section beyond this are counted only. */
const ITEMS = 40;
const DETAILS = 20;
/** Narrower than that nobody reads sentences. */
const NARROWEST = 40;

/** Changes for a person at a terminal: the verdict, what may be lost, then everything else. */
export function formatChangesText({ title, summary, sections }: Story, options: ChangesTextOptions): string {
  const { bold, green, red, yellow } = createColors(options.color);
  const colors: Readonly<Record<Tone, (text: string) => string>> = {
    ...{ danger: red, warning: yellow, good: green },
    plain: (text) => text,
  };
  const width = options.columns === undefined ? Infinity : Math.max(NARROWEST, options.columns);
  const drawn = ({ text, tone, details }: Item): readonly string[] => [
    ...fold(text, "  ", width).map(colors[tone]),
    ...cap(details, DETAILS, "    ").flatMap((detail) => fold(`- ${detail.trimStart()}`, "    ", width)),
  ];
  const section = ({ title: heading, items }: Section): readonly string[] => {
    const shown = options.whole ? items : items.slice(0, ITEMS);
    const hidden = items.length - shown.length;
    return [
      "",
      bold(heading),
      ...shown.flatMap(drawn),
      ...(hidden === 0 ? [] : [`  ... and ${hidden} more (--whole shows them)`]),
    ];
  };
  const cap = (lines: readonly string[], most: number, indent: string): readonly string[] =>
    options.whole || lines.length <= most
      ? lines
      : [...lines.slice(0, most), `${indent}... and ${lines.length - most} more (--whole shows them)`];
  return [
    ...fold(title, "", width).map(bold),
    ...summary.flatMap(({ text, tone }) => fold(text, "  ", width).map(colors[tone])),
    ...sections.flatMap(section),
  ].join("\n");
}

/** Words into lines; those that follow the first stand a little further in. */
function fold(text: string, indent: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = indent;
  let empty = true;
  for (const word of text.replaceAll(/\s*\n\s*/g, " ").split(" ")) {
    if (!empty && current.length + 1 + word.length > width) {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, current];
}
