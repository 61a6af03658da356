import { ROUTES, type Method, type Route } from "./routes";

const isMethod = (method: string): method is Method => ["GET", "POST", "PUT", "DELETE"].includes(method);

/** The regular expression of a route's path, anchored: `{name}` is one segment that is not empty. RE2 reads it as well. */
export function pathPattern(route: Pick<Route, "path" | "prefix">): string {
  const literal = route.path
    .split(/(\{[a-z]+\})/)
    .map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return `${literal}${route.prefix === true ? "(?:/.*)?" : ""}`;
}

const compiled = ROUTES.map((route) => ({ route, pattern: new RegExp(`^${pathPattern(route)}$`) }));

/**
 * The routes of the table that a request could have taken, in the table's order; several where API keys have their own entry.
 * @param path without the query
 */
export function matchRoutes(method: string, path: string): readonly Route[] {
  if (!isMethod(method)) return [];
  return compiled
    .filter(({ route, pattern }) => route.methods.includes(method) && pattern.test(path))
    .map(({ route }) => route);
}
