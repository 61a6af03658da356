import { parse } from "yaml";
import type { Verifier } from "../../src/model/routes";
import { FILTERS, TOKEN_FILTERS } from "../../src/render/envoy/names";
import type { Message } from "../../src/render/envoy/protobuf";
import { toYaml } from "../../src/render/yaml";

type FilterName = (typeof FILTERS)[keyof typeof FILTERS];

/** What of the rendered chain is in force. The rest of the bootstrap stays as it is: listeners, TLS, routes, clusters. */
export interface Kept {
  readonly filters: readonly FilterName[];
  /** Removing of what nobody may send, before routing. */
  readonly strip: boolean;
  readonly accessLog: boolean;
}

const { router, finish } = FILTERS;
/** Those that mend what is answered, and those that tell them what to mend. */
const MENDING: readonly string[] = ["upstreamErrors", "mendGrpc", "fromUpstream"];
const entries = Object.entries(FILTERS);
const mending = entries.flatMap(([key, name]) => (MENDING.includes(key) ? [name] : []));
const checks = entries.flatMap(([key, name]) =>
  name === router || name === finish || MENDING.includes(key) ? [] : [name],
);

/** Everything that is there because requests are checked or limited is gone. */
export const UNGUARDED: Kept = {
  filters: [finish, ...mending, router],
  strip: false,
  accessLog: true,
};

export interface Rung extends Kept {
  /** What this one has and the one before has not. */
  readonly name: string;
}

/**
 * From a bare proxy to the whole edge, one thing at a time, in the chain's own order: each lets the same requests through. Where
 * the auth service decides, what is for agents' tokens is one step: it is off on those routes.
 */
export function ladder(verifier: Verifier): readonly Rung[] {
  const rungs: Rung[] = [{ name: "bare proxy", filters: [router], strip: false, accessLog: false }];
  const add = (name: string, more: Partial<Omit<Rung, "name">>): void => {
    const last = rungs.at(-1) ?? { filters: [], strip: false, accessLog: false };
    rungs.push({ ...last, ...more, name, filters: [...last.filters, ...(more.filters ?? [])] });
  };
  add("access log", { accessLog: true });
  add("finish-response", { filters: [finish] });
  add("upstream-errors (Lua)", { filters: mending });
  add("header strip", { strip: true });
  const isForTokens = (name: FilterName): boolean => (TOKEN_FILTERS as readonly FilterName[]).includes(name);
  for (const name of checks) {
    if (verifier === "agentJwt" || !isForTokens(name)) add(shortName(name), { filters: [name] });
    else if (name === FILTERS.token) add("filters for tokens (off)", { filters: TOKEN_FILTERS });
  }
  return rungs;
}

const shortName = (name: FilterName): string => name.split(".").at(-1) ?? name;

/** Those of {@link ladder} that make {@link UNGUARDED}. */
export const UNGUARDED_RUNG = "upstream-errors (Lua)";

type Config = Record<string, unknown>;

/** A rendered bootstrap with only what is kept. Throws when it is not built as it was. */
export function reduced(bootstrap: string, kept: Kept): string {
  const content = parse(bootstrap) as { static_resources: { listeners: readonly Config[] } };
  let edges = 0;
  for (const listener of content.static_resources.listeners) {
    const manager = managerOf(listener);
    if (listener["name"] === "health") continue;
    const filters = manager["http_filters"] as readonly { readonly name: string }[];
    const stay = filters.filter(({ name }) => (kept.filters as readonly string[]).includes(name));
    manager["http_filters"] = stay;
    if (!kept.strip) delete manager["early_header_mutation_extensions"];
    if (!kept.accessLog) delete manager["access_log"];
    for (const route of routesOf(manager)) {
      const own = (route["typed_per_filter_config"] ?? {}) as Message;
      route["typed_per_filter_config"] = Object.fromEntries(
        Object.entries(own).filter(([name]) => stay.some((filter) => filter.name === name)),
      );
    }
    edges++;
  }
  if (edges === 0) throw new Error("The bootstrap has no listener of the edge.");
  return toYaml(content);
}

function managerOf(listener: Config): Config {
  const [chain] = listener["filter_chains"] as readonly { filters: readonly { typed_config: Config }[] }[];
  const manager = chain?.filters[0]?.typed_config;
  if (manager === undefined) throw new Error("A listener has no connection manager.");
  return manager;
}

const routesOf = (manager: Config): readonly Config[] =>
  (
    manager["route_config"] as { virtual_hosts: readonly { routes: readonly Config[] }[] }
  ).virtual_hosts.flatMap(({ routes }) => routes);
