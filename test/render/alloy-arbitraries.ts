import * as fc from "fast-check";
import { attr, block, call, index, ref } from "../../src/render/alloy/syntax";
import type { Body, Expression, Statement, Value } from "../../src/render/alloy/syntax";

/** Any text that UTF-8 can hold, weighted towards what a scanner or a column printer trips over. */
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ maxLength: 100 }),
  fc.constantFrom("", "\\", '"', "`", "\t\v\f\n\r\0", "//", "/*", "${x}", "\ufeff", "\u2028", "\u202e", "é\u0301", "🧭", "=", "{"),
); // prettier-ignore

export const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

export const name = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/)
  .filter((word) => !["true", "false", "null"].includes(word));

/** `__proto__` is a legal key: with a null prototype it is an own property like any other. */
const objectOf = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>) =>
  fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: false });

const key = fc.oneof(name, fc.stringMatching(/^[ !#-[\]-~]{1,10}$/));

/** What JSON also knows: literals, lists and objects, nested. */
export const literal: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 6 }),
    objectOf(key, tie("value")),
  ),
})).value;

export const dotted = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));

export const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value; expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    dotted.map((path) => ref(path)),
    fc.tuple(dotted, fc.array(tie("value"), { maxLength: 3 })).map(([path, args]) => call(path, ...args)),
    fc.tuple(tie("expression"), fc.oneof(text, fc.nat())).map(([target, at]) => index(target, at)),
  ),
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    tie("expression"),
    fc.array(tie("value"), { maxLength: 6 }),
    objectOf(key, tie("value")),
  ),
})).value;

/** Bodies of blocks and attributes in any order, without what is refused: the same attribute or labelled block twice. */
export const body: fc.Arbitrary<Body> = fc.letrec<{ body: Body; statement: Statement }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: fc.tuple(name, value).map(([at, of]) => attr(at, of)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(dotted, fc.option(name), tie("body"))
        .map(([kind, label, of]) => (label === null ? block(kind, of) : block(kind, label, of))),
    },
  ),
  body: fc.uniqueArray(tie("statement"), {
    maxLength: 7,
    selector: (entry) =>
      "value" in entry ? entry.name : entry.label === undefined ? entry : `${entry.name} ${entry.label}`,
  }),
})).body;
