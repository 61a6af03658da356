import { stringify } from "yaml";

/** A line at the top of every YAML file that we render. */
const HEADER = "# Rendered by Atalaya from the tenant list. Changes made here are lost.\n";

/** Sorted keys, no aliases, no line folding: equal values give equal bytes, and a diff shows what changed. */
export const toYaml = (value: unknown): string =>
  HEADER + stringify(value, { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 });

/** The same for JSON. */
export const toJson = (value: unknown): string => `${JSON.stringify(sorted(value), null, 2)}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
