import { dataSourceUid, defaultAgentId, type Signal } from "../../src/model/names";
import type { Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, list, text, texts } from "./values";

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
/** A name as ours are: words joined by single dashes. */
const NAMES = /[a-z0-9]+(?:-[a-z0-9]+)*/g;
/** Ids that are whole words of configuration anyway: found alone they say nothing about a tenant. */
const WORDS = /^[a-z]{4,}$/;

export const staticFilesNameNoTenant: Rule = {
  name: "static-files-name-no-tenant",
  description:
    "What a shared process reads only at its start names no tenant: otherwise every new tenant would restart it for all the others.",
  check: (context) => {
    const shared = context.containers.filter(({ tenant }) => tenant === undefined);
    if (shared.length === 0) return [nothing("shared container")];
    const names = namesOf(context);
    return shared.flatMap((container) =>
      textsOf(container).flatMap(([where, value]) => {
        const found = new Map(
          [...value.toLowerCase().matchAll(NAMES)].flatMap(([name]) => {
            const tenant = names.get(name);
            return tenant === undefined ? [] : [[tenant, name] as const];
          }),
        );
        return [...found].map(([tenant, name]): Violation => ({
          resource: container.resource,
          tenant,
          message: `${container.resource.name}: ${where} names "${name}" of tenant ${tenant}.`,
          remedy:
            'Move it into a live file (kind: "live" in src/render), which the process reads again without a restart.',
        }));
      }),
    );
  },
};

/**
 * Names by which a tenant could appear, and whose they are. The bare id counts unless it is an ordinary word: a tenant may be
 * called `orders`, and a setting too.
 */
function namesOf({ tenants, directory }: Context): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { id, orgId } of tenants.all) {
    if (!WORDS.test(id)) names.set(id, id);
    for (const name of [orgId, defaultAgentId(id), ...SIGNALS.map((signal) => dataSourceUid(signal, id))])
      names.set(name, id);
  }
  for (const { id, agents, services } of directory?.tenants ?? [])
    for (const client of [...agents, ...services.map(({ clientId }) => clientId)]) names.set(client, id);
  return names;
}

/** All that makes Docker or the process start anew when it changes. */
function textsOf({
  resource: { inputs },
  environment,
  files,
}: Container): readonly (readonly [string, string])[] {
  const argumentsOf = (key: string) => texts(inputs[key]).map((value) => [key, value] as const);
  return [
    ...files.flatMap(({ kind, path, content }) =>
      kind === "static" ? [[path, content ?? ""] as const] : [],
    ),
    ...environment.map(([name, value]) => [`the variable ${name}`, `${name} ${value}`] as const),
    ...argumentsOf("command"),
    ...argumentsOf("entrypoints"),
    ...list(inputs["labels"]).map((label) => {
      const { label: name, value } = fields(label);
      return [`the label ${text(name) ?? ""}`, `${text(name) ?? ""} ${text(value) ?? ""}`] as const;
    }),
  ];
}
