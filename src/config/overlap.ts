/** Whether some path fits both patterns, in which `*` is anything but `/`. In the time of their lengths' product. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [Array.from(one), Array.from(other)];
  // Which beginnings of `b` have a path in common with the letters of `a` so far: at first with none of them.
  let fits = [true];
  for (const y of b) fits.push(y === "*" && fits.at(-1) === true);
  for (const x of a) {
    const next = [x === "*" && fits[0] === true];
    for (const [j, y] of b.entries()) {
      // Without this letter of `a`, without this one of `b`, without either.
      const [above, left, before] = [fits[j + 1] === true, next[j] === true, fits[j] === true];
      const byStar = x === "*" && (above || (left && y !== "/"));
      const byOther = y === "*" && (left || (above && x !== "/"));
      next.push(byStar || byOther || (before && x === y));
    }
    fits = next;
  }
  return fits.at(-1) === true;
}
