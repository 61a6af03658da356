import Table from "cli-table3";
import {
  MATRIX_LIMIT,
  type Cell,
  type Finding,
  type Matrix,
  type MatrixTenant,
  type Plan,
} from "../client/tenant-matrix";
import { asSentence, colors, hasColor, type Colors } from "./terminal";

export interface MatrixFormat {
  /** Of the environment, in a sentence. */
  readonly name: string;
  readonly color?: boolean;
  /** Of the terminal, in characters. */
  readonly width?: number;
}

/** The matrix or, for many tenants, what is wrong alone; then the verdict in a sentence. */
export function formatMatrix(
  matrix: Matrix,
  plan: Plan,
  { name, color = hasColor(), width = process.stdout.columns || 120 }: MatrixFormat,
): string {
  const paint = colors(color);
  const few = matrix.tenants.length <= MATRIX_LIMIT;
  const { pairs, possible, rule } = plan;
  return [
    ...(few ? [table(matrix, width, paint), ""] : []),
    ...findingLines(matrix.findings, paint),
    ...(rule === undefined ? [] : [`Tried ${pairs.length} of ${possible} pairs: ${rule}.`, ""]),
    verdict(matrix, plan, asSentence(name), paint),
  ].join("\n");
}

const NO_LINES = {
  ...{
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
  },
  ...{
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
};
const NARROW = 6;

function table({ tenants, cells }: Matrix, width: number, paint: Colors): string {
  const known = new Map(cells.map((cell) => [`${cell.who} ${cell.whose}`, cell]));
  const shown = tenants.filter(({ id }) => cells.some(({ who, whose }) => who === id || whose === id));
  const names = shown.map(({ id, state }) => (state === "active" ? id : `${id} (suspended)`));
  const room = names.reduce((sum, name) => sum + Math.max(NARROW, name.length) + 2, 0);
  // Long names stand once, at their rows, and columns go by number.
  const numbered = room + Math.max(...names.map(({ length }) => length)) > width;
  const rows = new Table({
    head: ["tries \\ whose", ...shown.map(({ id }, index) => (numbered ? `${index + 1}` : id))],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    chars: NO_LINES,
    colAligns: ["left", ...shown.map(() => "center" as const)],
  });
  for (const [index, who] of shown.entries())
    rows.push([
      `${numbered ? `${index + 1} ` : ""}${names[index] ?? ""}`,
      ...shown.map(({ id }) => sign(who, known.get(`${who.id} ${id}`), paint)),
    ]);
  return `${rows.toString().replaceAll(/ +$/gm, "")}\n\n${paint.dim(legend(cells, shown))}`;
}

/** What the signs in this matrix mean. */
function legend(cells: readonly Cell[], shown: readonly MatrixTenant[]): string {
  const seen = new Set(cells.map(({ verdict }) => verdict));
  return [
    "own ✓ writes and reads its own",
    "✓ refused, and found nothing",
    ...(seen.has("wrong") ? ["✗ not as it must be"] : []),
    ...(seen.has("unproven") ? ["? no answer"] : []),
    ...(cells.length < shown.length ** 2 ? ["· not tried"] : []),
  ].join("   ");
}

function sign(
  who: MatrixTenant,
  cell: Cell | undefined,
  { green, red, yellow, dim, inverse }: Colors,
): string {
  if (cell === undefined) return dim("·");
  switch (cell.verdict) {
    case "right":
      return green(cell.who === cell.whose && who.state === "active" ? "own ✓" : "✓");
    case "unproven":
      return yellow("?");
    case "wrong":
      return red("✗");
    case "leak":
      return inverse(red(" LEAK "));
    default:
      return cell.verdict satisfies never;
  }
}

/** More lines than these are not read. */
const MOST_FINDINGS = 25;
const MOST_NAMES = 8;

/** One line for all that were seen to do the same, the worst first. */
function findingLines(findings: readonly Finding[], { red, yellow, inverse }: Colors): readonly string[] {
  if (findings.length === 0) return [];
  const groups = [
    ...Map.groupBy(findings, ({ verdict, words, detail }) => `${verdict} ${words} ${detail ?? ""}`).values(),
  ];
  const worst = ["leak", "wrong", "unproven"];
  groups.sort(([a], [b]) => worst.indexOf(a?.verdict ?? "") - worst.indexOf(b?.verdict ?? ""));
  const lines = groups.slice(0, MOST_FINDINGS).map((group) => {
    const [{ verdict, words, detail } = { verdict: "wrong", words: "", detail: undefined }] = group;
    const who = listed(group.map((one) => one.who));
    const by = listed(group.map((one) => one.by));
    const line = `${who} ${words} (${by})${detail === undefined || verdict === "leak" ? "" : `: ${detail}`}`;
    if (verdict === "leak") return `${inverse(red(" LEAK "))} ${red(line)}`;
    return (verdict === "wrong" ? red : yellow)(`${verdict === "wrong" ? "✗" : "?"} ${line}`);
  });
  const more = groups.length - MOST_FINDINGS;
  return [...lines, ...(more > 0 ? [`... and ${more} more; --json has all`] : []), ""];
}

function listed(names: readonly string[]): string {
  const all = [...new Set(names)].sort();
  const rest = all.length - MOST_NAMES;
  return all.slice(0, MOST_NAMES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function verdict(
  { tenants, cells, findings, worst }: Matrix,
  { pairs }: Plan,
  name: string,
  paint: Colors,
): string {
  const { bold, green, red, yellow, inverse } = paint;
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  switch (worst) {
    case "right": {
      // One without an agent writes nothing.
      const own = new Set(cells.flatMap(({ who, whose }) => (who === whose ? [who] : [])));
      const [active, suspended] = (["active", "suspended"] as const).map(
        (wanted) => tenants.filter(({ id, state }) => state === wanted && own.has(id)).length,
      );
      const others =
        pairs.length === 0
          ? "there is nobody else to try"
          : `in ${many(pairs.length, "pair")} nobody reached another's`;
      const still = suspended === 0 ? "" : `; ${many(suspended ?? 0, "suspended tenant")} can do nothing`;
      return bold(
        green(
          `${name}: ${many(active ?? 0, "tenant")} write and read their own data, and ${others}${still}.`,
        ),
      );
    }
    case "leak": {
      const leaks = new Set(
        findings.flatMap(({ verdict, who, whose }) => (verdict === "leak" ? [`${who} ${whose}`] : [])),
      );
      return `${inverse(red(" LEAK "))} ${bold(red(`${name}: tenants are not apart: ${many(leaks.size, "pair")} of ${pairs.length} reached another's data.`))}`;
    }
    case "wrong":
      return bold(red(`${name}: no leak was seen, and not all is as it must be: see above.`));
    case "unproven":
      return bold(
        yellow(
          `${name}: no leak was seen, and what got no answer proves nothing. Run npx atalaya health, then this again.`,
        ),
      );
    default:
      return worst satisfies never;
  }
}
