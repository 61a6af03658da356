import Table from "cli-table3";
import { median } from "../auth/statistics";
import type { Measured } from "./measured";
import type { Ups } from "./side";

/** All rounds of one size. */
export interface Size {
  readonly tenants: number;
  readonly resources: number;
  readonly pairs: readonly { readonly ours: Ups; readonly plain: Ups }[];
}

interface Column {
  readonly head: string;
  readonly unit: "s" | "MB";
  readonly of: (measured: Measured) => number;
}

const COLUMNS: readonly Column[] = [
  { head: "wall", unit: "s", of: ({ wall }) => wall },
  { head: "CPU of\nthe program", unit: "s", of: ({ program }) => program.cpu },
  { head: "CPU of\nthe CLI", unit: "s", of: ({ cli }) => cli.cpu },
  { head: "memory of\nthe program", unit: "MB", of: ({ program }) => program.memory },
  { head: "memory of\nthe CLI", unit: "MB", of: ({ cli }) => cli.memory },
];

const ROWS = [
  { name: "up", key: "first" },
  { name: "up without changes", key: "again" },
] as const;

/** Medians of the rounds; ratios are taken within a round. */
export function sizeText({ tenants, resources, pairs }: Size): string {
  const table = new Table({
    head: [`${tenants} tenants,\n${resources} resources`, "", ...COLUMNS.map(({ head }) => head)],
    colAligns: ["left", "left", ...COLUMNS.map(() => "right" as const)],
    style: { head: [], border: [] },
  });
  for (const { name, key } of ROWS) {
    const cells = (side: "ours" | "plain"): readonly string[] =>
      COLUMNS.map(({ unit, of }) => {
        const value = median(pairs.map((pair) => of(pair[side][key])));
        return `${value.toFixed(unit === "s" ? 1 : 0)} ${unit}`;
      });
    const ratios = COLUMNS.map(({ of }) =>
      median(pairs.map(({ ours, plain }) => of(ours[key]) / of(plain[key]))).toFixed(2),
    );
    table.push(
      [name, "ours", ...cells("ours")],
      ["", "plain", ...cells("plain")],
      ["", "ours / plain", ...ratios],
    );
  }
  return `${table.toString()}\n`;
}
