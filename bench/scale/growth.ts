/** How something grows with the number of tenants. */
export interface Growth {
  readonly law: "constant" | "linear" | "worse";
  /** Of one more tenant, between the two largest sizes. */
  readonly perTenant: number;
  /** How many times as much one more takes there as between the two smallest. */
  readonly steeper: number;
}

/** A tenth more is digits in names and rounding, not a law. */
const STEEPER = 1.1;
/** Of a value: what changes by less stays as it is. */
const SAME = 0.01;

/**
 * Of values by numbers of tenants, in ascending order. Throws RangeError for fewer than two.
 * @param tolerated how much steeper it may become and still be linear: more for what is measured
 */
export function growth(
  points: readonly (readonly [tenants: number, value: number])[],
  tolerated = STEEPER,
): Growth {
  const [first, second] = points;
  const [beforeLast, last] = points.slice(-2);
  if (first === undefined || second === undefined || beforeLast === undefined || last === undefined)
    throw new RangeError("a law needs two sizes");
  const slope = (a: readonly [number, number], b: readonly [number, number]): number =>
    (b[1] - a[1]) / (b[0] - a[0]);
  const perTenant = slope(beforeLast, last);
  if (Math.abs(last[1] - first[1]) <= SAME * first[1]) return { law: "constant", perTenant: 0, steeper: 1 };
  const steeper = perTenant / slope(first, second);
  return { law: steeper > tolerated ? "worse" : "linear", perTenant, steeper };
}
