import { SCOPE } from "../model/names";

/**
 * Whether one of these scopes is enough for what is required: it is the same, or `orders:*` where `orders:read` is required. What
 * requires `orders:*` itself wants all of it. Anything that is not written as a scope covers nothing and is covered by nothing.
 */
export function covers(granted: readonly string[], required: string): boolean {
  if (!SCOPE.test(required)) return false;
  const all = `${required.slice(0, required.indexOf(":"))}:*`;
  return granted.includes(required) || granted.includes(all);
}
