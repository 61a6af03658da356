import { ROUTES, type Method, type Route } from "./routes";
import type { ExtraRoute } from "./upstreams";

const METHODS: readonly Method[] = ["GET", "POST", "PUT", "DELETE"];

/** The regular expression of a route's path, anchored: `{name}` is one segment that is not empty. RE2 reads it as well. */
export function pathPattern(route: Pick<Route, "path" | "prefix">): string {
  const literal = route.path
    .split(/(\{[a-z]+\})/)
    .map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return `${literal}${route.prefix === true ? "(?:/.*)?" : ""}`;
}

type AnyRoute = Route | ExtraRoute;
interface Compiled {
  readonly route: AnyRoute;
  readonly pattern: RegExp;
}

const matching = (among: readonly Compiled[], path: string): readonly AnyRoute[] =>
  among.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route);

const isLiteral = ({ path, prefix }: AnyRoute): boolean => prefix !== true && !path.includes("{");

/** A method's routes: what the literal paths of the table match is known beforehand, any other path matches patterns alone. */
function indexed(routes: readonly AnyRoute[], method: Method) {
  const all = routes
    .filter(({ methods }) => methods.includes(method))
    .map((route): Compiled => ({ route, pattern: new RegExp(`^${pathPattern(route)}$`) }));
  return {
    known: new Map(all.map(({ route: { path } }) => [path, matching(all, path)])),
    patterns: all.filter(({ route }) => !isLiteral(route)),
  };
}

/**
 * The routes that a request could have taken, in their order; several where API keys have their own entry.
 * @param path without the query
 */
export type RouteMatch = (method: string, path: string) => readonly AnyRoute[];

export function routeMatch(routes: readonly AnyRoute[]): RouteMatch {
  const byMethod: ReadonlyMap<string, ReturnType<typeof indexed>> = new Map(
    METHODS.map((method) => [method, indexed(routes, method)]),
  );
  return (method, path) => {
    const index = byMethod.get(method);
    return index === undefined ? [] : (index.known.get(path) ?? matching(index.patterns, path));
  };
}

/** Of the route table alone. */
export const matchRoutes: RouteMatch = routeMatch(ROUTES);
