/** What two lists of things with a key have in common and what not. Linear; in the order of the lists. */
export interface Difference<T> {
  readonly gained: readonly T[];
  readonly lost: readonly T[];
  readonly both: readonly (readonly [before: T, after: T])[];
}

export function difference<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
): Difference<T> {
  const old = new Map(before.map((item) => [keyOf(item), item]));
  const now = new Set(after.map(keyOf));
  const gained: T[] = [];
  const both: (readonly [T, T])[] = [];
  for (const item of after) {
    const was = old.get(keyOf(item));
    if (was === undefined) gained.push(item);
    else both.push([was, item]);
  }
  return { gained, lost: before.filter((item) => !now.has(keyOf(item))), both };
}

const itself = (text: string): string => text;

/** The same for texts, sorted. */
export function textDifference(
  before: readonly string[],
  after: readonly string[],
): { readonly gained: readonly string[]; readonly lost: readonly string[] } {
  const { gained, lost } = difference(before, after, itself);
  return { gained: gained.toSorted(), lost: lost.toSorted() };
}

export const byText =
  <T>(textOf: (item: T) => string) =>
  (a: T, b: T): number => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };

/** Values of plain data are equal when their texts are: plans have sorted keys, whoever wrote them. */
export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
