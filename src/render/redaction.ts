import { REDACTION, type Redaction, type Tenant } from "../model/tenant";
import type { Statements, Transform, TransformContext } from "./pipeline";
import { hintsOf, MASK, QUERY, SECRET_KEYS, secretsOf } from "./redaction-patterns";

/**
 * Masks secrets and personal data before anything leaves the agent, and before metrics are made of spans. By statements, because
 * the collectors' own component for this is experimental in Alloy. What it does not see: numbers, bytes, and the attributes of
 * scopes and of a span's links.
 */
export function redact({ redaction = REDACTION }: Pick<Tenant, "redaction">): Transform {
  const block = (context: TransformContext, ...texts: readonly string[]): Statements => ({
    context,
    statements: [
      ...(context === "log" ? [AS_LOKI_STORES_IT] : []),
      ...suspected(context, texts, redaction),
      ...masked(context, texts, redaction),
    ],
  });
  return {
    kind: "transform",
    statements: {
      traces: [block("resource"), block("span", "name", "status.message"), block("spanevent", "name")],
      metrics: [block("resource"), block("datapoint")],
      logs: [block("resource"), block("log", "body")],
    },
  };
}

/** Loki keeps a body of fields as this very text. */
const AS_LOKI_STORES_IT = "set(log.body, String(log.body)) where IsMap(log.body) or IsList(log.body)";

const quote = (text: string): string => JSON.stringify(text);

/** Notes of an item, which nobody else sees: all its texts in one, and whether there may be a secret in it. */
const note = (context: TransformContext, name: "text" | "suspect" | "keyed"): string =>
  `${context}.cache[${quote(name)}]`;

/** Items of which there are many; resources and events are few. */
const MANY: ReadonlySet<TransformContext> = new Set(["span", "datapoint", "log"]);

function suspected(
  context: TransformContext,
  texts: readonly string[],
  redaction: Redaction,
): readonly string[] {
  const text = note(context, "text");
  const all = [`String(${context}.attributes)`, ...texts.map((name) => `${context}.${name}`)].join(", ");
  // Each for itself is fast, all in one is short.
  const known = hintsOf(redaction);
  const hints = (MANY.has(context) ? known : [known.join("|")]).map(
    (hint) => `IsMatch(${text}, ${quote(hint)})`,
  );
  return [
    `set(${text}, ConvertCase(Concat([${all}], " "), "lower"))`,
    `set(${note(context, "suspect")}, true) where ${hints.join(" or ")}`,
  ];
}

/** Texts lie among the attributes while those are masked: patterns are long, and there is a file of them for each agent. */
function masked(
  context: TransformContext,
  texts: readonly string[],
  redaction: Redaction,
): readonly string[] {
  const all = `${context}.attributes`;
  const [keyed, text] = [note(context, "keyed"), note(context, "text")];
  const moved = texts.map((name) => [`${context}.${name}`, `${all}[${quote(`atalaya.${name}`)}]`] as const);
  const suspect = `${note(context, "suspect")} == true`;
  const found = `${suspect} and Len(${keyed}) > 0`;
  const where = (condition: string) => (statement: string) => `${statement} where ${condition}`;
  return [
    // Patterns are tried on texts alone: lists and maps are taken apart.
    `flatten(${all}) where ${suspect} and IsMatch(${text}, ${quote('":[{[]')})`,
    // No statement sets values by their keys: those are moved aside, masked and put back.
    ...[`set(${keyed}, ${all})`, `keep_matching_keys(${keyed}, ${quote(SECRET_KEYS)})`].map(where(suspect)),
    ...[
      `replace_all_patterns(${keyed}, "value", ${quote("(?s)^.+$")}, ${quote(MASK)})`,
      // First all of them: a key may be there twice.
      `delete_matching_keys(${all}, ${quote(SECRET_KEYS)})`,
      `merge_maps(${all}, ${keyed}, "upsert")`,
    ].map(where(found)),
    ...[
      ...moved.map(([name, place]) => `set(${place}, ${name})`),
      ...secretsOf(redaction).map(
        ({ pattern, replacement }) =>
          `replace_all_patterns(${all}, "value", ${quote(pattern)}, ${quote(replacement)})`,
      ),
      ...moved.map(([name, place]) => `set(${name}, ${place})`),
      ...texts.map((name) => `delete_key(${all}, ${quote(`atalaya.${name}`)})`),
      ...(context === "span"
        ? [`replace_pattern(${all}["url.query"], ${quote(QUERY.pattern)}, ${quote(QUERY.replacement)})`]
        : []),
    ].map(where(suspect)),
  ];
}
