import { extraRoutes, isOwnHost, type ExtraRoute, type UpstreamScopes } from "../../src/model/upstreams";
import type { Context } from "./context";
import { OWN_SEGMENTS } from "./demands";
import { pb, type Edge, type EdgeRoute } from "./envoy";
import { text } from "./values";

/** The routes that the environment adds, as the auth service knows them: what it does not know it refuses. */
export function extraRoutesOf({ containers }: Pick<Context, "containers">): readonly ExtraRoute[] {
  const auth = containers.find(({ service, helper }) => service === "auth" && helper === undefined);
  const declared = new Map(auth?.environment ?? []).get("ATALAYA_UPSTREAMS");
  try {
    return extraRoutes(JSON.parse(declared ?? "[]") as readonly UpstreamScopes[]);
  } catch {
    // Then it knows none of them.
    return [];
  }
}

/** A route to somebody else's server is not a second way to one of ours, and has one place that it leads to. */
export function leadsOut(route: EdgeRoute, table: ExtraRoute, { clusters }: Edge): readonly string[] {
  const [, first = ""] = (text(pb(route.match, "path_separated_prefix")) ?? "/").split("/");
  const [cluster, ...more] = route.clusters;
  const endpoints = cluster === undefined ? [] : (clusters.get(cluster) ?? []);
  const isOne = cluster === table.upstream && more.length === 0 && endpoints.length > 0;
  const ours = endpoints.filter(isOurs);
  return [
    ...(OWN_SEGMENTS.includes(first) ? [`takes /${first}, which is the edge's own`] : []),
    ...(isOne ? [] : [`leads to ${route.clusters.join(", ") || "nowhere"} instead of ${table.upstream}`]),
    ...(isOne && ours.length > 0
      ? [`leads to ${ours.join(", ")}, which the route table alone may lead to`]
      : []),
    ...ELSEWHERE.filter((field) => pb(route.action, field) !== undefined).map(
      (field) => `has a ${field}, which leads elsewhere`,
    ),
  ];
}

/** By which a route has another place or path than it says. */
const ELSEWHERE = [
  "regex_rewrite",
  "prefix_rewrite",
  "path_rewrite_policy",
  "host_rewrite_header",
  "cluster_header",
] as const;

/** `orders:8080` is not; a pipe is. */
function isOurs(endpoint: string): boolean {
  const [, host] = /^([^:]+):[0-9]+$/.exec(endpoint) ?? [];
  return host === undefined || isOwnHost(host);
}
