import { BINDING_HEADER } from "../../src/model/headers";
import { orgId, PLATFORM_TENANT, type TenantId } from "../../src/model/names";
import { CLIENT } from "./clients-carry-one-tenant";
import type { Context } from "./context";
import { looksAt, pbAt, type Delivered } from "./envoy";
import type { PlacedFile } from "./files";
import { nothing, type Rule, type Violation } from "./rule";
import { clientsOf, type Directory } from "./tenants";
import { fields, isFields, list, text } from "./values";

export const oneListOfTenants: Rule = {
  name: "one-list-of-tenants",
  description:
    "The edge's bindings, the auth service's directory and keys, and the declared clients say the same of every tenant: a client writes for its own tenant, while it is active.",
  check: (context) => {
    const { directory } = context;
    if (directory === undefined) return [nothing("tenant directory of the auth service (tenants.json)")];
    return [
      ...sameTenants(context, directory),
      ...sameClients(context, directory),
      ...bindings(context, directory),
      ...keys(context),
    ];
  },
};

const REMEDY = "Render it from the same tenants as everything else; none of these lists is edited by hand.";

function sameTenants(
  { tenants }: Context,
  { file: { resource }, tenants: listed }: Directory,
): readonly Violation[] {
  const declared = new Map<string, string>(tenants.all.map(({ id, orgId: org }) => [id, org]));
  const seen = new Set<string>();
  const wrong = listed.flatMap(({ id, orgId: org, state }) => {
    const twice = seen.has(id);
    seen.add(id);
    return [
      ...(twice ? ["is listed twice"] : []),
      ...(declared.has(id) ? [] : ["is listed, but not declared"]),
      ...(org === orgId(id)
        ? []
        : [`has the organisation id ${JSON.stringify(org)} instead of ${orgId(id)}`]),
      ...(state === "active" || (state as string) === "suspended"
        ? []
        : [`has the state ${JSON.stringify(state)}`]),
    ].map((problem) => ({ tenant: id, problem }));
  });
  const missing = [...declared.keys()]
    .filter((id) => !seen.has(id))
    .map((id) => ({ tenant: id, problem: "is declared, but not listed" }));
  return [...wrong, ...missing].map(({ tenant, problem }) => ({
    resource,
    tenant,
    message: `Directory of the auth service: tenant ${tenant} ${problem}.`,
    remedy: REMEDY,
  }));
}

/** Clients as listed and as declared in Keycloak, each with the tenant it is of. */
function sameClients(
  { graph, tenants }: Context,
  { file, tenants: listed }: Directory,
): readonly Violation[] {
  const owners = new Map<string, string>();
  const twice: Violation[] = [];
  for (const tenant of listed)
    for (const client of clientsOf(tenant)) {
      const { id } = tenant;
      const first = owners.get(client);
      if (first !== undefined)
        twice.push({
          resource: file.resource,
          tenant: id,
          message: `Client ${client} is listed for tenant ${id} and for tenant ${first}.`,
          remedy: "Give each client to one tenant: its token says whose data it writes.",
        });
      owners.set(client, id);
    }
  const declared = graph.ofType(CLIENT).flatMap((client) => {
    const tenant = tenants.of(client);
    return tenant === undefined ? [] : [{ client, tenant, clientId: text(client.inputs["clientId"]) ?? "" }];
  });
  const known = new Set(declared.map(({ clientId }) => clientId));
  return [
    ...twice,
    ...declared
      .filter(({ clientId, tenant }) => owners.get(clientId) !== tenant.id)
      .map(({ client, clientId, tenant }) => ({
        resource: client,
        tenant: tenant.id,
        message: `Client ${clientId} is declared for tenant ${tenant.id}, but listed for ${owners.get(clientId) ?? "none"}.`,
        remedy: REMEDY,
      })),
    ...[...owners]
      .filter(([clientId]) => !known.has(clientId))
      .map(([clientId, tenant]) => ({
        resource: file.resource,
        tenant,
        message: `Client ${clientId} of tenant ${tenant} is listed, but not declared.`,
        remedy: REMEDY,
      })),
  ];
}

