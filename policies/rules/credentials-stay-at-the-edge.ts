import { CREDENTIAL_HEADERS } from "../../src/model/headers";
import { CREDENTIALS } from "./demands";
import { eachManager } from "./edge";
import { isOff, pbAt, type EdgeRoute, type Filter } from "./envoy";
import type { Rule } from "./rule";
import { PORTS } from "../../src/model/services";
import { fields, list, text } from "./values";

const REMEDY =
  "Remove it behind the checks in src/render/envoy/filters.ts: what a backend logs or passes on must not open anything.";
const HEADERS = [...new Set([...CREDENTIALS, ...CREDENTIAL_HEADERS])];
/** The tenant API judges credentials itself. */
const TENANT_API = `auth:${PORTS.auth.http}`;

export const credentialsStayAtTheEdge: Rule = {
  name: "credentials-stay-at-the-edge",
  description:
    "No token and no API key travels past Envoy, except to the tenant API: collector and backends have no use for them.",
  check: (context) =>
    eachManager(context, REMEDY, ({ filters, routes }) =>
      routes
        .filter(({ clusters }) =>
          clusters.some((cluster) => {
            const endpoints = context.edge.clusters.get(cluster) ?? [cluster];
            return endpoints.some((endpoint) => endpoint !== TENANT_API && !endpoint.startsWith("pipe:"));
          }),
        )
        .flatMap((route) =>
          HEADERS.filter((header) => !removedFor(route, filters).has(header)).map(
            (header) => `route ${route.name} sends ${header} on to ${route.clusters.join(", ")}`,
          ),
        ),
    ),
};

/** Headers that are gone when a request of this route leaves. */
const removedFor = (route: EdgeRoute, filters: readonly Filter[]): ReadonlySet<string> =>
  new Set([
    ...route.removedHeaders,
    ...filters
      .filter((filter) => filter.type === "HeaderMutation" && !isOff(route, filter))
      .flatMap(({ config }) => list(pbAt(config, "mutations", "request_mutations")))
      .flatMap((mutation) => text(fields(mutation)["remove"])?.toLowerCase() ?? []),
  ]);
