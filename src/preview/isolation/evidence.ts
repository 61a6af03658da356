import { createHmac } from "node:crypto";
import { prepare, type Context } from "../../../policies/rules/context";
import { DATA_SOURCE, headersOf, ORGANISATION } from "../../../policies/rules/data-sources";
import { isOff, looksAt, pbAt, type EdgeRoute, type Manager } from "../../../policies/rules/envoy";
import { at, fields, isFields, list, text, texts } from "../../../policies/rules/values";
import { BINDING_HEADER } from "../../model/headers";
import type { Recording, ResourceRecord } from "../../model/recording";
import { ROUTES, type Right, type Verifier } from "../../model/routes";
import { SECRET_FILES } from "../../model/secret-files";
import type { TenantState } from "../../model/tenant";

/** What decides who reaches whose data, read from what was declared and rendered. Holds no secret: of keys not even their hashes. */
export interface Evidence {
  /** Undefined: no list of bindings that refuses by default was found, so that the edge lets every client write. */
  readonly bindings: ReadonlySet<string> | undefined;
  /** As the auth service reads them; undefined where it has no directory and so decides nothing. */
  readonly directory: readonly ListedTenant[] | undefined;
  readonly keys: readonly ListedKey[];
  /** Keycloak's clients of tenants, with the organisation that their tokens carry. */
  readonly clients: readonly DeclaredClient[];
  /** Paths of Keycloak's groups: `/tenants/mx/admin`. */
  readonly groups: ReadonlySet<string>;
  /** What the edge lets through, as its own files say it. */
  readonly routes: readonly OpenRoute[];
}

export interface ListedTenant {
  readonly id: string;
  readonly orgId: string;
  readonly state: TenantState;
}

export interface ListedKey {
  readonly id: string;
  /** What it opens. */
  readonly orgId: string;
  readonly rights: readonly string[];
  /** In whose Grafana organisations data sources send it: tenants' ids, or {@link OPERATORS}. */
  readonly holders: readonly string[];
}

/** Whoever can read every tenant, because they run the environment. No tenant may have that id. */
export const OPERATORS = "operators";

export interface DeclaredClient {
  readonly clientId: string;
  readonly tenant: string;
  readonly enabled: boolean;
  readonly service: boolean;
  /** The values of its claim `tenant_id`. */
  readonly claims: readonly string[];
}

export interface OpenRoute {
  readonly id: string;
  readonly listener: string;
  /** The filter that is on for it. */
  readonly verifier: Verifier | "none";
  /** Undefined where the route table has no such route. */
  readonly right: Right | undefined;
  readonly key: boolean;
}

export function evidenceOf(recording: Recording): Evidence {
  const context = prepare(recording);
  return {
    bindings: bindingsOf(context),
    directory: context.directory?.tenants.map(({ id, orgId, state }) => ({ id, orgId, state })),
    keys: keysOf(context),
    clients: clientsOf(context),
    groups: groupsOf(context),
    routes: context.edge.listeners.flatMap(({ name, managers }) =>
      managers.flatMap((manager) => routesOf(name, manager)),
    ),
  };
}

/** The bindings that are let in: an exact look-up that refuses what is not in it. */
function bindingsOf({ edge }: Context): ReadonlySet<string> | undefined {
  const delivered = [...edge.delivered.values()].find((one) => looksAt(one, BINDING_HEADER));
  const map = pbAt(delivered?.config, "matcher", "matcher_tree", "exact_match_map", "map");
  const last = pbAt(delivered?.config, "matcher", "on_no_match");
  if (!isFields(map) || (last !== undefined && verdict(last) !== "DENY")) return undefined;
  return new Set(Object.keys(map).filter((binding) => verdict(map[binding]) !== "DENY"));
}

const verdict = (action: unknown): unknown => pbAt(action, "action", "typed_config", "action");

