import { hostName } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import { PORTS, PUBLISH, PUBLISHED_ALONE, type SharedService } from "../../src/model/services";
import { isLoopback } from "./addresses";
import { NETWORK, zoneOfNetwork, zonesOf, type Container } from "./containers";
import type { Context } from "./context";
import { OPEN_ZONE } from "./demands";
import { nothing, type Rule, type Violation } from "./rule";
import { at, text } from "./values";

/** What people and agents outside reach. Everything else is published on loopback at most, for debugging. */
const PUBLIC: { readonly [S in SharedService]?: readonly number[] } = {
  envoy: [PORTS.envoy.otlpGrpc, PORTS.envoy.otlpHttp],
  keycloak: [PORTS.keycloak.http],
  grafana: [PORTS.grafana.http],
};

type Problem = Pick<Violation, "message" | "remedy">;

export const innerZonesPublishNothing: Rule = {
  name: "inner-zones-publish-nothing",
  description:
    "Control, data and view zones are internal networks that publish no port: their processes believe any tenant header they are sent.",
  check: (context) => {
    const networks = context.graph.ofType(NETWORK);
    const { containers } = context;
    if (networks.length === 0) return [nothing("Docker network")];
    if (containers.length === 0) return [nothing("container")];
    const own = new Set(
      networks
        .filter((network) => context.tenants.of(network) !== undefined)
        .map(({ inputs }) => text(inputs["name"]) ?? ""),
    );
    // It is there while the environment has `debugPorts`.
    const debug = networks.some(({ inputs }) => inputs["name"] === debugNetwork(context));
    return [
      ...networks.flatMap((network) => openNetwork(context, network)),
      ...containers.flatMap((container) => {
        const { resource, tenant } = container;
        return [...openPorts(container, debug), ...foreignZones(context, container, own)].map((problem) => ({
          resource,
          ...(tenant !== undefined && { tenant: tenant.id }),
          ...problem,
        }));
      }),
    ];
  },
};

/** For one published service of an internal zone alone. */
const publishNetwork = ({ recording: { stack } }: Context, service: string): string =>
  `${hostName(stack, service)}.${PUBLISH}`;

const isPublishedAlone = ({ service, helper }: Container): boolean =>
  helper === undefined && PUBLISHED_ALONE.some((alone) => alone === service);

const debugNetwork = ({ recording: { stack } }: Context): string => hostName(stack, "debug");

/**
 * Only the edge's network leads out, and those of services that are published alone. The debugging one publishes ports, but
 * containers on it see nothing of each other.
 */
function openNetwork(context: Context, network: ResourceRecord): readonly Violation[] {
  const name = text(network.inputs["name"]) ?? network.name;
  const { internal, options, driver } = network.inputs;
  const option = (key: string) => at(options, `com.docker.network.bridge.${key}`);
  const zone = zoneOfNetwork(context.recording.stack, name);
  const isolated = option("enable_icc") === "false" && option("enable_ip_masquerade") === "false";
  const closed =
    internal === true ||
    zone === OPEN_ZONE ||
    (name === debugNetwork(context) && isolated) ||
    (PUBLISHED_ALONE.some((service) => name === publishNetwork(context, service)) &&
      option("enable_icc") === "false");
  const tenant = context.tenants.of(network)?.id;
  const violation = (message: string, remedy: string): Violation => ({
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
            "Use `bridge`: others put containers on networks of the host's.",
          ),
        ]),
  ];
}

function openPorts({ resource, service, ports }: Container, debug: boolean): readonly Problem[] {
  const allowed: readonly number[] = (PUBLIC as Readonly<Record<string, readonly number[]>>)[service] ?? [];
  return [
    ...(resource.inputs["publishAllPorts"] === true
      ? [
          {
            message: `${resource.name} publishes all ports of its image.`,
            remedy: "Take publishAllPorts out and name what must be reached.",
          },
        ]
      : []),
    ...ports
      .filter(({ internal, ip }) => !allowed.includes(internal) && !(debug && isLoopback(ip)))
      .map(({ internal, ip }) => ({
        message: `${resource.name} publishes its inner port ${internal} on ${ip ?? "every address"}.`,
        remedy: "Reach it through the edge; for debugging, `debugPorts` publishes on 127.0.0.1 alone.",
      })),
  ];
}

/**
 * A process on a network of another zone is reachable by who must not reach it.
 * @param own names of tenants' own networks; whose an agent may join, another rule sees to
 */
function foreignZones(context: Context, container: Container, own: ReadonlySet<string>): readonly Problem[] {
  const { stack } = context.recording;
  const { resource, tenant } = container;
  const zones = zonesOf(container);
  const allowed = (name: string): boolean => {
    const zone = zoneOfNetwork(stack, name);
    if (isPublishedAlone(container) && name === publishNetwork(context, container.service)) return true;
    if (zone !== undefined) return (zones ?? (tenant === undefined ? [] : ["edge"])).includes(zone);
    return zones === undefined ? tenant !== undefined && own.has(name) : name === debugNetwork(context);
  };
  const may =
    zones?.join(", ") ?? (tenant === undefined ? "none: it is no service we know" : "edge, and its own");
  return container.networks
    .filter((name) => !allowed(name))
    .map((name) => ({
      message: `${resource.name} joins the network ${name}, which is not one of its zones (${may}).`,
      remedy:
        "Take the network out, or change SERVICE_ZONES in src/model/services.ts once it is clear who is on it.",
    }));
}
