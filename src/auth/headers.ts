/**
 * A request's headers by their names in lower case. One that stands twice becomes a value that nothing accepts: Node would join
 * or drop the second one, and which of them the upstream believes is not ours to guess.
 */
export function headersOf(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return values;
}
