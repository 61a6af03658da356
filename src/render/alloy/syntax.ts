/**
 * Grafana Alloy's configuration syntax as typed values, printed byte for byte as `alloy fmt` would leave it.
 * Rules from github.com/grafana/alloy/syntax v0.1.1 (scanner, parser, printer), which is what Alloy 1.18 holds.
 */

/** Not exported: only the functions of this file make nodes, so every node's names have been checked. */
const node: unique symbol = Symbol("alloy");

export type Value = string | number | boolean | null | Expression | readonly Value[] | ObjectValue;
/** Printed with sorted keys, one field a line. */
export interface ObjectValue {
  readonly [key: string]: Value;
}

export type Expression = Reference | Call | Index;
export interface Reference {
  readonly [node]: "reference";
  readonly path: string;
}
export interface Call {
  readonly [node]: "call";
  readonly name: string;
  readonly args: readonly Value[];
}
export interface Index {
  readonly [node]: "index";
  readonly target: Expression;
  readonly key: string | number;
}

export interface Attribute {
  readonly [node]: "attribute";
  readonly name: string;
  readonly value: Value;
}
export interface Block {
  readonly [node]: "block";
  readonly name: string;
  readonly label: string | undefined;
  readonly body: readonly Statement[];
}
export type Statement = Attribute | Block;
/** Statements in order. Lists are flattened and what is absent is skipped: `[attrs({...}), tls && block("tls", [...])]`. */
export type Body = readonly (Statement | Body | false | undefined)[];

/** `name = value`. */
export function attr(name: string, value: Value): Attribute {
  return { [node]: "attribute", name: identifier(name, "attribute name"), value };
}

/** One attribute for each entry, in the order given; an undefined value is an attribute left out. */
export function attrs(values: Readonly<Record<string, Value | undefined>>): readonly Attribute[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [attr(name, value)]));
}

/** `block("otelcol.receiver.otlp", "in", [...])` with a label, `block("grpc", [...])` without. */
export function block(name: string, body: Body): Block;
export function block(name: string, label: string, body: Body): Block;
export function block(name: string, ...rest: readonly [Body] | readonly [string, Body]): Block {
  const label = rest.length === 2 ? identifier(rest[0], `label of block ${name}`) : undefined;
  const head = { [node]: "block", name: identifiers(name, "block name"), label } as const;
  return { ...head, body: statements(rest[rest.length - 1] as Body, title(head)) };
}

/** What a component exports, `ref(receiver, "input")`, or any dotted path, `ref("local.file.key.content")`. */
export function ref(target: string | Block, ...fields: readonly string[]): Reference {
  const start =
    typeof target === "string"
      ? [target]
      : [target.name, ...(target.label === undefined ? [] : [target.label])];
  return { [node]: "reference", path: identifiers([...start, ...fields].join("."), "reference") };
}

/** `call("sys.env", "TOKEN_URL")`. */
export function call(name: string, ...args: readonly Value[]): Call {
  return { [node]: "call", name: identifiers(name, "function name"), args };
}

/** An element of a list or a field of an object: `index(call("json_path", file, "$.a"), 0)`. */
export function index(target: Expression, key: string | number): Index {
  if (typeof key === "number" && (!Number.isSafeInteger(key) || key < 0)) {
    throw new Error(`alloy: index ${key} must be a whole number, 0 or more`);
  }
  return { [node]: "index", target, key };
}

/** What every file of ours begins with. */
export const HEADER = "Rendered by Atalaya from the tenant list. Changes made here are lost.";

/** The whole file. `header` becomes the comment at its top; "" means none. */
export function toAlloy(body: Body, header = HEADER): string {
  for (const char of header) {
    if (char !== "\n" && unprintable(char)) {
      throw new Error(`alloy: the header comment holds ${JSON.stringify(char)}, which cannot be seen`);
    }
  }
  const comment = header === "" ? [] : [header.replace(/^/gm, "// ").replace(/ +$/gm, "")];
  const text = printBody(statements(body, "the document"), "");
  return `${[...comment, ...(text === "" ? [] : [text])].join("\n\n")}\n`;
}

const IDENTIFIER = /^(?!(?:true|false|null)$)[A-Za-z_][A-Za-z0-9_]*$/;

function identifier(text: string, what: string): string {
  if (IDENTIFIER.test(text)) return text;
  throw new Error(
    `alloy: ${what} ${JSON.stringify(text)} must be an identifier: ASCII letters, digits and _ (no dash), ` +
      "not starting with a digit, and not true, false or null",
  );
}

function identifiers(dotted: string, what: string): string {
  for (const part of dotted.split("."))
    identifier(part, part === dotted ? what : `${what} "${dotted}": part`);
  return dotted;
}

const title = (of: Pick<Block, "name" | "label">): string =>
  of.label === undefined ? of.name : `${of.name} "${of.label}"`;

/** Alloy takes an attribute, and a block with a label, once in a body. */
function statements(body: Body, where: string): readonly Statement[] {
  const all = (body as readonly unknown[]).flat(Infinity) as readonly (Statement | false | undefined)[];
  const present = all.filter((entry) => entry !== undefined && entry !== false);
  const seen = new Set<string>();
  for (const entry of present) {
    if (entry[node] === "block" && entry.label === undefined) continue;
    const name = entry[node] === "block" ? title(entry) : entry.name;
    if (seen.has(name)) throw new Error(`alloy: ${where} has ${name} twice`);
    seen.add(name);
  }
  return present;
}

