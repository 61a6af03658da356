import type { PlannedResource } from "./plan";

type Inputs = Readonly<Record<string, unknown>>;
type Details = readonly (string | undefined)[];

/** How a type is shown: under which input's name, and with which telling inputs. Others have their Pulumi name only. */
const DESCRIPTIONS: Readonly<
  Record<string, { readonly called: string; readonly details?: (inputs: Inputs) => Details }>
> = {
  "docker:index/container:Container": {
    called: "name",
    details: (inputs) => [text(inputs, "image"), published(inputs), networks(inputs)],
  },
  "docker:index/network:Network": {
    called: "name",
    details: (inputs) => [inputs["internal"] === true ? "internal" : "open"],
  },
  "docker:index/volume:Volume": { called: "name" },
  "docker:index/remoteImage:RemoteImage": { called: "name" },
  "keycloak:index/realm:Realm": { called: "realm" },
  "keycloak:openid/client:Client": {
    called: "clientId",
    details: (inputs) => [inputs["enabled"] === false ? "disabled" : undefined],
  },
  "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": {
    called: "name",
    details: (inputs) => [`${text(inputs, "claimName") ?? "?"} = ${text(inputs, "claimValue") ?? "?"}`],
  },
  "keycloak:index/group:Group": { called: "name" },
  "keycloak:index/user:User": { called: "username" },
  "grafana:oss/organization:Organization": { called: "name" },
  "grafana:oss/dataSource:DataSource": { called: "uid", details: (inputs) => [text(inputs, "url")] },
};

/** What only an engine knows, the offline preview makes up, recognisably: shown to nobody. */
export const isMadeUp = (value: unknown): boolean =>
  typeof value === "string" && value.startsWith("preview:");

const text = (inputs: Inputs, key: string): string | undefined => {
  const value = inputs[key];
  return typeof value === "string" && !isMadeUp(value) ? value : undefined;
};

const list = (value: unknown): readonly Inputs[] =>
  Array.isArray(value) ? (value as readonly Inputs[]) : [];

function published(inputs: Inputs): string | undefined {
  const ports = list(inputs["ports"]).map(
    (port) => `${text(port, "ip") ?? "every address"}:${String(port["external"])}`,
  );
  return ports.length === 0 ? undefined : `published ${ports.join(", ")}`;
}

function networks(inputs: Inputs): string | undefined {
  const names = list(inputs["networksAdvanced"]).map((network) => String(network["name"]));
  return names.length === 0 ? undefined : `on ${names.join(", ")}`;
}

/** `Container`, from `docker:index/container:Container`. */
export const shortType = (type: string): string => type.slice(type.lastIndexOf(":") + 1);

/**
 * What a process needs to run but a reader does not need to see each time: Docker's short-lived and watching containers, and
 * the volumes by which files reach a process. Their names end in a part of their process, `atalaya-dev-envoy.files`.
 */
export function helperPart({ type, inputs, protect }: PlannedResource): string | undefined {
  const isHelper =
    type === "docker:index/container:Container" || (type === "docker:index/volume:Volume" && !protect);
  return isHelper ? /\.([a-z]+)$/.exec(text(inputs, "name") ?? "")?.[1] : undefined;
}

/** One line of a resource: type, name, and what tells it from its neighbours. */
export function describeResource({ type, name, inputs, protect }: PlannedResource): string {
  const description = DESCRIPTIONS[type];
  const called = description === undefined ? undefined : text(inputs, description.called);
  const details = [...(description?.details?.(inputs) ?? []), protect ? "protected" : undefined];
  return [`${shortType(type)} ${called ?? name}`, ...details.filter((detail) => detail !== undefined)].join(
    " · ",
  );
}
