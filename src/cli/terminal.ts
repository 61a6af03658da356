import { createColors } from "picocolors";

/**
 * Colours for a person at a terminal that has them; https://no-color.org counts a value that is not empty. Never undefined, as
 * `isTTY` of a pipe is: the colours' library would then decide by itself, and takes any CI for a terminal.
 */
export const hasColor = (stream: { readonly isTTY?: boolean } = process.stdout): boolean =>
  stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";

export type Colors = ReturnType<typeof createColors>;
export const colors = (color = hasColor()): Colors => createColors(color);

/** Columns side by side. The last one is as long as it likes. `shown` is what stands there, `text` how wide that is. */
export function aligned(rows: readonly (readonly Shown[])[]): string {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.text.length ?? 0));
  return rows
    .map((row) =>
      row
        .map(({ text, shown = text }, column) =>
          column === row.length - 1 ? shown : shown + " ".repeat(width(column) - text.length),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export interface Shown {
  readonly text: string;
  /** The same with colours. */
  readonly shown?: string;
}

/** What begins a sentence. */
export const asSentence = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