/** Exactly the active tenants' agents, each with its own tenant, looked up exactly. */
function bindings({ edge, tenants }: Context, { tenants: listed }: Directory): readonly Violation[] {
  const lists = [...edge.delivered.values()].filter((delivered) => looksAt(delivered, BINDING_HEADER));
  if (lists.length === 0) return [nothing("list of bindings at the edge")];
  const expected = new Map<string, string>(
    listed.flatMap(({ id, orgId: org, state, agents }) =>
      state === "active" ? agents.map((agent) => [`${agent}|${org}`, id as string] as const) : [],
    ),
  );
  return lists.flatMap((delivered) => {
    const { resource } = delivered.file;
    const allowed = allowedBy(delivered);
    if (allowed === undefined)
      return [
        {
          resource,
          message: "The edge's list of bindings is no exact look-up that refuses what is not in it.",
          remedy: REMEDY,
        },
      ];
    const known = new Set(allowed);
    const strays = allowed.filter((binding) => !expected.has(binding));
    const missing = [...expected].filter(([binding]) => !known.has(binding));
    return [
      ...strays.map((binding) => ({
        resource,
        ...concerned(binding, tenants),
        message: `The edge lets ${JSON.stringify(binding)} in, which is no active agent and its own tenant.`,
        remedy: REMEDY,
      })),
      ...missing.map(([binding, tenant]) => ({
        resource,
        tenant,
        message: `The edge does not know ${JSON.stringify(binding)}: this agent's telemetry would be refused for good.`,
        remedy: REMEDY,
      })),
    ];
  });
}

/** Whose data such a binding would let a client write. */
function concerned(binding: string, { byOrgId }: Context["tenants"]): { readonly tenant?: string } {
  const tenant = byOrgId.get(binding.slice(binding.lastIndexOf("|") + 1))?.id;
  return tenant === undefined ? {} : { tenant };
}

/** The keys that a matcher allows; undefined when it is not an exact map with refusal as its last word. */
function allowedBy({ config }: Delivered): readonly string[] | undefined {
  const map = pbAt(config, "matcher", "matcher_tree", "exact_match_map", "map");
  const last = pbAt(config, "matcher", "on_no_match");
  if (!isFields(map) || (last !== undefined && verdict(last) !== "DENY")) return undefined;
  return Object.entries(map)
    .filter(([, action]) => verdict(action) !== "DENY")
    .map(([binding]) => binding);
}

const verdict = (action: unknown): unknown => pbAt(action, "action", "typed_config", "action");

/** Declared API keys: hashes only, each of one tenant that there is. */
function keys({ files, tenants }: Context): readonly Violation[] {
  const file = files.find(
    ({ container, path }) => container.service === "auth" && path.endsWith("/keys.json"),
  );
  if (file === undefined) return [nothing("file of declared keys of the auth service (keys.json)")];
  // Its hashes are made from generated values: an engine's preview does not know them yet.
  if (file.content === undefined) return [];
  return list(fields(file.parse())["keys"]).flatMap(keyProblems(file, tenants));
}

/** The keys that data sources read with, each named after the one tenant that it reads. */
const READ_KEY = /^(?:grafana|operators)-(.+)$/;

const writing = (key: unknown): readonly string[] => {
  const more = list(fields(key)["rights"]).filter((right) => !/^[a-z]+:read$/.test(text(right) ?? ""));
  return more.length === 0 ? [] : [`may ${more.map(String).join(", ")}, and is for reading alone`];
};

function keyProblems(file: PlacedFile, { byOrgId }: Context["tenants"]) {
  const owners = new Map<string, string>();
  const ids = new Set<string>();
  const known = (id: TenantId | undefined) => (id === undefined ? undefined : byOrgId.get(orgId(id))?.id);
  return (key: unknown): readonly Violation[] => {
    const id = text(fields(key)["id"]) ?? "without an id";
    const org = text(fields(key)["orgId"]) ?? "";
    const hash = text(fields(key)["hash"]) ?? "";
    const other = owners.get(hash);
    const twice = ids.has(id);
    owners.set(hash, id);
    ids.add(id);
    const named = READ_KEY.exec(id)?.[1] as TenantId | undefined;
    const tenant = known(named) ?? byOrgId.get(org)?.id;
    const isOne = byOrgId.has(org) || org === orgId(PLATFORM_TENANT);
    return [
      ...(named === undefined || !isOne || org === orgId(named)
        ? []
        : [`is for ${JSON.stringify(org)} instead of ${orgId(named)}`]),
      ...(named === undefined ? [] : writing(key)),
      ...(twice ? ["is listed twice"] : []),
      ...(isOne ? [] : [`is for ${JSON.stringify(org)}, which is no one tenant`]),
      ...(/^[0-9a-f]{64}$/.test(hash) ? [] : ["is not a hash"]),
      ...(other === undefined ? [] : [`is the same key as ${other}`]),
    ].map((problem) => ({
      resource: file.resource,
      ...(tenant !== undefined && { tenant }),
      message: `The declared key ${id} ${problem}.`,
      remedy: REMEDY,
    }));
  };
}
