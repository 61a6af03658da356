import type { ResourceRecord } from "../../src/model/recording";
import { CLIENT } from "./clients-carry-one-tenant";
import { CONTAINER, NETWORK, VOLUME } from "./containers";
import type { Context } from "./context";
import { DATA_SOURCE } from "./data-sources";
import { nothing, type Rule, type Violation } from "./rule";
import { entry, fields, list, text, texts, UNKNOWN } from "./values";

/** What the server itself holds to be one thing, by type: a second one takes over the first, or is refused half-way. */
const IDENTITIES: Readonly<Record<string, readonly string[]>> = {
  [CONTAINER]: ["name"],
  [NETWORK]: ["name"],
  [VOLUME]: ["name"],
  [CLIENT]: ["realmId", "clientId"],
  "keycloak:index/group:Group": ["realmId", "parentId", "name"],
  "keycloak:index/user:User": ["realmId", "username"],
  "grafana:oss/organization:Organization": ["name"],
  [DATA_SOURCE]: ["orgId", "uid"],
};

export const namesAreUnique: Rule = {
  name: "names-are-unique",
  description:
    "No two resources claim the same name, and no two processes answer to one name on a network: data would go to whoever came second.",
  check: (context) => {
    const named = context.recording.resources.flatMap((resource) => {
      const identity = identityOf(resource);
      return identity === undefined ? [] : [{ resource, identity }];
    });
    if (named.length === 0) return [nothing("named resource")];
    return [
      ...twice(
        context,
        // Parents' types are in a URN, their names are not.
        context.recording.resources.map((resource) => ({ resource, identity: `URN ${resource.urn}` })),
      ),
      ...twice(context, named),
      ...twice(
        context,
        context.containers.flatMap(({ resource }) => aliases(resource)),
      ),
    ];
  },
};

interface Named {
  readonly resource: ResourceRecord;
  /** For people: `container "atalaya-dev-envoy"`. */
  readonly identity: string;
}

function identityOf({ type, inputs }: ResourceRecord): string | undefined {
  const parts = IDENTITIES[type];
  if (parts === undefined) return undefined;
  // Keycloak compares user names in any letter case, and names that differ in nothing else would mislead people anyway.
  const values = parts.map((part) => text(inputs[part]) ?? "");
  if (values.includes(UNKNOWN) || values.at(-1) === "") return undefined;
  const kind = type.split(":").at(-1)?.toLowerCase() ?? type;
  return `${kind} ${JSON.stringify(
    values
      .filter((value) => value !== "")
      .join(" / ")
      .toLowerCase(),
  )}`;
}

const aliases = (resource: ResourceRecord): readonly Named[] =>
  list(resource.inputs["networksAdvanced"]).flatMap((network) =>
    texts(fields(network)["aliases"]).map((alias) => ({
      resource,
      identity: `name ${JSON.stringify(alias.toLowerCase())} on the network ${text(fields(network)["name"]) ?? ""}`,
    })),
  );

function twice({ tenants }: Context, named: readonly Named[]): readonly Violation[] {
  const owners = new Map<string, ResourceRecord>();
  return named.flatMap(({ resource, identity }) => {
    const first = entry(owners, identity, () => resource);
    const tenant = tenants.of(resource)?.id;
    return first === resource
      ? []
      : [
          {
            resource,
            ...(tenant !== undefined && { tenant }),
            message: `${resource.name} and ${first.name} both claim the ${identity}.`,
            remedy:
              "Give each a name of its own; names come from src/model/names.ts, ids from the tenant list.",
          },
        ];
  });
}
