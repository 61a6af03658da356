import {
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  TRUSTED_HEADERS,
  UNTRUSTED_HEADERS,
} from "../../src/model/headers";
import { TRUSTED } from "./demands";
import { eachManager } from "./edge";
import { pb, pbAt, typeName, type EdgeRoute, type Filter, type Manager } from "./envoy";
import type { Rule } from "./rule";
import { fields, list, text, type Fields } from "./values";

const REMEDY =
  "Mend it in src/render/envoy: whatever we trust is taken out of a request before anything looks at it, and set by its verifier alone.";
/** The client's own wish is copied before it is judged: the one header here that is set early. */
const ALWAYS = [...new Set([...TRUSTED, ...TRUSTED_HEADERS])].filter(
  (header) => header !== REQUESTED_TENANT_HEADER,
);
const OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD";
/** A value that is nothing but what jwt_authn verified. */
const VERIFIED = /^(%DYNAMIC_METADATA\(envoy\.filters\.http\.jwt_authn:[^()%]*\)%\|?)+$/;
/** Filters that run somebody else's code: what they do to headers cannot be read from here. */
const UNREADABLE = /^(Wasm|ExternalProcessor|Config|DynamicModuleFilter)$/;

export const trustedHeadersAreStripped: Rule = {
  name: "trusted-headers-are-stripped",
  description:
    "Every listener removes all headers that carry trust before any filter runs, and only a verifier sets them: nobody can claim a tenant by a header.",
  check: (context) =>
    eachManager(context, REMEDY, (manager) => {
      const steps = early(manager);
      const trusted = new Set([...ALWAYS, ...manager.filters.flatMap(setBy)]);
      return [
        ...stripping(steps, trusted),
        ...requestedTenant(steps),
        ...aliases(manager.config),
        ...manager.filters.flatMap(believing),
        ...manager.routes.flatMap((route) => setByRoute(route, trusted)),
      ];
    }),
};

/** One step of a header mutation: `remove`, or the header that is set and how. */
type Step = { readonly remove: string } | SetStep;
interface SetStep {
  readonly set: string;
  readonly value: string;
  readonly action: string;
}

const stepsOf = (mutations: unknown): readonly Step[] =>
  list(mutations).map((mutation): Step => {
    const removed = text(fields(mutation)["remove"]);
    if (removed !== undefined) return { remove: removed.toLowerCase() };
    const append = pb(mutation, "append");
    const header = fields(pb(append, "header"));
    return {
      // A mutation of any other kind sets a header that no list knows.
      set: (text(header["key"]) ?? JSON.stringify(mutation)).toLowerCase(),
      value: text(header["value"]) ?? "",
      action: text(pb(append, "append_action")) ?? "APPEND_IF_EXISTS_OR_ADD",
    };
  });

const isSet = (step: Step): step is SetStep => "set" in step;

/** What happens to a request's headers before routing; a route cannot switch it off. */
const early = ({ config }: Manager): readonly Step[] =>
  list(pb(config, "early_header_mutation_extensions")).flatMap((extension) =>
    stepsOf(pbAt(extension, "typed_config", "mutations")),
  );

function stripping(steps: readonly Step[], trusted: ReadonlySet<string>): readonly string[] {
  const removed = new Set(steps.flatMap((step) => (isSet(step) ? [] : [step.remove])));
  const believed = UNTRUSTED_HEADERS.filter((header) => !removed.has(header) && !trusted.has(header));
  return [
    ...(believed.length === 0 ? [] : [`does not remove ${believed.join(", ")} from requests`]),
    ...[...trusted]
      .filter((header) => !removed.has(header))
      .map((header) => `does not remove ${header} from requests`),
    ...steps
      .filter(isSet)
      .filter(({ set }) => trusted.has(set))
      .map(({ set }) => `sets ${set} before any check`),
  ];
}

/** The client's own wish is kept under a private name. A forged one must go first, and the copy be made before the original goes. */
function requestedTenant(steps: readonly Step[]): readonly string[] {
  const removed = steps.findIndex((step) => !isSet(step) && step.remove === REQUESTED_TENANT_HEADER);
  const taken = steps.findIndex((step) => !isSet(step) && step.remove === TENANT_HEADER);
  const copy = steps.findIndex((step) => isSet(step) && step.set === REQUESTED_TENANT_HEADER);
  const step = steps[copy];
  const action = step !== undefined && isSet(step) ? step.action : OVERWRITE;
  return [
    ...(removed < 0 ? [`does not remove ${REQUESTED_TENANT_HEADER} from requests`] : []),
    ...(copy >= 0 && removed > copy ? [`removes ${REQUESTED_TENANT_HEADER} only after setting it`] : []),
    ...(copy >= 0 && taken >= 0 && taken < copy ? [`removes ${TENANT_HEADER} before it is copied`] : []),
    ...(action === OVERWRITE
      ? []
      : [`sets ${REQUESTED_TENANT_HEADER} with ${action} instead of ${OVERWRITE}`]),
  ];
}

