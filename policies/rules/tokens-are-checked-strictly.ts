import { EDGE_AUDIENCE } from "../../src/model/names";
import { eachManager } from "./edge";
import { pb, seconds, type Filter } from "./envoy";
import type { Rule } from "./rule";
import { fields, filled, isFields, list, text, texts, type Fields } from "./values";

const REMEDY =
  "Mend it in src/render/envoy: an agent's token is the only thing that says whose data this is.";

export const tokensAreCheckedStrictly: Rule = {
  name: "tokens-are-checked-strictly",
  description:
    "Envoy takes an agent's token from the Authorization header alone, demands issuer, audience and expiry, and never passes it on.",
  check: (context) =>
    eachManager(context, REMEDY, ({ filters }) =>
      filters.filter(({ type }) => type === "JwtAuthentication").flatMap(strictness),
    ),
};

function strictness({ name, config, disabled }: Filter): readonly string[] {
  const providers = Object.entries(fields(config["providers"]));
  return [
    ...(disabled ? ["is disabled or optional"] : []),
    ...(providers.length === 0 ? ["has no provider"] : []),
    ...(pb(config, "bypass_cors_preflight") === true
      ? ["lets OPTIONS requests pass (bypass_cors_preflight)"]
      : []),
    ...providers.flatMap(([provider, settings]) =>
      looseness(fields(settings)).map((problem) => `(provider ${provider}) ${problem}`),
    ),
    ...requirements(config),
  ].map((problem) => `${name} ${problem}`);
}

function looseness(provider: Fields): readonly string[] {
  const sources = list(pb(provider, "from_headers"));
  const headers = sources.map(
    (source) => `${text(fields(source)["name"]) ?? ""}: ${text(pb(source, "value_prefix")) ?? ""}`,
  );
  const elsewhere = ["from_params", "from_cookies"].filter((field) => list(pb(provider, field)).length > 0);
  const life = seconds(pb(provider, "max_lifetime"));
  return [
    ...(headers.length === 1 && headers[0]?.toLowerCase() === "authorization: bearer "
      ? []
      : [
          `takes tokens from ${JSON.stringify(headers)} instead of the Authorization header (unset would mean ?access_token= too)`,
        ]),
    ...elsewhere.map((field) => `takes tokens by ${field}`),
    ...((pb(provider, "forward") ?? false) === false ? [] : ["forwards the token"]),
    ...(filled(provider["issuer"]) === undefined ? ["takes any issuer"] : []),
    ...(texts(provider["audiences"]).join() === EDGE_AUDIENCE
      ? []
      : [`takes the audiences ${JSON.stringify(provider["audiences"] ?? "unset, which means any")}`]),
    ...(pb(provider, "require_expiration") === true ? [] : ["takes tokens that never expire"]),
    ...(pb(provider, "clear_route_cache") === true
      ? ["lets a claim change the route (clear_route_cache)"]
      : []),
    ...(life !== undefined && life > 0 ? [] : ["has no max_lifetime"]),
  ];
}

/** A request that no rule matches is not verified at all. */
function requirements(config: Fields): readonly string[] {
  const rules = list(config["rules"]).map(fields);
  const all = rules.some(
    ({ match, requires }) => text(fields(match)["prefix"]) === "/" && requires !== undefined,
  );
  const named = Object.values(fields(pb(config, "requirement_map")));
  return [
    ...(all ? [] : ['has no rule for every path (match: {prefix: "/"} with requires)']),
    ...[...rules.map((rule) => rule["requires"]), ...named]
      .filter((requires) => !isStrict(requires))
      .map((requires) => `lets requests pass without a token: ${JSON.stringify(requires ?? "no requires")}`),
  ];
}

/** A provider's token, or several of which each is enough: never "missing is fine". */
function isStrict(requires: unknown): boolean {
  const wanted = fields(requires);
  if (text(pb(wanted, "provider_name")) !== undefined) return Object.keys(wanted).length === 1;
  const parts = list(fields(pb(wanted, "requires_any") ?? pb(wanted, "requires_all"))["requirements"]);
  return parts.length > 0 && parts.every((part) => isFields(part) && isStrict(part));
}
