import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { ConfigError, type Problem } from "./problems";
import { pathText, Report, valueAt, type Locate, type Path, type Position } from "./report";
import { checkText } from "./source";

/** Keys that mean something to JavaScript itself; no field or plan of ours has such a name. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const EMPTY_LIST = "See the tenants.yaml that Atalaya ships, or take it back from git.";

const SYNTAX: Partial<Readonly<Record<YAMLError["code"], readonly [message: string, remedy: string]>>> = {
  TAB_AS_INDENT: ["a tab is used as indentation", "Indent with two spaces."],
  MULTIPLE_DOCS: ["the file holds several documents", 'Remove the "---" line and what follows it.'],
  BAD_ALIAS: [
    "an alias (*name) names nothing",
    "Aliases are refused here in any case: write the value, or use a plan.",
  ],
};

/**
 * Reads YAML 1.2 strictly: plain maps with text keys, lists and scalars. Returns the plain value and where each part
 * stands, and the problems that leave a value to go on with (duplicate keys, aliases, tags). Throws {@link ConfigError}
 * when there is no such value: not YAML, nothing in it, several documents.
 * @param whenEmpty what to do about a file with nothing in it
 */
export function parseYaml(text: string, file: string, whenEmpty = EMPTY_LIST): Report {
  const textProblems = checkText(text, file);
  if (textProblems.length > 0) throw new ConfigError(textProblems);
  const lines = new LineCounter();
  const document = compose(text, file, lines);
  const locate = locator(document, lines);
  const report = new Report({ file, value: undefined, locate });
  const value = plainValue(document, report, lines);
  if (document.directives?.yaml.explicit === true)
    report.problems.push({
      file,
      line: text.split("\n").findIndex((line) => line.startsWith("%YAML")) + 1,
      column: 1,
      path: "",
      message: "the file chooses its own YAML version",
      remedy: 'Remove the "%YAML" line: this is read as YAML 1.2.',
    });
  const found = new Report({ file, value, locate });
  found.problems.push(...report.problems.map((problem) => withTenant(problem, value)));
  addSyntaxErrors(document, lines, found, whenEmpty);
  return found;
}

function compose(text: string, file: string, lines: LineCounter): Document {
  try {
    // Duplicate keys are looked for below: the library's own search is quadratic in the keys of a map.
    return parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: "1.2",
      // Not "silent": with that the library passes over further documents.
      logLevel: "error",
    });
  } catch {
    throw tooDeep(file);
  }
}

/** Parser and reader are recursive, so the one thing they throw is nesting without end. */
const tooDeep = (file: string): ConfigError =>
  new ConfigError([
    { file, path: "", message: "the file is nested too deeply", remedy: "Check it for stray brackets." },
  ]);

function plainValue(document: Document, report: Report, lines: LineCounter): unknown {
  try {
    return new Plain(report, lines).of(document.contents, []);
  } catch {
    throw tooDeep(report.source.file);
  }
}

/** What the reader reports, it reports before the tenant's id is known. */
function withTenant(problem: Problem, value: unknown): Problem {
  const index = /^tenants\[(\d+)\]/u.exec(problem.path)?.[1];
  const id = index === undefined ? undefined : valueAt(value, ["tenants", Number(index), "id"]);
  return typeof id === "string" ? { ...problem, tenant: id } : problem;
}

function addSyntaxErrors(document: Document, lines: LineCounter, report: Report, whenEmpty: string): void {
  if (document.errors.some(({ code }) => code === "RESOURCE_EXHAUSTION")) throw tooDeep(report.source.file);
  for (const error of document.errors) {
    const [message, remedy] = SYNTAX[error.code] ?? [
      `this is not YAML (${firstLower(error.message.replaceAll(/\s+/gu, " "))})`,
      "Look at the line and the one before it: indentation, quotes, colons.",
    ];
    report.problems.push({
      file: report.source.file,
      ...position(lines, error.pos[0]),
      path: "",
      message,
      remedy,
    });
  }
  if (document.errors.length > 0) throw new ConfigError(report.problems);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    report.problems.push({
      file: report.source.file,
      path: "",
      message: "the file is empty",
      remedy: whenEmpty,
    });
    throw new ConfigError(report.problems);
  }
}

