import { defaultAgentId } from "../../src/model/names";
import type { Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { clientsOf } from "./tenants";
import { fields, list, text, texts } from "./values";

/** Names of our own that read like a tenant's: of Envoy's filters, and of the file of all tenants' limits. */
const OWN_NAMES = /\batalaya\.[a-z0-9-]+|\btenant-limits\.yaml/g;
/** A name as ours are: words joined by single dashes. */
const NAMES = /[a-z0-9]+(?:-[a-z0-9]+)*/g;
/** A setting whose value is a tenant, by its name. */
const TENANT_NAME = /tenant|organi[sz]ation|org_?id|customer/i;
/** `--tenants=mx,pe`, `tenant: "mx"`. */
const SETTING =
  /([\w.-]*(?:tenant|organi[sz]ation|org_?id|customer)[\w.-]*)["']?[ \t]*[=:][ \t]*["'[]?([a-z0-9][a-z0-9,|-]*)/gi;
const GROUP = /\/tenants\/([a-z0-9-]+)/g;

export const staticFilesNameNoTenant: Rule = {
  name: "static-files-name-no-tenant",
  description:
    "What a shared process reads only at its start names no tenant: otherwise every new tenant would restart it for all the others.",
  check: (context) => {
    const shared = context.containers.filter(({ tenant }) => tenant === undefined);
    if (shared.length === 0) return [nothing("shared container")];
    const names = namesOf(context);
    return shared.flatMap((container) =>
      textsOf(container).flatMap((place) => namedIn(place, container, names)),
    );
  },
};

interface Names {
  /** Names that are made from a tenant's id, and client ids: found anywhere they are meant. */
  readonly derived: ReadonlyMap<string, string>;
  /** The ids themselves may be any word (`in`, `data`, `orders`): they count only where a tenant must be meant. */
  readonly ids: ReadonlySet<string>;
}

function namesOf({ tenants, directory }: Context): Names {
  const derived = new Map<string, string>();
  for (const { id, orgId } of tenants.all)
    for (const name of [orgId, defaultAgentId(id)]) derived.set(name, id);
  for (const tenant of directory?.tenants ?? [])
    for (const client of clientsOf(tenant)) if (client.includes("-")) derived.set(client, tenant.id);
  return { derived, ids: new Set(tenants.all.map(({ id }) => id)) };
}

interface Place {
  /** For people: a path, `the variable LIMITS`. */
  readonly where: string;
  readonly text: string;
  /** What is in it where it has a structure. */
  readonly document?: unknown;
}

function namedIn(place: Place, { resource }: Container, names: Names): readonly Violation[] {
  const found = new Map<string, string>();
  for (const [name] of place.text.toLowerCase().replaceAll(OWN_NAMES, "").matchAll(NAMES)) {
    const tenant = names.derived.get(name);
    if (tenant !== undefined) found.set(tenant, name);
  }
  for (const id of [...meant(place.text), ...listed(place.document, names.ids)])
    if (names.ids.has(id) && !found.has(id)) found.set(id, id);
  return [...found].map(([tenant, name]) => ({
    resource,
    tenant,
    message: `${resource.name}: ${place.where} names "${name}" of tenant ${tenant}.`,
    remedy:
      'Move it into a live file (kind: "live" in src/render), which the process reads again without a restart.',
  }));
}

const COMMENTS = /^\s*(#|;|\/\/).*$/gm;

/** Ids that a text gives to a setting of a tenant, or has in the path of a tenant's group. */
const meant = (written: string): readonly string[] => [
  ...[...written.matchAll(GROUP)].flatMap(([, id]) => id ?? []),
  ...[...written.replaceAll(COMMENTS, "").matchAll(SETTING)].flatMap(([, , value]) =>
    (value ?? "").split(/[,|]/),
  ),
];

/** Ids in lists and as keys of maps that hold nothing else, and below a name that says what they are. */
function listed(value: unknown, ids: ReadonlySet<string>, key = ""): readonly string[] {
  const inner = Array.isArray(value)
    ? value.map((entry) => [key, entry] as const)
    : Object.entries(fields(value));
  const names = Array.isArray(value) ? texts(value) : Object.keys(fields(value));
  const only = names.length > 1 && names.length === inner.length && names.every((name) => ids.has(name));
  return [
    ...(only || TENANT_NAME.test(key) ? names : []),
    ...inner.flatMap(([name, entry]) => listed(entry, ids, name)),
  ];
}

/** All that makes Docker or the process start anew when it changes. */
function textsOf({ resource: { inputs }, environment, files }: Container): readonly Place[] {
  return [
    ...files
      .filter(({ kind }) => kind === "static")
      .map(({ path, content = "", parse }) => ({
        where: path,
        text: content,
        ...(/\.(ya?ml|json)$/.test(path) && { document: parse() }),
      })),
    ...environment.map(([name, value]) => ({ where: `the variable ${name}`, text: `${name}=${value}` })),
    ...["command", "entrypoints"].flatMap((key) =>
      texts(inputs[key]).map((value) => ({ where: `the ${key}`, text: value })),
    ),
    ...list(inputs["labels"]).map((entry) => {
      const { label, value } = fields(entry);
      return { where: `the label ${text(label) ?? ""}`, text: `${text(label) ?? ""}=${text(value) ?? ""}` };
    }),
  ];
}
