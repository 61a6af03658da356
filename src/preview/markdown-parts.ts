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

/**
 * Names and values come from the tenant list: they must not become markup in somebody's comment, nor call people or link
 * issues. GitHub looks for `@name` and `#12` in the text that it has made of the Markdown, where an entity or a backslash is
 * gone already: only a character between, that nobody sees, keeps them apart. In an address the `@` calls nobody.
 */
export const escape = (text: string): string =>
  text
    // An arrow, `->`, is left as it is: it closes nothing.
    .replaceAll(/[\\`*_[\]<|&~]|(?<!-)>/g, "\\$&")
    .replaceAll(/(?<![A-Za-z0-9])@|#(?=\d)/g, "$&&#8203;")
    .replaceAll(/\s*\n\s*/g, " ");
