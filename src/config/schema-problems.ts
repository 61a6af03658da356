import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { pathText, valueAt, type Path, type Report, type ReportOptions } from "./report";

/**
 * The schemas' own messages have two parts, `Problem.message` and `Problem.remedy`: this joins them into the one string that
 * zod carries, and {@link reportIssues} takes them apart again.
 */
export const say = (message: string, remedy: string): string => `${message}\n${remedy}`;

/** A list of tenants' plans may be long. */
const MAXIMUM_CHOICES = 20;

/** `Did you mean "retention"?` when one of the known words is near enough, else what there is. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return "Remove it.";
  const choices = known.length > MAXIMUM_CHOICES ? "" : `Known: ${[...known].sort().join(", ")}.`;
  const near = closest(word.toLowerCase(), [...known]);
  const allowed = Math.min(3, Math.max(1, Math.floor(word.length / 2)));
  const [written, meant] = [word.toLowerCase(), near.toLowerCase()];
  if (distance(written, meant) <= allowed || isSwap(written, meant)) return `Did you mean "${near}"?`;
  return choices === "" ? "Look at the names above." : choices;
}

/** One thing to say of every wrong value, and another when there is none. */
export const orMissing =
  (message: string, remedy: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? say("is missing", "Add it.") : say(message, remedy);

/** Two neighbouring letters the wrong way round: one slip, and two for the distance. */
const isSwap = (written: string, meant: string): boolean =>
  Array.from(
    written,
    (_, at) => written.slice(0, at) + (written[at + 1] ?? "") + (written[at] ?? "") + written.slice(at + 2),
  ).includes(meant);

const EXPECTED: Readonly<Record<string, string>> = {
  object: "a map of fields",
  record: "a map of names",
  array: 'a list (lines that begin with "- ")',
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

type Issue = z.core.$ZodIssue;

/** Adds zod's issues to a report, one for each unknown field, with what the schema says about each place. */
export function reportIssues(report: Report, schema: z.ZodType, issues: readonly Issue[]): void {
  // What could not even be read (an alias, a tag) is not also of the wrong type.
  const unread = new Set(report.problems.map(({ path }) => path));
  for (const issue of issues) {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      const known = fieldsAt(schema, path);
      for (const key of issue.keys)
        report.add([...path, key], "is not a known field", didYouMean(key, known), { at: "key" });
    } else if (issue.code === "invalid_key") {
      const [message = "", remedy = ""] = (issue.issues[0]?.message ?? "").split("\n");
      report.add(path, message, remedy, { at: "key" });
    } else if (path.length === 0) {
      report.add(path, "the file is not a map of fields", 'Write it as "field: value" lines.', {
        hideValue: true,
      });
    } else if (!unread.has(pathText(path))) {
      const [message, remedy, options] = words(issue, valueAt(report.source.value, path));
      report.add(path, message, remedy, options);
    }
  }
}

type Words = readonly [message: string, remedy: string, options?: ReportOptions];

function words(issue: Issue, value: unknown): Words {
  const [message, remedy] = issue.message.split("\n");
  if (message !== undefined && remedy !== undefined) return [message, remedy];
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    if (value === undefined) return ["is missing", `Add it: ${values.join(" or ")}.`];
    return ["is not one of the choices", didYouMean(typeof value === "string" ? value : "", values)];
  }
  if (value === undefined) return ["is missing", "Add it."];
  return issue.code === "invalid_type"
    ? wrongType(issue.expected, value)
    : ["is not accepted", `${issue.message}.`];
}

function wrongType(type: string, value: unknown): Words {
  const expected = EXPECTED[type] ?? type;
  if (value === null) return ["is empty", `Write ${expected}, or remove the line.`, { hideValue: true }];
  if (type === "string" && (typeof value === "number" || typeof value === "boolean"))
    return ["is not text", `Write it in quotes: "${String(value)}".`];
  const structure = ["object", "record", "array"].includes(type);
  return [
    `is not ${expected}`,
    structure ? "Look at the indentation, and at what your editor says." : `Write ${expected}.`,
  ];
}

/** The fields that the schema knows at a path; empty where anything else is. */
function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  let node = unwrap(schema);
  for (const key of path) {
    const { def } = node as { def: Definition };
    const next =
      def.type === "array"
        ? def.element
        : def.type === "record"
          ? def.valueType
          : (def.shape?.[key] ?? undefined);
    if (next === undefined) return [];
    node = unwrap(next);
  }
  return Object.keys((node as { def: Definition }).def.shape ?? {});
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string | number, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { def } = schema as unknown as { def: Definition };
  const inner = def.innerType ?? def.in;
  return inner === undefined ? schema : unwrap(inner);
}
