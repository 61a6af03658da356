import type { ResourceRecord } from "../../src/model/recording";
import { VOLUME, type Container, type Mount } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, filled, text, UNKNOWN } from "./values";

export const volumesStayWithTheirProcess: Rule = {
  name: "volumes-stay-with-their-process",
  description:
    "A container mounts only volumes that its own process declares: another's volume holds that one's secrets, queue or data.",
  check: (context) => {
    if (context.containers.length === 0) return [nothing("container")];
    const volumes = context.graph.ofType(VOLUME);
    const byName = new Map(volumes.map((volume) => [text(volume.inputs["name"]) ?? volume.name, volume]));
    return [
      ...context.containers.flatMap((container) =>
        container.mounts.flatMap((mount) => foreign(context, container, mount, byName)),
      ),
      ...volumes.flatMap((volume) => elsewhere(context, volume)),
    ];
  },
};

/** Mounts of the host another rule judges. */
function foreign(
  { tenants }: Context,
  { resource, tenant }: Container,
  { source, fromHost }: Mount,
  volumes: ReadonlyMap<string, ResourceRecord>,
): readonly Violation[] {
  if (fromHost || source === undefined || source === UNKNOWN) return [];
  const volume = volumes.get(source);
  if (volume?.parent !== undefined && volume.parent === resource.parent) return [];
  const owner = volume === undefined ? undefined : tenants.of(volume);
  const concerned = tenant ?? owner;
  const whose =
    volume === undefined
      ? "which nobody declares"
      : `which is declared for ${process(volume)}${owner === undefined ? "" : ` of tenant ${owner.id}`}`;
  return [
    {
      resource,
      ...(concerned !== undefined && { tenant: concerned.id }),
      message: `${resource.name} mounts the volume ${source}, ${whose}.`,
      remedy: `Take it out: ${resource.name} mounts the volumes of its own component alone (components/docker/host.ts).`,
    },
  ];
}

/** The component's name: `agent-mx`, `loki`. */
const process = ({ parent, name }: ResourceRecord): string => parent?.split("::").at(-1) ?? name;

/** A named volume can be a path of the host, or another volume's, by its driver's options. */
const elsewhere = ({ tenants }: Context, volume: ResourceRecord): readonly Violation[] => {
  const driver = filled(volume.inputs["driver"]) ?? "local";
  const options = Object.keys(fields(volume.inputs["driverOpts"]));
  const tenant = tenants.of(volume)?.id;
  return driver === "local" && options.length === 0
    ? []
    : [
        {
          resource: volume,
          ...(tenant !== undefined && { tenant }),
          message: `The volume ${volume.name} has the driver ${driver}${options.length === 0 ? "" : ` with ${options.join(", ")}`}: it may lie anywhere.`,
          remedy: "Leave driver and driverOpts out: Docker gives each volume a directory of its own.",
        },
      ];
};
