/**
 * Just enough of Alloy's syntax to judge a configuration: blocks and their attributes, nested. Values are kept as they are
 * written, a string without its quotes.
 */
export interface AlloyBlock {
  /** `otelcol.exporter.otlphttp`, `sending_queue`. */
  readonly name: string;
  readonly label: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly blocks: readonly AlloyBlock[];
}

const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*"|`[^`]*`|[A-Za-z_][\w.]*|[{}()[\],=]|[^\s{}()[\],="`]+)/gy;

/** The blocks of a document. Throws an Error where it is none. */
export function parseAlloy(text: string): readonly AlloyBlock[] {
  const tokens = tokensOf(text);
  const { blocks, next } = body(tokens, 0);
  if (next !== tokens.length)
    throw new Error(`an unexpected "${tokens[next] ?? ""}" in an Alloy configuration`);
  return blocks;
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`an unreadable Alloy configuration at character ${at}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

type Body = Pick<AlloyBlock, "attributes" | "blocks"> & { readonly next: number };

function body(tokens: readonly string[], start: number): Body {
  const attributes: Record<string, string> = {};
  const blocks: AlloyBlock[] = [];
  let at = start;
  while (at < tokens.length && tokens[at] !== "}") {
    const name = tokens[at] ?? "";
    if (tokens[at + 1] === "=") {
      const end = valueEnd(tokens, at + 2);
      attributes[name] = unquoted(tokens.slice(at + 2, end).join(" "));
      at = end;
    } else {
      const label = tokens[at + 1] === "{" ? undefined : unquoted(tokens[at + 1] ?? "");
      const open = label === undefined ? at + 1 : at + 2;
      if (tokens[open] !== "{") throw new Error(`a block "${name}" without a body in an Alloy configuration`);
      const inner = body(tokens, open + 1);
      if (tokens[inner.next] !== "}")
        throw new Error(`a block "${name}" without an end in an Alloy configuration`);
      blocks.push({ name, label, attributes: inner.attributes, blocks: inner.blocks });
      at = inner.next + 1;
    }
  }
  return { attributes, blocks, next: at };
}

const OPEN = ["{", "[", "("];
const CLOSE = ["}", "]", ")"];
const OPERATOR = /^[-+*/%^!<>=&|?]+$/;

/** A value ends where, outside of brackets, a token follows that neither continues nor is continued by an operator. */
function valueEnd(tokens: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (OPEN.includes(token)) depth++;
    else if (CLOSE.includes(token)) depth--;
    if (depth < 0) return at;
    const next = tokens[at + 1] ?? "";
    if (depth === 0 && !OPERATOR.test(token) && !OPERATOR.test(next) && next !== "(" && next !== "[")
      return at + 1;
  }
  return tokens.length;
}

const unquoted = (value: string): string => (/^"[^"]*"$|^`[^`]*`$/.test(value) ? value.slice(1, -1) : value);
