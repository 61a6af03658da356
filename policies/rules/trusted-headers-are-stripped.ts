import { REQUESTED_TENANT_HEADER, TENANT_HEADER, TRUSTED_HEADERS } from "../../src/model/headers";
import { eachManager } from "./edge";
import { pb, pbAt, type Filter, type Manager } from "./envoy";
import type { Rule } from "./rule";
import { fields, list, text } from "./values";

const REMEDY =
  "Mend it in src/render/envoy: before anything else looks at a request, whatever we trust is taken out of it.";
const OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD";

export const trustedHeadersAreStripped: Rule = {
  name: "trusted-headers-are-stripped",
  description:
    "Every listener removes all headers that carry trust before any filter runs, so that nobody can claim a tenant by a header.",
  check: (context) =>
    eachManager(context, REMEDY, (manager) => [
      ...stripping(manager),
      ...aliases(manager),
      ...requestedTenant(early(manager)),
    ]),
};

/** One step of a header mutation: `remove`, or the header that is set and how. */
type Step =
  { readonly remove: string } | { readonly set: string; readonly value: string; readonly action: string };

const stepsOf = (mutations: unknown): readonly Step[] =>
  list(mutations).flatMap((mutation): readonly Step[] => {
    const removed = text(fields(mutation)["remove"]);
    if (removed !== undefined) return [{ remove: removed.toLowerCase() }];
    const append = pb(mutation, "append");
    const header = fields(pb(append, "header"));
    return [
      {
        set: (text(header["key"]) ?? "").toLowerCase(),
        value: text(header["value"]) ?? "",
        action: text(pb(append, "append_action")) ?? "APPEND_IF_EXISTS_OR_ADD",
      },
    ];
  });

/** What happens to a request's headers before routing; a route cannot switch it off. */
const early = ({ config }: Manager): readonly Step[] =>
  list(pb(config, "early_header_mutation_extensions")).flatMap((extension) =>
    stepsOf(pbAt(extension, "typed_config", "mutations")),
  );

function stripping(manager: Manager): readonly string[] {
  const steps = early(manager);
  const removed = new Set(steps.flatMap((step) => ("remove" in step ? [step.remove] : [])));
  const trusted = new Set([...TRUSTED_HEADERS, ...manager.filters.flatMap(setBy)]);
  const after = steps.flatMap((step) =>
    "set" in step && trusted.has(step.set) ? [`sets ${step.set} before any check`] : [],
  );
  return [
    ...[...trusted].filter((header) => !removed.has(header)).map((header) => `does not remove ${header}`),
    ...after,
  ];
}

/** Headers that a filter writes into the request: what is behind it takes them for ours. */
function setBy({ type, config }: Filter): readonly string[] {
  switch (type) {
    case "HeaderMutation":
      return stepsOf(pbAt(config, "mutations", "request_mutations")).flatMap((step) =>
        "set" in step ? [step.set] : [],
      );
    case "ExtAuthz":
      return list(
        pbAt(config, "http_service", "authorization_response", "allowed_upstream_headers", "patterns"),
      ).map(
        // Any other pattern than an exact one has no header of this name, so it is reported as not removed.
        (pattern) => (text(fields(pattern)["exact"]) ?? JSON.stringify(pattern)).toLowerCase(),
      );
    case "JwtAuthentication":
      return Object.values(fields(config["providers"])).flatMap((provider) => [
        ...list(pb(provider, "claim_to_headers")).map((claim) =>
          (text(pb(claim, "header_name")) ?? "").toLowerCase(),
        ),
        ...[pb(provider, "forward_payload_header")].flatMap((header) => text(header)?.toLowerCase() ?? []),
      ]);
    default:
      return [];
  }
}

/** The client's own wish is kept under a private name. A spoofed one must go first, and the copy be made before the original goes. */
function requestedTenant(steps: readonly Step[]): readonly string[] {
  const removed = steps.findIndex((step) => "remove" in step && step.remove === REQUESTED_TENANT_HEADER);
  const set = steps.findIndex((step) => "set" in step && step.set === REQUESTED_TENANT_HEADER);
  const taken = steps.findIndex((step) => "remove" in step && step.remove === TENANT_HEADER);
  const step = steps[set];
  const copied = step !== undefined && "set" in step ? step : undefined;
  return [
    ...(removed < 0 ? [`does not remove ${REQUESTED_TENANT_HEADER}`] : []),
    ...(set >= 0 && removed > set ? [`removes ${REQUESTED_TENANT_HEADER} only after setting it`] : []),
    ...(set >= 0 && taken >= 0 && taken < set ? [`removes ${TENANT_HEADER} before it is copied`] : []),
    ...(copied === undefined || copied.action === OVERWRITE
      ? []
      : [`sets ${REQUESTED_TENANT_HEADER} with ${copied.action} instead of ${OVERWRITE}`]),
  ];
}

/** Other spellings of a header or of a path that reach a backend as the same one. */
function aliases({ config }: Manager): readonly string[] {
  const underscores = pbAt(config, "common_http_protocol_options", "headers_with_underscores_action");
  const escaped = pb(config, "path_with_escaped_slashes_action");
  return [
    ...(underscores === "REJECT_REQUEST"
      ? []
      : [`does not reject headers with underscores (${JSON.stringify(underscores ?? "unset")})`]),
    ...["normalize_path", "merge_slashes"]
      .filter((field) => pb(config, field) !== true)
      .map((field) => `does not set ${field}`),
    ...(escaped === "REJECT_REQUEST" || escaped === "UNESCAPE_AND_REDIRECT"
      ? []
      : [`lets escaped slashes pass in paths (${JSON.stringify(escaped ?? "unset")})`]),
  ];
}
