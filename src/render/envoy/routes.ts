import { API_KEY_HEADER, SERVICE_TOKEN_HEADER } from "../../model/headers";
import { pathPattern } from "../../model/match";
import {
  ROUTES,
  UPSTREAMS,
  type Listener,
  type Route,
  type Upstream,
  type Verifier,
} from "../../model/routes";
import { extraRoutes, type ExtraRoute, type ExtraUpstream } from "../../model/upstreams";
import { bodyLimit } from "./body-limit";
import { FILTERS, ROUTE_METADATA, TOKEN_FILTERS, upstreamCluster } from "./names";
import { any, seconds, type Message } from "./protobuf";
import { collectorErrors, keepErrors, remoteWriteErrors } from "./responses";

type AnyRoute = Route | ExtraRoute;

/** A listener's routes: the table's, in its order, and 404 for everything else. */
export const routeTable = (listener: Listener, upstreams: readonly ExtraUpstream[]): Message => ({
  name: listener,
  virtual_hosts: [
    {
      name: listener,
      domains: ["*"],
      routes: [
        ...[...ROUTES, ...extraRoutes(upstreams)]
          .filter(({ listeners }) => listeners.includes(listener))
          .flatMap(envoyRoutes),
        unknown({ prefix: "/" }),
        // CONNECT has no path, so that no other entry takes it.
        unknown({ connect_matcher: {} }),
      ],
    },
  ],
});

/** `Bearer atl_...` and basic authentication carry an API key (src/auth/keys.ts). */
const KEY_IN_AUTHORIZATION = "(Bearer atl_|Basic ).*";

/**
 * One entry, or three where a route is for API keys: they come in either of two headers, and an entry's conditions all hold. What
 * has a service's token goes there as well: it is nobody's here, and beside another credential nobody's at all.
 */
function envoyRoutes(route: AnyRoute): readonly Message[] {
  if (route.credential === undefined) return [envoyRoute(route, [])];
  return [
    envoyRoute(route, [{ name: API_KEY_HEADER, present_match: true }]),
    envoyRoute(route, [{ name: SERVICE_TOKEN_HEADER, present_match: true }]),
    envoyRoute(route, [
      { name: "authorization", string_match: { safe_regex: { regex: KEY_IN_AUTHORIZATION } } },
    ]),
  ];
}

const envoyRoute = (route: AnyRoute, headers: readonly Message[]): Message => ({
  name: route.id,
  match: { ...pathMatch(route), headers: [methodMatch(route), ...headers] },
  route: action(route),
  metadata: { filter_metadata: { [ROUTE_METADATA]: { verifier: route.verifier } } },
  typed_per_filter_config: perFilter(route),
});

function pathMatch(route: AnyRoute): Message {
  if (route.prefix === true) return { path_separated_prefix: route.path };
  return route.path.includes("{") ? { safe_regex: { regex: pathPattern(route) } } : { path: route.path };
}

const methodMatch = ({ methods }: AnyRoute): Message => {
  const [only] = methods;
  return {
    name: ":method",
    string_match: methods.length === 1 ? { exact: only } : { safe_regex: { regex: methods.join("|") } },
  };
};

const action = ({ upstream, right, rewrite, limits, websocket }: AnyRoute): Message => ({
  cluster: upstreamCluster(upstream),
  // The upstream's own name. What the client put into Host goes on as x-envoy-original-host, which nobody believes.
  auto_host_rewrite: true,
  timeout: seconds(limits.timeout),
  ...(limits.stream !== undefined && {
    // A flowing stream ends at a token's age, one that stands still at the latest then.
    max_stream_duration: { max_stream_duration: seconds(limits.stream) },
    idle_timeout: seconds(limits.stream),
  }),
  ...(rewrite !== undefined && {
    regex_rewrite: {
      pattern: { regex: `^${rewrite.from.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}` },
      substitution: rewrite.to,
    },
  }),
  ...(websocket === true && { upgrade_configs: [{ upgrade_type: "websocket", enabled: true }] }),
  // A read may be asked again where the upstream did not begin with it; what is written, its sender sends again.
  ...("signal" in right &&
    right.verb === "read" &&
    limits.stream === undefined && {
      retry_policy: { retry_on: "connect-failure,refused-stream", num_retries: 1 },
    }),
});

const off = any("envoy.config.route.v3.FilterConfig", { disabled: true });

/** Exactly one verifier is switched off: the other one checks. Where nobody checks, there is no tenant either. */
function unverified(verifier: Verifier): Message {
  switch (verifier) {
    case "agentJwt":
      return { [FILTERS.authService]: AUTH_SERVICE_OFF };
    case "authService":
      return TOKEN_OFF;
    case "nobody":
      return UNCHECKED;
    default:
      return verifier satisfies never;
  }
}

const AUTH_SERVICE_OFF = any("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", {
  disabled: true,
});
const TOKEN_OFF: Message = {
  ...Object.fromEntries(TOKEN_FILTERS.map((name) => [name, off])),
  [FILTERS.token]: any("envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", { disabled: true }),
};

/** Neither verifier, and nothing that needs what they find out. The limit by source stays. */
const UNCHECKED: Message = {
  ...TOKEN_OFF,
  [FILTERS.authService]: AUTH_SERVICE_OFF,
  [FILTERS.tenantDecided]: off,
  [FILTERS.tenantLimits]: off,
};

/** Of an upstream that the environment adds nothing is known. */
const packed = (upstream: string): Upstream["packed"] =>
  (UPSTREAMS as Readonly<Record<string, Upstream | undefined>>)[upstream]?.packed;

const perFilter = ({ verifier, limits, upstream, right, tooMuch }: AnyRoute): Message => ({
  ...unverified(verifier),
  [FILTERS.bodyLimit]: bodyLimit(limits.body, packed(upstream)),
  ...("api" in right && { [FILTERS.forgetCredentials]: off }),
  // The collector's refusals name its backends whatever their status; the auth service's own answers name nobody.
  ...(upstream === "collectorHttp" && { [FILTERS.upstreamErrors]: collectorErrors }),
  ...(tooMuch !== undefined && { [FILTERS.upstreamErrors]: remoteWriteErrors }),
  ...(upstream === "auth" && { [FILTERS.upstreamErrors]: keepErrors }),
});

/** Answered here: it has no cluster, so that with all checks off there is nothing it could let anybody reach. */
const unknown = (match: Message): Message => ({
  name: "route-unknown",
  match,
  direct_response: { status: 404 },
  metadata: { filter_metadata: { [ROUTE_METADATA]: { verifier: "none" } } },
  typed_per_filter_config: UNCHECKED,
});
