import { BINDING_HEADER, TENANT_HEADER } from "../../src/model/headers";
import { pathPattern } from "../../src/model/match";
import { orgId, type TenantId } from "../../src/model/names";
import { ROUTES, UPSTREAMS, type Route } from "../../src/model/routes";
import { PORTS } from "../../src/model/services";
import type { ExtraRoute } from "../../src/model/upstreams";
import type { Context } from "./context";
import { eachManager } from "./edge";
import {
  isOff,
  isSame,
  looksAt,
  messages,
  pb,
  pbAt,
  type Edge,
  type EdgeRoute,
  type Filter,
  type Listener,
  type Manager,
} from "./envoy";
import { extraRoutesOf, leadsOut } from "./extra-routes";
import { forbidden, streams } from "./forbidden-routes";
import { isOpen, methodsOf } from "./route-match";
import type { Rule } from "./rule";
import { fields, list, text } from "./values";

const REMEDY =
  "Derive the route from ROUTES in src/model/routes.ts: everything else at the edge is 404, and exactly one verifier stands before each of them but those to get a token and to read the API's description.";
/** What may be asked of Envoy's own admin interface, by GET. */
const HEALTH_PATHS: readonly string[] = ["/ready", "/stats/prometheus"];

export const everyRouteHasAVerifier: Rule = {
  name: "every-route-has-a-verifier",
  description:
    "Every route to an upstream is one of the route table, with its verifier switched on: one route without would be open to everybody.",
  check: (context) => {
    const judged = { edge: context.edge, extra: extraRoutesOf(context) };
    return [
      ...withoutManager(context),
      ...eachManager(context, REMEDY, (manager, listener) => [
        ...(manager.missingRoutes === undefined
          ? []
          : [`its routes (${manager.missingRoutes}) are in no file`]),
        ...manager.routes
          .filter(({ action }) => action !== undefined)
          .flatMap((route) =>
            judge(route, manager, listener, judged).map((problem) => `route ${route.name} ${problem}`),
          ),
      ]),
    ];
  },
};

const withoutManager = ({ edge }: Context) =>
  edge.listeners.flatMap(({ name, file, foreign }) =>
    foreign.map((type) => ({
      resource: file.resource,
      message: `Listener ${name}: ${type} takes connections past every check.`,
      remedy: "Let listeners have the HTTP connection manager alone.",
    })),
  );

function judge(
  route: EdgeRoute,
  manager: Manager,
  listener: Listener,
  { edge, extra }: Pick<Context, "edge"> & { readonly extra: readonly ExtraRoute[] },
): readonly string[] {
  if (isHealth(route, edge)) return [];
  const table = [...ROUTES, ...extra].find(
    ({ id, listeners }) => id === route.name && listeners.some((one) => one === listener.name),
  );
  const strays = table === undefined ? ["is not in the route table"] : mismatches(route, table, edge);
  return [
    ...strays,
    ...verification(route, manager.filters, table),
    // What is as the table says can still be what the table must not say.
    ...(strays.length > 0 ? [] : ofItsKind(route, table, manager, edge)),
    ...["internal_redirect_policy", "request_mirror_policies"]
      .filter((field) => pb(route.action, field) !== undefined)
      .map((field) => `has a ${field}, which leads past the table`),
    ...list(pb(route.action, "upgrade_configs"))
      .map((upgrade) => text(pb(upgrade, "upgrade_type"))?.toLowerCase())
      .filter((type) => type !== "websocket" || table?.websocket !== true)
      .map((type) => `lets connections become ${type ?? "something else"}`),
  ];
}

/** An environment's own upstream takes all methods and all below its path; nothing else does. */
const ofItsKind = (
  route: EdgeRoute,
  table: Route | ExtraRoute | undefined,
  manager: Manager,
  edge: Edge,
): readonly string[] =>
  table !== undefined && isExtra(table)
    ? [...leadsOut(route, table, edge), ...streams(route, manager)]
    : forbidden(route, methodsOf(route.match), manager);

const isExtra = (table: Route | ExtraRoute): table is ExtraRoute => "scope" in table.right;

