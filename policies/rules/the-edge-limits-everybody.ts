import { TENANT_HEADER } from "../../src/model/headers";
import { eachManager, leadsInside } from "./edge";
import { pb, pbAt, typeName, type EdgeRoute, type Filter, type Manager } from "./envoy";
import { isOpen } from "./route-match";
import { nothingOfTenants } from "./tenants";
import type { Rule, Violation } from "./rule";
import type { Context } from "./context";
import { fields, list, text, type Fields } from "./values";

const LIMITER = "LocalRateLimit";
const REMEDY =
  "Mend it in src/render/envoy/rate-limits.ts: one source's flood must not reach the checks, and one tenant's must not take what is everybody's.";

export const theEdgeLimitsEverybody: Rule = {
  name: "the-edge-limits-everybody",
  description:
    "Every listener that leads somewhere limits each source before any check and each tenant after it: one sender cannot take the others' share.",
  check: (context) => [
    ...eachManager(context, REMEDY, (manager) => (leadsInside(context, manager) ? limits(manager) : [])),
    ...unlisted(context),
  ],
};

function limits(manager: Manager): readonly string[] {
  const limiters = manager.filters.filter(({ type }) => type === LIMITER);
  const source = limiters.find((filter) => !isPerTenant(filter));
  const tenant = limiters.find(isPerTenant);
  const position = (filter: Filter | undefined) =>
    filter === undefined ? -1 : manager.filters.indexOf(filter);
  const check = manager.filters.findIndex(({ type }) => type === "JwtAuthentication" || type === "ExtAuthz");
  const last = manager.filters.findLastIndex(
    ({ type }) => type === "JwtAuthentication" || type === "ExtAuthz",
  );
  return [
    ...(source === undefined ? ["does not limit a source"] : []),
    ...(tenant === undefined ? ["does not limit a tenant"] : []),
    ...(source !== undefined && position(source) > check ? ["limits a source only after a check"] : []),
    ...(tenant !== undefined && position(tenant) < last
      ? ["limits a tenant before it is known who that is"]
      : []),
    ...limiters.flatMap(loose),
    ...manager.routes.flatMap((route) => switchedOff(route, limiters)),
  ];
}

const isPerTenant = ({ config }: Filter): boolean => headersOf(config).includes(TENANT_HEADER);

/** The headers that a limiter tells senders apart by. */
const headersOf = (config: Fields): readonly string[] =>
  list(pb(config, "rate_limits"))
    .flatMap((limit) => list(fields(limit)["actions"]))
    .flatMap((action) => text(pbAt(action, "request_headers", "header_name"))?.toLowerCase() ?? []);

function loose({ name, config, disabled, fallback }: Filter): readonly string[] {
  const shares = ["filter_enabled", "filter_enforced"].filter((field) => !isAlways(pb(config, field)));
  return [
    ...(disabled ? [`has ${name} disabled or optional`] : []),
    ...(typeName(fallback ?? config) === LIMITER
      ? []
      : [`has ${name} without a limit until its file is read`]),
    // Their defaults are none of the requests.
    ...shares.map((field) => `limits not all requests (${name}: ${field})`),
    ...(pb(config, "always_consume_default_token_bucket") === false
      ? []
      : [`has all share one more bucket (${name}: always_consume_default_token_bucket)`]),
  ];
}

function isAlways(value: unknown): boolean {
  const share = fields(pb(value, "default_value"));
  const denominator = text(share["denominator"]) ?? "HUNDRED";
  return (
    pb(value, "runtime_key") === undefined &&
    share["numerator"] === { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[denominator]
  );
}

/** What answers by itself reaches nobody, so it needs no tenant; what needs no credential has none, and its source is limited. */
const switchedOff = (route: EdgeRoute, limiters: readonly Filter[]): readonly string[] =>
  route.clusters.length === 0
    ? []
    : limiters
        .filter((limiter) => route.perFilter[limiter.name] !== undefined)
        .filter((limiter) => !(isOpen(route) && isPerTenant(limiter)))
        .map((limiter) => `route ${route.name} changes or switches off ${limiter.name}`);

/** Each tenant has a bucket of its own size; who is in no list shares nothing either, but has the default one. */
function unlisted(context: Context): readonly Violation[] {
  const { edge, tenants } = context;
  const files = [...edge.delivered.values()].filter(
    ({ config }) => typeName(config) === LIMITER && headersOf(config).includes(TENANT_HEADER),
  );
  if (files.length === 0) return nothingOfTenants(context, "file with tenants' limits at the edge");
  return files.flatMap(({ file, config }) => {
    const listed = list(config["descriptors"]).map((descriptor) =>
      text(fields(list(fields(descriptor)["entries"])[0])["value"]),
    );
    return [
      ...tenants.all
        .filter(({ orgId }) => !listed.includes(orgId))
        .map(({ id, orgId }) => ({
          resource: file.resource,
          tenant: id,
          message: `Envoy has no limit of its own for ${orgId}.`,
          remedy: "Render its descriptor in src/render/envoy/rate-limits.ts, as its plan and its limits say.",
        })),
      ...(listed.includes(undefined)
        ? []
        : [
            {
              resource: file.resource,
              message: "Envoy's limits have no bucket for tenants that are not listed.",
              remedy:
                "Keep the descriptor without a value: a tenant that is new has a bucket of its own from the first request.",
            },
          ]),
    ];
  });
}