const firstLower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Turns nodes into plain values, and reports what a list of ours must not hold. */
class Plain {
  constructor(
    private readonly report: Report,
    private readonly lines: LineCounter,
  ) {}

  of(node: unknown, path: Path): unknown {
    if (!isNode(node)) return null;
    this.checkNode(node, path);
    if (isMap(node)) return this.map(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.of(item, [...path, index]));
    if (!isScalar(node)) return undefined;
    return typeof node.value === "bigint" ? Number(node.value) : node.value;
  }

  private checkNode(node: Node, path: Path): void {
    const here = position(this.lines, node.range?.[0] ?? 0);
    const add = (message: string, remedy: string): void => {
      this.report.problems.push({
        file: this.report.source.file,
        ...here,
        path: pathText(path),
        message,
        remedy,
      });
    };
    if (isAlias(node)) {
      add(`is an alias (*${node.source})`, "Write the value itself, or put what tenants share into a plan.");
      return;
    }
    if (node.anchor !== undefined)
      add(
        `has an anchor (&${node.anchor})`,
        "Remove it: aliases are refused, what tenants share goes into a plan.",
      );
    if (node.tag !== undefined)
      add(`has the tag ${node.tag}`, "Remove the tag: values are read as they are written.");
  }

  private map(node: YAMLMap, path: Path): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const lineOf = new Map<string, number>();
    for (const pair of node.items) {
      const key = this.key(pair, path, lineOf);
      if (key !== undefined) result[key] = this.of(pair.value, [...path, key]);
    }
    return result;
  }

  /** The key, or undefined after reporting why it cannot be one. */
  private key(pair: Pair, path: Path, lineOf: Map<string, number>): string | undefined {
    const here = position(this.lines, offsetOf(pair.key) ?? offsetOf(pair.value) ?? 0);
    if (isNode(pair.key)) this.checkNode(pair.key, path);
    const key = isScalar(pair.key) && typeof pair.key.value === "string" ? pair.key.value : undefined;
    const fault = key === undefined ? notText(pair.key) : keyFault(key, lineOf.get(key));
    if (fault === undefined) {
      if (key !== undefined) lineOf.set(key, here.line);
      return key;
    }
    const [message, remedy] = fault;
    const at = key === undefined ? path : [...path, key];
    this.report.problems.push({
      file: this.report.source.file,
      ...here,
      path: pathText(at),
      message,
      remedy,
    });
    return undefined;
  }
}

type Fault = readonly [message: string, remedy: string];

function keyFault(key: string, firstLine: number | undefined): Fault | undefined {
  if (key === "<<") return ["is a merge key", 'Write the fields themselves, or use a plan with "extends".'];
  if (FORBIDDEN_KEYS.has(key)) return ["is not a name anything may have", "Choose another."];
  if (firstLine === undefined) return undefined;
  return [`is written twice (first in line ${firstLine})`, "Keep one of the two."];
}

const notText = (key: unknown): Fault => [
  `has a key that is not text (${keyText(key)})`,
  "Write it in quotes, or correct the indentation.",
];

function keyText(key: unknown): string {
  if (!isScalar(key))
    return isAlias(key) ? "an alias" : isMap(key) || isSeq(key) ? "a map or a list" : "nothing";
  return ["number", "boolean"].includes(typeof key.value) ? JSON.stringify(key.value) : "nothing";
}

const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

const pairOf = (map: YAMLMap, key: string | number): Pair | undefined =>
  map.items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === key);

function locator(document: Document, lines: LineCounter): Locate {
  return (path, at = "value") => {
    let node: unknown = document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const [index, key] of path.entries()) {
      if (isSeq(node) && typeof key === "number") node = node.items[key];
      else if (isMap(node)) {
        const pair = pairOf(node, key);
        if (at === "key" && index === path.length - 1) node = pair?.key;
        else node = offsetOf(pair?.value) === undefined ? pair?.key : pair?.value;
      } else return position(lines, offset);
      const next = offsetOf(node);
      if (next === undefined) return position(lines, offset);
      offset = next;
    }
    return position(lines, offset);
  };
}
