import { editDocument } from "../environment";
import type { Block } from "./mutation";

export const BOOTSTRAP = "/etc/atalaya/envoy/bootstrap.yaml";

/** A filter of every listener's connection manager, by its name, in Envoy's bootstrap. */
export const filters = (name: string, change: (config: Block) => void) =>
  editDocument(BOOTSTRAP, (document) => {
    for (const filter of managers(document).flatMap(({ http_filters }) => http_filters))
      if (filter.name === name) change(filter.typed_config);
  });

export interface Manager extends Block {
  http_filters: { name: string; typed_config: Block; config_discovery?: Block }[];
  route_config: { virtual_hosts: { routes: Route[] }[] };
}
export interface Route extends Block {
  name: string;
  route?: Block;
  typed_per_filter_config?: Block;
}
interface Chain extends Block {
  filters: { typed_config: Manager }[];
}
export interface Bootstrap {
  admin: Block;
  static_resources: {
    listeners: { name: string; filter_chains: Chain[] }[];
  };
}

export const managers = (document: Bootstrap, listener?: string): Manager[] =>
  document.static_resources.listeners
    .filter(({ name }) => listener === undefined || name === listener)
    .flatMap(({ filter_chains }) =>
      filter_chains.flatMap((chain) => chain.filters.map((one) => one.typed_config)),
    );

/** Changes every connection manager, or the filter chain that it is in. */
export const bootstrap = (change: (manager: Manager, chain: Block) => void) =>
  editDocument(BOOTSTRAP, (document: Bootstrap) => {
    for (const chain of document.static_resources.listeners.flatMap(({ filter_chains }) => filter_chains))
      for (const { typed_config: manager } of chain.filters) change(manager, chain);
  });

export const route = (listener: string, name: string, change: (route: Route) => void) =>
  editDocument(BOOTSTRAP, (document) => {
    const routes = managers(document, listener).flatMap((manager) =>
      manager.route_config.virtual_hosts.flatMap((host) => host.routes),
    );
    const found = routes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no route ${name}`);
    change(found);
  });

export const EXT_AUTHZ = "envoy.filters.http.ext_authz";
export const JWT = "envoy.filters.http.jwt_authn";
export const EACH = ["otlpGrpc", "otlpHttp", "query"] as const;
export const eachListener = (problem: string): readonly string[] =>
  EACH.map((name) => `Listener ${name}: ${problem}.`);