/** Headers that a filter writes into the request: what is behind it takes them for ours. */
function setBy({ type, config }: Filter): readonly string[] {
  const lower = (value: unknown) => text(value)?.toLowerCase() ?? [];
  switch (type) {
    case "HeaderMutation":
      return requestSteps(config).map(({ set }) => set);
    case "ExtAuthz":
      return answered(config).map(
        // Any other pattern than an exact one is no header's name, so it is reported as not removed.
        (pattern) => (text(fields(pattern)["exact"]) ?? JSON.stringify(pattern)).toLowerCase(),
      );
    case "JwtAuthentication":
      return Object.values(fields(config["providers"])).flatMap((provider) => [
        ...list(pb(provider, "claim_to_headers")).flatMap((claim) => lower(pb(claim, "header_name"))),
        ...[pb(provider, "forward_payload_header")].flatMap(lower),
      ]);
    default:
      return [];
  }
}

const requestSteps = (config: Fields): readonly SetStep[] =>
  stepsOf(pbAt(config, "mutations", "request_mutations")).filter(isSet);

const answered = (config: Fields, field = "allowed_upstream_headers"): readonly unknown[] =>
  list(pbAt(config, "http_service", "authorization_response", field, "patterns"));

/** A filter that sets a trusted header from anything else than a verified token, or lets two values meet in one. */
function believing({ name, type, config }: Filter): readonly string[] {
  if (UNREADABLE.test(type) || (type === "Lua" && touchesRequests(config)))
    return [`has the filter ${name} (${type}), which could set any header`];
  if (type === "ExtAuthz")
    return answered(config, "allowed_upstream_headers_to_append").length === 0
      ? []
      : [`appends to headers what the auth service answers (${name}): two values could meet in one`];
  if (type !== "HeaderMutation") return [];
  return requestSteps(config)
    .filter(({ set }) => ALWAYS.includes(set))
    .flatMap(({ set, value, action }) => [
      ...(VERIFIED.test(value)
        ? []
        : [`sets ${set} from ${JSON.stringify(value)}, which no token was verified for (${name})`]),
      ...(action === OVERWRITE ? [] : [`sets ${set} with ${action} instead of ${OVERWRITE} (${name})`]),
    ]);
}

/** Lua that only mends answers never sees a request; a file's could be anything. */
const touchesRequests = (lua: Fields): boolean =>
  /envoy_on_request|"filename"|inline_bytes/.test(JSON.stringify(lua));

/** Behind all filters a route could still set what they removed. */
function setByRoute(
  { name, addedHeaders, perFilter }: EdgeRoute,
  trusted: ReadonlySet<string>,
): readonly string[] {
  const scripts = Object.entries(perFilter)
    .filter(([, settings]) => typeName(settings) === "LuaPerRoute" && touchesRequests(settings))
    .map(([filter]) => `has Lua for the requests of its route ${name} (${filter})`);
  const mutated = Object.values(perFilter)
    .filter((settings) => typeName(settings) === "HeaderMutationPerRoute")
    .flatMap((settings) => requestSteps(settings).map(({ set }) => set));
  const headers = [...addedHeaders, ...mutated]
    .filter((header) => trusted.has(header) || header === REQUESTED_TENANT_HEADER)
    .map((header) => `sets ${header} by its route ${name}`);
  return [...headers, ...scripts];
}

/** Other spellings of a header or of a path that reach a backend as the same one; other senders than the real one. */
function aliases(config: Fields): readonly string[] {
  const underscores = pbAt(config, "common_http_protocol_options", "headers_with_underscores_action");
  const escaped = pb(config, "path_with_escaped_slashes_action");
  return [
    ...(underscores === "REJECT_REQUEST"
      ? []
      : [`does not reject headers with underscores (${JSON.stringify(underscores ?? "unset")})`]),
    ...["normalize_path", "merge_slashes", "use_remote_address"]
      .filter((field) => pb(config, field) !== true)
      .map((field) => `does not set ${field}`),
    ...(escaped === "REJECT_REQUEST" || escaped === "UNESCAPE_AND_REDIRECT"
      ? []
      : [`lets escaped slashes pass in paths (${JSON.stringify(escaped ?? "unset")})`]),
  ];
}
