import { hostName } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import { INTERNAL_ZONES, PORTS, SERVICE_ZONES, type SharedService } from "../../src/model/services";
import { isLoopback } from "./addresses";
import { NETWORK, zoneOfNetwork, type Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { at, text } from "./values";

/** What people and agents outside reach. Everything else is published on loopback at most, for debugging. */
const PUBLIC: { readonly [S in SharedService]?: readonly number[] } = {
  envoy: [PORTS.envoy.otlpGrpc, PORTS.envoy.otlpHttp],
  keycloak: [PORTS.keycloak.http],
  grafana: [PORTS.grafana.http],
};

export const innerZonesPublishNothing: Rule = {
  name: "inner-zones-publish-nothing",
  description:
    "Control, data and view zones are internal networks that publish no port: their processes believe any tenant header they are sent.",
  check: (context) => {
    const networks = context.graph.ofType(NETWORK);
    const { containers } = context;
    if (networks.length === 0) return [nothing("Docker network")];
    if (containers.length === 0) return [nothing("container")];
    return [
      ...networks.flatMap((network) => openNetwork(context, network)),
      ...containers.flatMap((container) => openPorts(container)),
      ...containers.flatMap((container) => foreignZones(context, container)),
    ];
  },
};

const isDebug = (stack: string, name: string): boolean => name === hostName(stack, "debug");

/** Only the edge's network leads out. The debugging one publishes ports, but containers on it see nothing of each other. */
function openNetwork(
  { recording: { stack }, tenants }: Context,
  network: ResourceRecord,
): readonly Violation[] {
  const name = text(network.inputs["name"]) ?? network.name;
  const { internal, options, driver } = network.inputs;
  const option = (key: string) => at(options, `com.docker.network.bridge.${key}`);
  const zone = zoneOfNetwork(stack, name);
  const isolated = option("enable_icc") === "false" && option("enable_ip_masquerade") === "false";
  const closed =
    internal === true ||
    (zone !== undefined && !INTERNAL_ZONES.includes(zone)) ||
    (isDebug(stack, name) && isolated);
  const tenant = tenants.of(network)?.id;
  const violation = (message: string, remedy: string) => ({
    resource: network,
    ...(tenant !== undefined && { tenant }),
    message: `Network ${name} ${message}.`,
    remedy,
  });
  return [
    ...(closed ? [] : [violation("is not internal", "Set `internal: true`: only the edge zone leads out.")]),
    ...(driver === undefined || driver === "bridge"
      ? []
      : [
          violation(
            `has the driver ${JSON.stringify(driver)}`,
            "Use `bridge`: others put containers on the host's own networks.",
          ),
        ]),
  ];
}

function openPorts({ resource, tenant, service, ports }: Container): readonly Violation[] {
  const allowed: readonly number[] = (PUBLIC as Readonly<Record<string, readonly number[]>>)[service] ?? [];
  const whose = tenant === undefined ? {} : { tenant: tenant.id };
  const violation = (message: string, remedy: string) => ({
    resource,
    ...whose,
    message: `${service} ${message}.`,
    remedy,
  });
  return [
    ...(resource.inputs["publishAllPorts"] === true
      ? [
          violation(
            "publishes all ports of its image",
            "Take publishAllPorts out and name what must be reached.",
          ),
        ]
      : []),
    ...ports
      .filter(({ internal, ip }) => !allowed.includes(internal) && !isLoopback(ip))
      .map(({ internal, ip }) =>
        violation(
          `publishes its inner port ${internal} on ${ip === undefined || ip === "" ? "every address" : ip}`,
          "Reach it through the edge; for debugging, `debugPorts` publishes on 127.0.0.1 alone.",
        ),
      ),
  ];
}

/** A process on a network of another zone is reachable by who must not reach it. */
function foreignZones(
  { recording: { stack } }: Context,
  { resource, service, networks }: Container,
): readonly Violation[] {
  const zones = Object.hasOwn(SERVICE_ZONES, service) ? SERVICE_ZONES[service as SharedService] : undefined;
  if (zones === undefined) return [];
  const joined = networks.filter((name) => {
    const zone = zoneOfNetwork(stack, name);
    return zone === undefined ? !isDebug(stack, name) : !zones.includes(zone);
  });
  return joined.map((name) => ({
    resource,
    message: `${resource.name} joins the network ${name}, which is not one of its zones (${zones.join(", ")}).`,
    remedy:
      "Take the network out, or change SERVICE_ZONES in src/model/services.ts after thinking about who is on it.",
  }));
}
