import { isDeepStrictEqual } from "node:util";

/** What Keycloak shows in place of a secret that it keeps. */
const MASKED = "**********";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keycloak leaves out what is empty. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** The paths under which something is not as wanted; what nobody wants may be as it is. Lists are taken as sets. */
export function differences(wanted: unknown, actual: unknown, path = ""): readonly string[] {
  if (isRecord(wanted)) {
    const have = isRecord(actual) ? actual : {};
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, have[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (isEmpty(wanted) && isEmpty(actual)) return [];
  // It cannot be compared. A secret of the lab never changes.
  if (actual === MASKED) return [];
  const same = Array.isArray(wanted) && Array.isArray(actual) ? sameSet(wanted, actual) : wanted === actual;
  return same ? [] : [path];
}

function sameSet(wanted: readonly unknown[], actual: readonly unknown[]): boolean {
  const among = (list: readonly unknown[]) => (item: unknown) =>
    list.some((one) => isDeepStrictEqual(one, item));
  return wanted.every(among(actual)) && actual.every(among(wanted));
}

/** `actual` with everything that is wanted in its place. */
export function merged(wanted: Readonly<Record<string, unknown>>, actual: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = isRecord(actual) ? { ...actual } : {};
  for (const [key, value] of Object.entries(wanted))
    result[key] = isRecord(value) ? merged(value, result[key]) : value;
  return result;
}
