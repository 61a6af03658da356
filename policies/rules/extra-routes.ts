import { SHARED_SERVICES } from "../../src/model/services";
import { extraRoutes, type ExtraRoute, type UpstreamScopes } from "../../src/model/upstreams";
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

/** A route to somebody else's server is not a second way to one of ours. */
export function leadsOut(route: EdgeRoute, { clusters }: Edge): readonly string[] {
  const [, first = ""] = (text(pb(route.match, "path_separated_prefix")) ?? "").split("/");
  const ours = route.clusters.flatMap((cluster) => clusters.get(cluster) ?? [cluster]).filter(isOurs);
  return [
    ...(OWN_SEGMENTS.includes(first) ? [`takes /${first}, which is the edge's own`] : []),
    ...(ours.length === 0 ? [] : [`leads to ${ours.join(", ")}, which the route table alone may lead to`]),
  ];
}

/** By the first label of its name: in Kubernetes it has suffixes. */
function isOurs(endpoint: string): boolean {
  const [name = ""] = endpoint.split(/[.:]/);
  return name === "pipe" || name.startsWith("agent-") || SHARED_SERVICES.some((service) => service === name);
}
