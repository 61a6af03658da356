/** One thing that is wrong with what somebody wrote: where it stands, what it is and what to do about it. */
export interface Problem {
  /** As the reader knows it: `tenants.yaml`. */
  readonly file: string;
  /** From 1; absent when the file itself is the problem. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** `tenants[2].retention.logs.application`; empty for the whole file. */
  readonly path: string;
  /** The id of the tenant the path lies in, as written. */
  readonly tenant?: string;
  /** What was found, when it helps to see it. Never a value that may be a secret. */
  readonly value?: unknown;
  /** A predicate on path and value, without a full stop: `exceeds this environment's maximum 400d`. */
  readonly message: string;
  /** What to do: whole sentences. */
  readonly remedy: string;
}

/** Longer than any sensible value of the list; a pasted file should not fill the screen. */
const SHOWN_CHARACTERS = 60;
/** Beyond that nobody reads on; `problems` holds all of them. */
const SHOWN_PROBLEMS = 50;

/** Spells out what a terminal would not show or would obey: control, zero-width and bidirectional characters. */
const visible = (text: string): string =>
  text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}\u{A0}\u{1680}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}\u{115F}\u{1160}\u{3164}\u{FE00}-\u{FE0F}]/gu,
    (character) => {
      const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0") ?? "";
      return `<U+${code}>`;
    },
  );

/** A value as it can be shown on any terminal: one line, text in quotes. */
export function showValue(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const characters = Array.from(text);
  const long = characters.length > SHOWN_CHARACTERS;
  return visible(long ? `${characters.slice(0, SHOWN_CHARACTERS).join("")}..."` : text);
}

const byPosition = (a: Problem, b: Problem): number =>
  (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
  (a.line ?? 0) - (b.line ?? 0) ||
  (a.column ?? 0) - (b.column ?? 0) ||
  (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** `tenants[2] "acme": retention.metrics`; the path alone when it lies in no named tenant. */
function subject({ path, tenant }: Problem): string {
  const match = tenant === undefined ? null : /^(tenants\[\d+\])\.?(.*)$/su.exec(path);
  if (match === null) return showPath(path);
  const [, entry = "", rest = ""] = match;
  return `${entry} ${showValue(tenant)}${rest === "" ? "" : `: ${showPath(rest)}`}`;
}

const showPath = (path: string): string => visible(path.length > 200 ? `${path.slice(0, 200)}...` : path);

/**
 * One line: `tenants.yaml:12:5: tenants[2] "acme": retention.metrics "900d" exceeds this environment's maximum 400d.
 * Shorten it or ...`
 */
export function formatProblem(problem: Problem): string {
  const { file, line, column, value, message, remedy } = problem;
  const position = [file, line, column].filter((part) => part !== undefined).join(":");
  const what = [subject(problem), value === undefined ? "" : showValue(value), message].filter(
    (part) => part !== "",
  );
  return `${position}: ${what.join(" ")}. ${remedy}`;
}

/** Sorted by file and position, one problem a line; at most 50 of them, and how many more there are. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = sortProblems(problems).map(formatProblem);
  const hidden = lines.length - SHOWN_PROBLEMS;
  return [...lines.slice(0, SHOWN_PROBLEMS), ...(hidden > 0 ? [`... and ${hidden} more problems`] : [])].join(
    "\n",
  );
}

/** By file, line, column and path; equal ones once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort(byPosition);
}

/**
 * Everything that is wrong with the configuration, at once. Its text is meant to be printed as it is: no stack trace,
 * because the mistake is in the reader's file and not in this program.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Sorted by file and position. */
  readonly problems: readonly Problem[];
  /** Pulumi's runtime prints errors that carry this mark by their message only. */
  readonly __pulumiRunError = true;

  constructor(problems: readonly Problem[]) {
    const sorted = sortProblems(problems);
    super(formatProblems(sorted));
    this.problems = sorted;
    this.stack = this.message;
  }

  override toString(): string {
    return this.message;
  }
}

/** Runs all of them, and throws one {@link ConfigError} with the problems of every one that failed. */
export function together<T extends readonly unknown[]>(...parts: { [K in keyof T]: () => T[K] }): T {
  const problems: Problem[] = [];
  const results = parts.map((part: () => unknown) => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return results as unknown as T;
}