function keysOf(context: Context): readonly ListedKey[] {
  const own = context.files.filter(({ container }) => container.service === "auth");
  const named = (name: string) => own.filter(({ path }) => path.endsWith(`/${name}`));
  const [pepper] = named(SECRET_FILES.auth.pepper);
  const holders = holdersOf(context, pepper?.content ?? "");
  return named(SECRET_FILES.auth.keys)
    .flatMap((file) => list(fields(file.parse())["keys"]))
    .map((key) => ({
      id: text(fields(key)["id"]) ?? "",
      orgId: text(fields(key)["orgId"]) ?? "",
      rights: texts(fields(key)["rights"]),
      holders: [...(holders.get(text(fields(key)["hash"]) ?? "") ?? [])].sort(),
    }));
}

const BEARER = /^Bearer (.+)$/;

/** Who sends a key, by the hash that the auth service knows it by: its name says nothing. Organisations of no tenant are the operators'. */
function holdersOf({ graph, tenants }: Context, pepper: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const source of graph.ofType(DATA_SOURCE)) {
    const organisation = source.dependsOn
      .map((urn) => graph.resource(urn))
      .find((one) => one?.type === ORGANISATION);
    if (organisation === undefined) continue;
    const holder = tenants.of(organisation)?.id ?? OPERATORS;
    for (const [name, value] of headersOf(source)) {
      const key = name === "authorization" ? BEARER.exec(value)?.[1] : undefined;
      if (key === undefined) continue;
      const hash = createHmac("sha256", pepper).update(key).digest("hex");
      found.set(hash, (found.get(hash) ?? new Set()).add(holder));
    }
  }
  return found;
}

const CLIENT = "keycloak:openid/client:Client";
const CLAIM = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
const GROUP = "keycloak:index/group:Group";

function clientsOf({ graph, tenants }: Context): readonly DeclaredClient[] {
  const claims = new Map<string, string[]>();
  for (const { inputs, dependsOn } of graph.ofType(CLAIM)) {
    if (inputs["claimName"] !== "tenant_id") continue;
    for (const urn of dependsOn)
      claims.set(urn, [...(claims.get(urn) ?? []), text(inputs["claimValue"]) ?? ""]);
  }
  return graph.ofType(CLIENT).flatMap((client) => {
    const tenant = tenants.of(client);
    if (tenant === undefined) return [];
    const { inputs, urn } = client;
    const clientId = text(inputs["clientId"]) ?? "";
    return {
      ...{ clientId, tenant: tenant.id, enabled: inputs["enabled"] !== false },
      service: clientId.startsWith("service-"),
      claims: claims.get(urn) ?? [],
    };
  });
}

/** A group's path, by the groups that it lies in: it depends on the one above it. */
function groupsOf({ graph }: Context): ReadonlySet<string> {
  const path = (group: ResourceRecord): string => {
    const above =
      group.inputs["parentId"] === undefined
        ? undefined
        : group.dependsOn.map((urn) => graph.resource(urn)).find((one) => one?.type === GROUP);
    return `${above === undefined ? "" : path(above)}/${text(at(group.inputs, "name")) ?? ""}`;
  };
  return new Set(graph.ofType(GROUP).map(path));
}

/** The routes that lead to an upstream and are for data. */
const routesOf = (listener: string, { routes, filters }: Manager): readonly OpenRoute[] =>
  routes
    .filter(({ action, clusters }) => action !== undefined && clusters.some((one) => one !== "admin"))
    .map((route) => {
      const table = ROUTES.find(({ id }) => id === route.name);
      const found = verifierOf(route, filters);
      // Meant to have none; that it is one of the few that may, a policy holds.
      const verifier = found === "none" && table?.verifier === "nobody" ? "nobody" : found;
      return {
        ...{ id: route.name, listener, verifier },
        ...{ right: table?.right, key: table?.credential === "apiKey" },
      };
    });

function verifierOf(route: EdgeRoute, filters: Manager["filters"]): OpenRoute["verifier"] {
  const on = (type: string) => filters.some((filter) => filter.type === type && !isOff(route, filter));
  if (on("ExtAuthz")) return "authService";
  return on("JwtAuthentication") ? "agentJwt" : "none";
}
