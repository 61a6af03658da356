import { stringify } from "yaml";

/**
 * A configuration that belongs to its reader from now on: keys in the order that its program's people expect, no aliases, no
 * folded lines, and comments above it, one a line.
 */
export const toOwnYaml = (comments: readonly string[], value: unknown): string =>
  commented(comments) + stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });

/** `# ` lines, whatever the comment holds. */
export const commented = (comments: readonly string[]): string =>
  comments
    .flatMap((comment) => comment.split(/[\r\n\u0085\u2028\u2029]+/))
    .map((line) => `# ${line}\n`)
    .join("");
