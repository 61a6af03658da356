import { PORTS } from "../../src/model/services";
import { eachManager } from "./edge";
import { isSame, pb, pbAt, type Edge, type Filter } from "./envoy";
import type { Rule } from "./rule";
import { fields, list, text } from "./values";

const AUTH = `auth:${PORTS.auth.http}`;
const PREFIX = "/authz";
/** What a client may see of the auth service's answer. */
const SHOWN: readonly string[] = ["content-type", "retry-after", "www-authenticate"];
const REMEDY = `Ask the auth service (${AUTH}, path prefix "${PREFIX}") and nobody else, in src/render/envoy: anything else that answers 200 lets everybody in.`;

export const theAuthServiceDecides: Rule = {
  name: "the-auth-service-decides",
  description:
    "The external check asks the auth service's decisions and nothing else: whatever answers there decides whose data a request reads.",
  check: (context) =>
    eachManager(context, REMEDY, ({ filters }) =>
      filters
        .filter(({ type }) => type === "ExtAuthz")
        .flatMap((filter) => strays(filter, context.edge).map((problem) => `${filter.name} ${problem}`)),
    ),
};

function strays({ config }: Filter, edge: Edge): readonly string[] {
  const service = pb(config, "http_service");
  const cluster = text(pbAt(service, "server_uri", "cluster")) ?? "";
  const endpoints = edge.clusters.get(cluster) ?? [];
  const prefix = pb(service, "path_prefix");
  const added = list(pbAt(service, "authorization_request", "headers_to_add"));
  const shown = ["allowed_client_headers", "allowed_client_headers_on_success"]
    .flatMap((field) => list(pbAt(service, "authorization_response", field, "patterns")))
    .map((pattern) => text(fields(pattern)["exact"])?.toLowerCase() ?? JSON.stringify(pattern))
    .filter((header) => !SHOWN.includes(header));
  return [
    ...(pb(config, "grpc_service") === undefined ? [] : ["asks another service by gRPC (grpc_service)"]),
    ...(endpoints.length > 0 && endpoints.every((endpoint) => isSame(endpoint, AUTH))
      ? []
      : [
          `asks ${endpoints.join(", ") || `the unknown cluster ${JSON.stringify(cluster)}`} instead of ${AUTH}`,
        ]),
    ...(prefix === PREFIX
      ? []
      : [`asks with the path prefix ${JSON.stringify(prefix ?? "unset")} instead of "${PREFIX}"`]),
    ...(pb(service, "path_override") === undefined ? [] : ["asks for one path alone (path_override)"]),
    ...shown.map((header) => `shows clients the auth service's ${header} (allowed_client_headers)`),
    ...(added.length === 0 ? [] : ["adds headers to what it asks (headers_to_add)"]),
  ];
}
