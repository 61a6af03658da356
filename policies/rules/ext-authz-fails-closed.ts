import { eachManager } from "./edge";
import { pb, pbAt, seconds, type EdgeRoute, type Filter } from "./envoy";
import type { Rule } from "./rule";

const REMEDY = "Set it in src/render/envoy: what the auth service cannot decide, Envoy must answer with 503.";
/** Seconds. Envoy's own default is 200 ms: a busy auth service would be taken for a broken one. */
const SHORTEST_TIMEOUT = 1;

export const extAuthzFailsClosed: Rule = {
  name: "ext-authz-fails-closed",
  description:
    "The external check never fails open: what cannot be decided is 503, so that nothing passes unchecked and no sender drops data.",
  check: (context) =>
    eachManager(context, REMEDY, ({ filters, routes }) => {
      const checks = filters.filter(({ type }) => type === "ExtAuthz");
      return [...checks.flatMap(weaknesses), ...routes.flatMap((route) => overrides(route, checks))];
    }),
};

/** Everything that would let a request through, or refuse it for good, because the auth service did not answer. */
function weaknesses({ name, config, disabled }: Filter): readonly string[] {
  const status = pbAt(config, "status_on_error", "code");
  const allow = pb(config, "failure_mode_allow") ?? false;
  const exempt = ["filter_enabled", "filter_enabled_metadata"].filter(
    (field) => pb(config, field) !== undefined,
  );
  return [
    ...(disabled ? ["is disabled or optional"] : []),
    ...(allow === false ? [] : [`has failure_mode_allow ${JSON.stringify(allow)}`]),
    ...(status === 503 || status === "ServiceUnavailable"
      ? []
      : [`has status_on_error ${JSON.stringify(status ?? "unset, which means 403")}`]),
    ...exempt.map((field) => `has ${field}, which exempts requests from the check`),
    ...(pb(config, "clear_route_cache") === true
      ? ["has clear_route_cache: what was decided is not what is routed"]
      : []),
    ...timeouts(config),
  ].map((problem) => `${name} ${problem}`);
}

function timeouts(config: unknown): readonly string[] {
  const timeout =
    pbAt(config, "http_service", "server_uri", "timeout") ?? pbAt(config, "grpc_service", "timeout");
  const length = seconds(timeout);
  return length !== undefined && length >= SHORTEST_TIMEOUT
    ? []
    : [`has the timeout ${JSON.stringify(timeout ?? "unset, which means 200 ms")}`];
}

/** A route may switch the filter off (another rule judges that) but not ask somebody else. */
const overrides = (route: EdgeRoute, checks: readonly Filter[]): readonly string[] =>
  checks.flatMap(({ name }) =>
    ["http_service", "grpc_service"]
      .filter((service) => pbAt(route.perFilter[name], "check_settings", service) !== undefined)
      .map((service) => `route ${route.name} exchanges the ${service} of ${name}`),
  );
