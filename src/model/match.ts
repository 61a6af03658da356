import { ROUTES, type Method, type Route } from "./routes";

const METHODS: readonly Method[] = ["GET", "POST", "PUT", "DELETE"];

/** The regular expression of a route's path, anchored: `{name}` is one segment that is not empty. RE2 reads it as well. */
export function pathPattern(route: Pick<Route, "path" | "prefix">): string {
  const literal = route.path
    .split(/(\{[a-z]+\})/)
    .map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return `${literal}${route.prefix === true ? "(?:/.*)?" : ""}`;
}

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
}

const matching = (among: readonly Compiled[], path: string): readonly Route[] =>
  among.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route);

const isLiteral = ({ path, prefix }: Route): boolean => prefix !== true && !path.includes("{");

/** A method's routes: what the literal paths of the table match is known beforehand, any other path matches patterns alone. */
function indexed(method: Method) {
  const all = ROUTES.filter(({ methods }) => methods.includes(method)).map((route): Compiled => ({
    route,
    pattern: new RegExp(`^${pathPattern(route)}$`),
  }));
  return {
    known: new Map(all.map(({ route: { path } }) => [path, matching(all, path)])),
    patterns: all.filter(({ route }) => !isLiteral(route)),
  };
}

const byMethod: ReadonlyMap<string, ReturnType<typeof indexed>> = new Map(
  METHODS.map((method) => [method, indexed(method)]),
);

/**
 * The routes of the table that a request could have taken, in the table's order; several where API keys have their own entry.
 * @param path without the query
 */
export function matchRoutes(method: string, path: string): readonly Route[] {
  const index = byMethod.get(method);
  return index === undefined ? [] : (index.known.get(path) ?? matching(index.patterns, path));
}