/** Envoy's own readiness and metrics: an exact path, by GET, to its admin socket. */
function isHealth({ match, clusters }: EdgeRoute, { clusters: known }: Edge): boolean {
  const toSocket = clusters.every(
    (cluster) => known.get(cluster)?.every((endpoint) => endpoint.startsWith("pipe:")) === true,
  );
  return toSocket && HEALTH_PATHS.includes(text(match["path"]) ?? "") && methodsOf(match).join() === "GET";
}

/** The filters that stand before the upstream: whoever verified, one tenant must have come of it. */
function verification(
  route: EdgeRoute,
  filters: readonly Filter[],
  table: Route | ExtraRoute | undefined,
): readonly string[] {
  if (isOpen(route)) return [];
  const active = filters.filter((filter) => !isOff(route, filter));
  const has = (type: string) => active.some((filter) => filter.type === type);
  const token = has("JwtAuthentication");
  const service = has("ExtAuthz");
  const rbac = active.filter(({ type }) => type === "RBAC");
  const expected = table?.verifier === "agentJwt" ? token : service;
  return [
    ...(token || service ? [] : ["has no verifier"]),
    ...((token || service) && table !== undefined && !expected
      ? [`has not the verifier of the table (${table.verifier})`]
      : []),
    ...(token && !service && !rbac.some((filter) => looksAt(filter, BINDING_HEADER))
      ? ["does not hold the client against the list of bindings"]
      : []),
    ...(rbac.some(demandsOneTenant) ? [] : ["does not demand that exactly one tenant was decided"]),
  ];
}

/** Refuses a request whose tenant header is not one organisation id: absent, `a|b`, `a,b`. */
function demandsOneTenant({ config }: Filter): boolean {
  if (text(pbAt(config, "rules", "action")) !== "DENY") return false;
  return [...messages(config)].some((message) => {
    const header = fields(pbAt(message, "not_rule", "header"));
    const regex = text(fields(pb(pb(header, "string_match"), "safe_regex"))["regex"]);
    if (text(header["name"])?.toLowerCase() !== TENANT_HEADER || regex === undefined) return false;
    const pattern = new RegExp(`^(?:${regex})$`);
    return (
      pattern.test(orgId("mx" as TenantId)) &&
      !["", "tenant-a|tenant-b", "tenant-a,tenant-b"].some((value) => pattern.test(value))
    );
  });
}

function mismatches(
  { match, clusters }: EdgeRoute,
  table: Route | ExtraRoute,
  { clusters: known }: Edge,
): readonly string[] {
  const actual = clusters.flatMap((cluster) => known.get(cluster) ?? [cluster]);
  const path = pathOf(match);
  const methods = methodsOf(match);
  return [
    ...(path === pathPattern(table)
      ? []
      : [`matches ${JSON.stringify(path)} instead of the table's ${JSON.stringify(pathPattern(table))}`]),
    ...(methods.length > 0 && methods.every((method) => (table.methods as readonly string[]).includes(method))
      ? []
      : [`takes the methods ${methods.join(", ") || "of all kinds"} instead of ${table.methods.join(", ")}`]),
    ...(isExtra(table) ? [] : misled(table, actual)),
  ];
}

function misled({ upstream }: Route, actual: readonly string[]): readonly string[] {
  const { service, port } = UPSTREAMS[upstream];
  const expected = `${service}:${(PORTS[service] as Readonly<Record<string, number>>)[port] ?? ""}`;
  return actual.length > 0 && actual.every((endpoint) => isSame(endpoint, expected))
    ? []
    : [`leads to ${actual.join(", ") || "nowhere known"} instead of ${expected}`];
}

/** What a match takes, as a regular expression of the whole path. */
function pathOf(match: EdgeRoute["match"]): string | undefined {
  const exact = text(match["path"]);
  const below = text(pb(match, "path_separated_prefix"));
  if (exact !== undefined) return pathPattern({ path: exact });
  if (below !== undefined) return pathPattern({ path: below, prefix: true });
  return text(fields(pb(match, "safe_regex"))["regex"]);
}
