/** A pull request's comment may hold 65,536 characters. */
export const LARGEST = 60_000;

export const folded = (summary: string, lines: readonly string[]): readonly string[] => [
  `<details><summary>${summary}</summary>`,
  "",
  ...lines,
  "",
  "</details>",
  "",
];

/** Names and values come from the tenant list: they must not become markup in somebody's comment. */
export const escape = (text: string): string =>
  text
    // An arrow, `->`, is left as it is: it closes nothing.
    .replaceAll(/[\\`*_[\]<|]|(?<!-)>/g, "\\$&")
    .replaceAll("@", "&#64;")
    .replaceAll(/\s*\n\s*/g, " ");
