import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "./errors";

/** More names than these are not read. */
const MOST_NAMES = 20;

/** What a map has under a name. Throws UsageError that suggests the nearest name and lists all. */
export function pick<T>(what: string, where: string, name: string, from: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(from, name) ? from[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(from).sort();
  if (known.length === 0) throw new UsageError(`There is no ${what} ${name}: ${where} has none at all.`);
  const near = closest(name.toLowerCase(), known);
  const allowed = Math.min(3, Math.max(1, Math.floor(name.length / 2)));
  const guess = distance(name.toLowerCase(), near) <= allowed ? ` Did you mean ${near}?` : "";
  throw new UsageError(`There is no ${what} ${name} in ${where}.${guess} There ${listed(what, known)}.`);
}

function listed(what: string, names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  const verb = names.length === 1 ? "is" : "are";
  return `${verb} the ${what}${names.length === 1 ? "" : "s"} ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
}
