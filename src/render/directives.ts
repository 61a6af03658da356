/** What a line of redis.conf or postgresql.conf may say. */
export type Setting = string | number | boolean;
export type Settings = Readonly<Record<string, Setting | readonly Setting[]>>;

export const HEADER = "# Rendered by Atalaya from the tenant list. Changes made here are lost.";

/** One line for each setting, sorted by name; a list is the same name again, in the list's order. */
export function toLines(settings: Settings, line: (name: string, value: Setting) => string): string {
  const lines = Object.entries(settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, values]) => [values].flat().map((value) => line(name, checked(value, name))));
  return `${[HEADER, ...lines].join("\n")}\n`;
}

/** A line break in a value would begin a setting of its own. */
function checked(value: Setting, name: string): Setting {
  if (typeof value === "string" && /[\u0000-\u001f\u007f]/.test(value))
    throw new Error(`${name}: ${JSON.stringify(value)} holds a control character`);
  return value;
}
