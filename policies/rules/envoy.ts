import type { PlacedFile } from "./files";
import { fields, isFields, list, text, texts, type Fields } from "./values";

/**
 * Envoy's configuration as it is read by Envoy: a field in snake_case or in protobuf's camelCase, a filter known by the
 * type of its configuration and not by its name, per-route settings from the most specific place.
 */
export interface Edge {
  readonly listeners: readonly Listener[];
  /** Where each cluster leads: `mimir:9009`, or `pipe:/path` for a socket of Envoy's own. */
  readonly clusters: ReadonlyMap<string, readonly string[]>;
  readonly admins: readonly { readonly file: PlacedFile; readonly config: Fields }[];
  /** Configurations that filters take from a file, by the name of the filter. */
  readonly delivered: ReadonlyMap<string, Delivered>;
}

export interface Delivered {
  readonly file: PlacedFile;
  readonly config: Fields;
}

export interface Listener {
  readonly name: string;
  /** The file it stands in. */
  readonly file: PlacedFile;
  /** Types of network filters other than the HTTP connection manager: none of our filters sees what they take. */
  readonly foreign: readonly string[];
  readonly managers: readonly Manager[];
  readonly chains: readonly Fields[];
}

export interface Manager {
  readonly config: Fields;
  readonly filters: readonly Filter[];
  readonly routes: readonly EdgeRoute[];
  /** Routes that come from elsewhere and were not found in any file. */
  readonly missingRoutes?: string;
}

export interface Filter {
  readonly name: string;
  /** Last part of the protobuf type: `ExtAuthz`, `JwtAuthentication`, `RBAC`, `HeaderMutation`, `Router`. */
  readonly type: string;
  /** Its own, or what was delivered for it; `config_discovery` where nothing was. */
  readonly config: Fields;
  /** What stands in while nothing was delivered (`default_config`). */
  readonly fallback?: Fields;
  readonly disabled: boolean;
}

export interface EdgeRoute {
  readonly name: string;
  readonly domains: readonly string[];
  readonly match: Fields;
  /** `route` of the action; undefined where it redirects or answers by itself. */
  readonly action: Fields | undefined;
  /** Every cluster it may send a request to, shadowed ones included; `*` where a request can choose. */
  readonly clusters: readonly string[];
  /** By the filter's name. */
  readonly perFilter: Readonly<Record<string, Fields>>;
  readonly removedHeaders: readonly string[];
  /** Set behind all filters. */
  readonly addedHeaders: readonly string[];
}

