import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { hostName } from "../../src/model/names";
import { INTERNAL_ZONES, PUBLISH, ZONES, type Zone } from "../../src/model/services";
import type { ServiceSpec } from "../../src/model/workload";
import { labelsOf, partName, serviceLabels } from "./labels";

type Attachment = docker.types.input.ContainerNetworksAdvanced;

/** One network per zone; what is in none of them together cannot talk. */
export class Networks {
  readonly #zones: ReadonlyMap<Zone, docker.Network>;
  readonly #debug: docker.Network | undefined;

  constructor(
    name: string,
    private readonly environment: string,
    debugPorts: boolean,
    opts: pulumi.CustomResourceOptions,
  ) {
    this.#zones = new Map(
      ZONES.map((zone) => [
        zone,
        new docker.Network(
          `${name}-${zone}`,
          {
            name: hostName(environment, zone),
            driver: "bridge",
            internal: INTERNAL_ZONES.includes(zone),
            labels: labelsOf(environment, { zone }),
          },
          opts,
        ),
      ]),
    );
    // Internal networks publish no ports. On this one containers see only the host: not each other, and nothing beyond.
    this.#debug = debugPorts
      ? new docker.Network(
          `${name}-debug`,
          {
            name: hostName(environment, "debug"),
            driver: "bridge",
            internal: false,
            options: {
              "com.docker.network.bridge.enable_icc": "false",
              "com.docker.network.bridge.enable_ip_masquerade": "false",
            },
            labels: labelsOf(environment, { zone: "debug" }),
          },
          opts,
        )
      : undefined;
  }

  /** A network that a process shares with nobody but those who are attached to it by hand: its tenant's programs. */
  own(name: string, spec: ServiceSpec, opts: pulumi.CustomResourceOptions): docker.Network {
    return new docker.Network(
      `${name}-network`,
      {
        name: partName(hostName(this.environment, spec.name), "network"),
        driver: "bridge",
        internal: true,
        labels: labelsOf(this.environment, serviceLabels(spec)),
      },
      opts,
    );
  }

  /**
   * For a published process of internal zones: leads out, so that its port can be published, and nobody else is on it. Should
   * somebody ever be, they do not see each other.
   */
  publishing(name: string, spec: ServiceSpec, opts: pulumi.CustomResourceOptions): docker.Network {
    return new docker.Network(
      `${name}-publish`,
      {
        name: partName(hostName(this.environment, spec.name), PUBLISH),
        driver: "bridge",
        internal: false,
        options: { "com.docker.network.bridge.enable_icc": "false" },
        labels: labelsOf(this.environment, serviceLabels(spec)),
      },
      opts,
    );
  }

  /**
   * The networks a process joins. Its name is an alias in each of its zones; one with a network of its own is known by its
   * name only there.
   */
  attachments(
    spec: ServiceSpec,
    own: docker.Network | undefined,
    publishing: docker.Network | undefined,
  ): Attachment[] {
    const zones = spec.zones.map((zone) => this.#attach(zone, own === undefined ? [spec.name] : []));
    const published = spec.ports.some((port) => port.published !== undefined);
    const reachable = publishing !== undefined || spec.zones.some((zone) => !INTERNAL_ZONES.includes(zone));
    return [
      ...(own === undefined ? [] : [{ name: own.name, aliases: [spec.name] }]),
      ...zones,
      ...(publishing === undefined ? [] : [{ name: publishing.name }]),
      ...(published && !reachable && this.#debug !== undefined ? [{ name: this.#debug.name }] : []),
    ];
  }

  /** From where a process is asked whether it is ready. */
  probing(spec: ServiceSpec, own: docker.Network | undefined): Attachment[] {
    if (own !== undefined) return [{ name: own.name }];
    return spec.zones.slice(0, 1).map((zone) => this.#attach(zone, []));
  }

  #attach(zone: Zone, aliases: readonly string[]): Attachment {
    const network = this.#zones.get(zone);
    if (network === undefined) throw new Error(`There is no network for the zone ${zone}.`);
    return { name: network.name, ...(aliases.length === 0 ? {} : { aliases: [...aliases] }) };
  }
}
