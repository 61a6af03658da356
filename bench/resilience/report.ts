import Table from "cli-table3";
import type { Written } from "./writers";

/** What became of one kind of writes. */
export interface Result {
  readonly kind: string;
  readonly attempted: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly found: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** Milliseconds without an acknowledged write. */
  readonly longestPause: number;
  /** Beyond one of each, where there can be any. */
  readonly duplicates?: number;
  /** Of these, those that do not say so. */
  readonly unmarked?: number;
}

export function resultOf(kind: string, written: Written, found: ReadonlySet<string>): Result {
  return {
    kind,
    attempted: written.attempted,
    acknowledged: written.acknowledged.length,
    refused: written.refused,
    found: found.size,
    lost: written.acknowledged.filter(({ id }) => !found.has(id)).length,
    longestPause: Math.round(written.longestPause),
  };
}

export function resultsText(results: readonly Result[]): string {
  const head = ["", "attempted", "acknowledged", "refused", "found", "lost", "duplicates", "marked", "longest pause"];
  const table = new Table({
    head,
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [] },
  });
  for (const { kind, duplicates, unmarked, longestPause, ...counts } of results)
    table.push([
      kind,
      ...[counts.attempted, counts.acknowledged, counts.refused, counts.found, counts.lost].map(String),
      duplicates === undefined ? "" : `${duplicates}`,
      duplicates === undefined ? "" : `${duplicates - (unmarked ?? 0)}`,
      `${(longestPause / 1_000).toFixed(1)} s`,
    ]);
  return table.toString();
} // prettier-ignore