/** Attributes that follow each other make one paragraph; a blank line goes around each block. */
function printBody(body: readonly Statement[], where: string): string {
  const paragraphs: (Block | Attribute[])[] = [];
  for (const entry of body) {
    const last = paragraphs.at(-1);
    if (entry[node] === "block") paragraphs.push(entry);
    else if (Array.isArray(last)) last.push(entry);
    else paragraphs.push([entry]);
  }
  return paragraphs
    .map((entry) => (Array.isArray(entry) ? printAttributes(entry, where) : printBlock(entry, where)))
    .join("\n\n");
}

const printAttributes = (attributes: readonly Attribute[], where: string): string =>
  align(attributes.map(({ name, value }) => [name, print(value, where + name)] as const)).join("\n");

function printBlock(entry: Block, where: string): string {
  const head = title(entry);
  const body = printBody(entry.body, `${where}${head} > `);
  return body === "" ? `${head} { }` : `${head} {\n${indent(body)}\n}`;
}

/** `key = value` with the signs of a run in one column; a value of several lines is the last of its run. */
function align(rows: readonly (readonly [key: string, value: string])[]): string[] {
  const lines: string[] = [];
  for (let start = 0; start < rows.length;) {
    const several = rows.findIndex(([, value], at) => at >= start && value.includes("\n"));
    const run = rows.slice(start, several < 0 ? rows.length : several + 1);
    const width = run.reduce((widest, [key]) => Math.max(widest, key.length), 0);
    lines.push(...run.map(([key, value]) => `${key.padEnd(width)} = ${value}`));
    start += run.length;
  }
  return lines;
}

/** No printed string holds a raw line break, so text can be indented after it was printed. */
const indent = (text: string): string => text.replace(/^(?=.)/gm, "\t");

function print(value: Value, where: string): string {
  if (typeof value === "string") return quote(value, where);
  if (typeof value === "number") return printNumber(value, where);
  if (typeof value === "boolean" || value === null) return String(value);
  if (typeof value !== "object") {
    value satisfies never;
    throw new Error(`alloy: ${where} must be a value of Alloy's, not ${typeof value}`);
  }
  if (isExpression(value)) return printExpression(value, where);
  return isList(value) ? printList(value, where) : printObject(value, where);
}

const isExpression = (value: object): value is Expression => node in value;
const isList = (value: readonly Value[] | ObjectValue): value is readonly Value[] => Array.isArray(value);

function printExpression(value: Expression, where: string): string {
  switch (value[node]) {
    case "reference":
      return value.path;
    case "call":
      return `${value.name}(${value.args.map((arg) => print(arg, `${where}: ${value.name}()`)).join(", ")})`;
    case "index":
      return `${printExpression(value.target, where)}[${print(value.key, where)}]`;
    default:
      return value satisfies never;
  }
}

/** Characters up to which a list stays on one line. The formatter takes both forms; a long list diffs better in lines. */
const LIST_WIDTH = 80;

function printList(list: readonly Value[], where: string): string {
  const items = Array.from(list, (item, at) => print(item, `${where}[${at}]`));
  const line = `[${items.join(", ")}]`;
  if (line.length <= LIST_WIDTH && !line.includes("\n")) return line;
  return `[\n${indent(items.map((item) => `${item},`).join("\n"))}\n]`;
}

function printObject(object: ObjectValue, where: string): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`alloy: ${where} must be a plain object, not an instance of a class`);
  }
  // Always in lines: the formatter would align the signs of one-line objects across neighbouring attributes.
  const fields = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  if (fields.length === 0) return "{}";
  const rows = fields.map(
    ([key, value]) => [printKey(key, where), `${print(value, `${where}.${key}`)},`] as const,
  );
  return `{\n${indent(align(rows).join("\n"))}\n}`;
}

/** The parser takes the text between a key's quotes as it stands, escapes undone by nobody. */
function printKey(key: string, where: string): string {
  if (IDENTIFIER.test(key)) return key;
  if (/^[ !#-[\]-~]+$/.test(key)) return `"${key}"`;
  throw new Error(
    `alloy: ${where}: key ${JSON.stringify(key)} must be printable ASCII without " and \\, and not empty, because ` +
      'Alloy reads no escapes in keys; pass the object as text to call("encoding.from_json", ...)',
  );
}

function printNumber(value: number, where: string): string {
  if (!Number.isFinite(value)) throw new Error(`alloy: ${where} must be a finite number, not ${value}`);
  // Alloy reads digits alone as 64-bit integers and wraps on overflow; with an exponent they are a float.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Controls, formatting (bidi, zero-width, byte order mark), private use, every space but " ", lone surrogates. */
const UNPRINTABLE = String.raw`(?! )[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}]`;
const ESCAPED = new RegExp(String.raw`["\\]|${UNPRINTABLE}`, "gu");
const unprintable = (char: string): boolean => new RegExp(`^${UNPRINTABLE}$`, "u").test(char);

/** Escaped also where Alloy would not insist: what a reviewer cannot see must not hide in a file. */
function quote(text: string, where: string): string {
  if (!text.isWellFormed()) {
    throw new Error(
      `alloy: ${where} holds a lone surrogate, which no UTF-8 file can: ${JSON.stringify(text)}`,
    );
  }
  return `"${text.replace(ESCAPED, (char) => SHORT[char] ?? escapeRune(char))}"`;
}

function escapeRune(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
