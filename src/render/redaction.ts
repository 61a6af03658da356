import { REDACTION, type Redaction, type Tenant } from "../model/tenant";
import type { Statements, Transform, TransformContext } from "./pipeline";
import { hintsOf, MASK, QUERY, SECRET_KEYS, secretsOf } from "./redaction-patterns";

/**
 * Masks secrets and personal data before anything leaves the agent, and before metrics are made of spans. By statements, because
 * the collectors' own component for this is experimental in Alloy. What fails is passed over, since one NaN would otherwise have
 * its request refused for ever: whatever could not be looked at is taken for suspect. What it does not see: numbers, bytes, and
 * the attributes of scopes and of a span's links; of metrics neither addresses nor cards, because there `rabbit@node-0` names a series.
 */
export function redact({ redaction = REDACTION }: Pick<Tenant, "redaction">): Transform {
  const block =
    (of: Redaction) =>
    (context: TransformContext, ...texts: readonly string[]) => ({
      context,
      statements: [
        ...(context === "log" ? AS_LOKI_STORES_IT : []),
        ...suspected(context, texts, of),
        ...masked(context, texts, of),
      ],
    });
  const [texts, series] = [block(redaction), block({ emails: false, cards: false })];
  return {
    kind: "transform",
    onError: "ignore",
    statements: {
      traces: [texts("resource"), texts("span", "name", "status.message"), texts("spanevent", "name")],
      metrics: [series("resource"), series("datapoint"), EXEMPLARS],
      logs: [texts("resource"), texts("log", "body")],
    },
  };
}

/** Whose attributes are those that the series was not to have: what they exemplify they name by trace. */
const EXEMPLARS: Statements = {
  context: "exemplar",
  statements: ["keep_keys(exemplar.filtered_attributes, [])"],
};

const IS_FIELDS = "IsMap(log.body) or IsList(log.body)";
/** Loki keeps a body of fields as this very text. One that has none cannot be searched. */
const AS_LOKI_STORES_IT: readonly string[] = [
  `set(log.body, String(log.body)) where ${IS_FIELDS}`,
  `set(log.body, "withheld by the agent: these fields cannot be written as JSON (NaN or Infinity)") where ${IS_FIELDS}`,
];

const quote = (text: string): string => JSON.stringify(text);

/** Notes of an item, which nobody else sees: all its texts in one, and whether there may be a secret in it. */
const note = (context: TransformContext, name: "text" | "suspect" | "keyed" | "before"): string =>
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
    // As long as nothing is known of it: there is no text where there is a NaN.
    `set(${note(context, "suspect")}, true)`,
    `set(${text}, ConvertCase(Concat([${all}], " "), "lower"))`,
    `set(${note(context, "suspect")}, false) where ${text} != nil and not (${hints.join(" or ")})`,
  ];
}

/** Texts lie among the attributes while those are masked: patterns are long, and there is a file of them for each agent. */
function masked(
  context: TransformContext,
  texts: readonly string[],
  redaction: Redaction,
): readonly string[] {
  const all = `${context}.attributes`;
  const [keyed, text, before] = [note(context, "keyed"), note(context, "text"), note(context, "before")];
  const moved = texts.map((name) => [`${context}.${name}`, `${all}[${quote(`atalaya.${name}`)}]`] as const);
  const suspect = `${note(context, "suspect")} == true`;
  const found = `${suspect} and Len(${keyed}) > 0`;
  const where = (condition: string) => (statement: string) => `${statement} where ${condition}`;
  return [
    // Patterns are tried on texts alone: lists and maps are taken apart.
    `flatten(${all}) where ${suspect} and (${text} == nil or IsMatch(${text}, ${quote('":[{[]')}))`,
    ...(context === "datapoint" ? [`set(${before}, String(${all})) where ${suspect}`] : []),
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
    ...(context === "datapoint" ? [keptApart(all, before)] : []),
  ];
}

/** Two series that differ by what is masked alone would be one, and lost as duplicates. */
const keptApart = (all: string, before: string): string =>
  `set(${all}["atalaya.masked"], Substring(SHA256(${before}), 0, 8)) where ${before} != nil and ${before} != String(${all})`;