/** A protobuf field under either of its JSON names. */
export const pb = (message: unknown, name: string): unknown => {
  const values = fields(message);
  return values[name] ?? values[name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
};

/** `pbAt(manager, "common_http_protocol_options", "headers_with_underscores_action")` */
export const pbAt = (message: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((here, name) => pb(here, name), message);

/** `type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz` is `ExtAuthz`. */
export const typeName = (message: unknown): string =>
  text(fields(message)["@type"])?.split(/[./]/).at(-1) ?? "";

/** `1.5s` in seconds; undefined when it is no protobuf duration. */
export function seconds(value: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(text(value) ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** Reads every listener of all of Envoy's files, bootstrap and dynamic ones alike. */
export function readEdge(files: readonly PlacedFile[]): Edge {
  const found = files.flatMap((file) => [...messages(file.parse())].map((message) => ({ file, message })));
  const withList = (name: string) => found.filter(({ message }) => Array.isArray(pb(message, name)));
  const delivered = new Map(
    found
      .filter(({ message }) => typeName(message) === "TypedExtensionConfig")
      .map(({ file, message }) => [
        text(message["name"]) ?? "",
        { file, config: fields(pb(message, "typed_config")) },
      ]),
  );
  const parts: Parts = {
    tables: new Map(withList("virtual_hosts").map(({ message }) => [text(message["name"]) ?? "", message])),
    delivered,
  };
  return {
    listeners: withList("filter_chains").map(({ file, message }) => readListener(message, file, parts)),
    clusters: new Map(
      found
        .filter(({ message }) => pb(message, "load_assignment") !== undefined)
        .map(({ message }) => [text(message["name"]) ?? "", endpointsOf(message)]),
    ),
    admins: found.flatMap(({ file, message }) =>
      isFields(message["admin"]) ? [{ file, config: message["admin"] }] : [],
    ),
    delivered,
  };
}

/** What listeners take from other places. */
interface Parts {
  readonly tables: ReadonlyMap<string, Fields>;
  readonly delivered: ReadonlyMap<string, Delivered>;
}

const endpointsOf = (cluster: Fields): readonly string[] =>
  list(pbAt(cluster, "load_assignment", "endpoints"))
    .flatMap((locality) => list(pb(locality, "lb_endpoints")))
    .map((endpoint) => {
      const address = pbAt(endpoint, "endpoint", "address");
      const socket = fields(pb(address, "socket_address"));
      const pipe = text(pbAt(address, "pipe", "path"));
      return pipe === undefined
        ? `${String(socket["address"])}:${String(pb(socket, "port_value"))}`
        : `pipe:${pipe}`;
    });

/** Every object in a document, outermost first. */
export function* messages(value: unknown): Generator<Fields> {
  if (isFields(value)) yield value;
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(fields(value)))
    yield* messages(inner);
}

function readListener(listener: Fields, file: PlacedFile, parts: Parts): Listener {
  const chains = [...list(pb(listener, "filter_chains")), pb(listener, "default_filter_chain")].filter(
    isFields,
  );
  const filters = chains
    .flatMap((chain) => list(pb(chain, "filters")))
    .map((filter) => fields(pb(filter, "typed_config")));
  const isManager = (filter: Fields) => typeName(filter) === "HttpConnectionManager";
  return {
    name: text(listener["name"]) ?? "without a name",
    file,
    foreign: filters.filter((filter) => !isManager(filter)).map((filter) => typeName(filter) || "unknown"),
    managers: filters.filter(isManager).map((manager) => readManager(manager, parts)),
    chains,
  };
}

function readManager(config: Fields, { tables, delivered }: Parts): Manager {
  const filters = list(pb(config, "http_filters")).map((filter) => readFilter(filter, delivered));
  const inline = pb(config, "route_config");
  if (inline !== undefined) return { config, filters, routes: readRoutes(fields(inline)) };
  const name = text(pbAt(config, "rds", "route_config_name"));
  const table = name === undefined ? undefined : tables.get(name);
  return table === undefined
    ? { config, filters, routes: [], missingRoutes: name ?? "neither route_config nor rds" }
    : { config, filters, routes: readRoutes(table) };
}

function readFilter(filter: unknown, delivered: ReadonlyMap<string, Delivered>): Filter {
  const name = text(fields(filter)["name"]) ?? "";
  const discovery = fields(pb(filter, "config_discovery"));
  const fallback = pb(discovery, "default_config");
  const config = pb(filter, "typed_config") ?? delivered.get(name)?.config ?? fallback;
  return {
    name,
    type: typeName(config),
    config: fields(config),
    ...(isFields(fallback) && { fallback }),
    disabled: fields(filter)["disabled"] === true || pb(filter, "is_optional") === true,
  };
}

function readRoutes(table: Fields): readonly EdgeRoute[] {
  return list(pb(table, "virtual_hosts")).flatMap((host) =>
    list(fields(host)["routes"]).map((route) => readRoute(fields(route), host, table)),
  );
}

function readRoute(route: Fields, host: unknown, table: Fields): EdgeRoute {
  const action = fields(route)["route"];
  const places = [table, host, route];
  return {
    name: text(route["name"]) ?? JSON.stringify(route["match"] ?? {}),
    domains: texts(fields(host)["domains"]),
    match: fields(route["match"]),
    action: action === undefined ? undefined : fields(action),
    clusters: action === undefined ? [] : clustersOf(action, places),
    perFilter: Object.assign(
      {},
      ...places.map((place) => fields(pb(place, "typed_per_filter_config"))),
    ) as Record<string, Fields>,
    addedHeaders: [...places, ...list(pbAt(action, "weighted_clusters", "clusters"))].flatMap((place) =>
      list(pb(place, "request_headers_to_add")).map((added) =>
        (text(fields(pb(added, "header"))["key"]) ?? "").toLowerCase(),
      ),
    ),
    removedHeaders: places.flatMap((place) =>
      texts(pb(place, "request_headers_to_remove")).map((header) => header.toLowerCase()),
    ),
  };
}

function clustersOf(action: unknown, places: readonly unknown[]): readonly string[] {
  const weighted = list(pbAt(action, "weighted_clusters", "clusters"));
  const mirrors = [action, ...places].flatMap((place) => list(pb(place, "request_mirror_policies")));
  const all = [action, ...weighted, ...mirrors];
  const named = all.flatMap((place) => text(fields(place)["cluster"] ?? fields(place)["name"]) ?? []);
  const chosen = all.some((place) =>
    ["cluster_header", "cluster_specifier_plugin", "inline_cluster_specifier_plugin"].some(
      (name) => pb(place, name) !== undefined,
    ),
  );
  return [...new Set([...named, ...(chosen || named.length === 0 ? ["*"] : [])])];
}

/** Whether a route switches a filter off: for itself, or through its virtual host or table. */
export function isOff({ perFilter }: EdgeRoute, { name, disabled }: Filter): boolean {
  const settings = fields(perFilter[name]);
  return disabled || settings["disabled"] === true || fields(settings["config"])["disabled"] === true;
}

/** Whether a filter's configuration names a header anywhere in what it looks at. */
export function looksAt({ config }: Pick<Filter, "config">, header: string): boolean {
  for (const message of messages(config)) {
    const name = text(pb(message, "header_name")) ?? text(fields(message["header"])["name"]);
    if (name?.toLowerCase() === header) return true;
  }
  return false;
}

/** `mimir:9009`, and in Kubernetes `mimir.namespace.svc:9009`. */
export const isSame = (endpoint: string, expected: string): boolean =>
  endpoint.replace(/\.[^:]*:/, ":") === expected;
