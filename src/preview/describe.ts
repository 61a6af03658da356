import type { PlannedResource } from "./plan";

/** The few types of which a reader wants to see more than the name: what it is called, and its telling inputs. */
const DESCRIPTIONS: Readonly<Record<string, (inputs: Inputs) => readonly (string | undefined)[]>> = {
  "docker:index/container:Container": (inputs) => [
    text(inputs, "image"),
    published(inputs),
    networks(inputs),
  ],
  "docker:index/network:Network": (inputs) => [
    text(inputs, "name"),
    inputs["internal"] === true ? "internal" : "open",
  ],
  "docker:index/volume:Volume": (inputs) => [text(inputs, "name")],
  "keycloak:index/realm:Realm": (inputs) => [text(inputs, "realm")],
  "keycloak:openid/client:Client": (inputs) => [
    text(inputs, "clientId"),
    inputs["enabled"] === false ? "disabled" : undefined,
  ],
  "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": (inputs) => [
    `${text(inputs, "claimName") ?? "claim"} = ${text(inputs, "claimValue") ?? "?"}`,
  ],
  "keycloak:index/group:Group": (inputs) => [text(inputs, "name")],
  "keycloak:index/user:User": (inputs) => [text(inputs, "username")],
  "grafana:oss/organization:Organization": (inputs) => [text(inputs, "name")],
  "grafana:oss/dataSource:DataSource": (inputs) => [text(inputs, "uid"), text(inputs, "url")],
};

type Inputs = Readonly<Record<string, unknown>>;

const text = (inputs: Inputs, key: string): string | undefined => {
  const value = inputs[key];
  return typeof value === "string" ? value : undefined;
};

const list = (value: unknown): readonly Inputs[] =>
  Array.isArray(value) ? (value as readonly Inputs[]) : [];

function published(inputs: Inputs): string | undefined {
  const ports = list(inputs["ports"]).map(
    (port) => `${String(port["ip"] ?? "0.0.0.0")}:${String(port["external"])}`,
  );
  return ports.length === 0 ? undefined : `published ${ports.join(", ")}`;
}

function networks(inputs: Inputs): string | undefined {
  const names = list(inputs["networksAdvanced"]).map((network) => String(network["name"]));
  return names.length === 0 ? undefined : `on ${names.join(", ")}`;
}

/** `Container`, from `docker:index/container:Container`. */
export const shortType = (type: string): string => type.slice(type.lastIndexOf(":") + 1);

/** One line of a resource: type, name, and what tells it from its neighbours. */
export function describeResource(resource: PlannedResource): string {
  const details = (DESCRIPTIONS[resource.type]?.(resource.inputs) ?? []).filter(
    (detail) => detail !== undefined,
  );
  return [
    `${shortType(resource.type)} ${resource.name}`,
    ...(details.length === 0 ? [] : [details.join(" · ")]),
    ...(resource.protect ? ["protected"] : []),
  ].join("  ");
}
