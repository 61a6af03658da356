import { defaultAgentId, dataSourceUid, type Signal } from "../../src/model/names";
import type { Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, leaves, list, text, texts } from "./values";

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
/** A name as ours are: words joined by single dashes. */
const NAMES = /[a-z0-9]+(?:-[a-z0-9]+)*/g;
/** Text in which an id can only be meant as one: `"mx"`, `/tenants/mx`, `TENANT=mx`. */
const ALONE = /"([a-z0-9-]+)"|\/tenants\/([a-z0-9-]+)|=\s*([a-z0-9-]+)\s*$/gm;

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
  /** The ids themselves may be words (`in`, `orders`), so they count only where a value is nothing but the id. */
  readonly ids: ReadonlySet<string>;
}

function namesOf({ tenants, directory }: Context): Names {
  const derived = new Map<string, string>();
  for (const { id, orgId } of tenants.all)
    for (const name of [orgId, defaultAgentId(id), ...SIGNALS.map((signal) => dataSourceUid(signal, id))])
      derived.set(name, id);
  for (const { id, agents, services } of directory?.tenants ?? [])
    for (const client of [...agents, ...services.map(({ clientId }) => clientId)])
      if (client.includes("-")) derived.set(client, id);
  return { derived, ids: new Set(tenants.all.map(({ id }) => id)) };
}

interface Place {
  /** For people: a path, `the variable LIMITS`. */
  readonly where: string;
  readonly text: string;
  /** The text's values where it has a structure. */
  readonly values: readonly string[];
}

function namedIn(
  { where, text: written, values }: Place,
  { resource }: Container,
  { derived, ids }: Names,
): readonly Violation[] {
  const found = new Map<string, string>();
  for (const [name] of written.toLowerCase().matchAll(NAMES)) {
    const tenant = derived.get(name);
    if (tenant !== undefined) found.set(tenant, name);
  }
  for (const value of values) if (ids.has(value)) found.set(value, value);
  return [...found].map(([tenant, name]) => ({
    resource,
    tenant,
    message: `${resource.name}: ${where} names "${name}" of tenant ${tenant}.`,
    remedy:
      'Move it into a live file (kind: "live" in src/render), which the process reads again without a restart.',
  }));
}

/** All that makes Docker or the process start anew when it changes. */
function textsOf({ resource: { inputs }, environment, files }: Container): readonly Place[] {
  const plain = (where: string, value: string): Place => ({
    where,
    text: value,
    values: [value, ...alone(value)],
  });
  return [
    ...files
      .filter(({ kind }) => kind === "static")
      .map(({ path, content = "", parse }) => ({
        where: path,
        text: content,
        values: /\.(ya?ml|json)$/.test(path) ? scalars(parse()) : alone(content),
      })),
    ...environment.map(([name, value]) => plain(`the variable ${name}`, value)),
    ...["command", "entrypoints"].flatMap((key) =>
      texts(inputs[key]).map((value) => plain(`the ${key}`, value)),
    ),
    ...list(inputs["labels"]).map((label) => {
      const { label: name, value } = fields(label);
      return plain(`the label ${text(name) ?? ""}`, text(value) ?? "");
    }),
  ];
}

const alone = (written: string): readonly string[] =>
  [...written.matchAll(ALONE)].flatMap((match) =>
    match.slice(1).flatMap((id: string | undefined) => id ?? []),
  );

const scalars = (document: unknown): readonly string[] =>
  [...leaves(document)].flatMap(({ value }) => [text(value) ?? "", ...alone(text(value) ?? "")]);
