import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { hostName } from "../../src/model/names";
import { formatGoDuration, type Seconds } from "../../src/model/units";
import type { ServiceSpec } from "../../src/model/workload";
import { hardened, HELPER_MEMORY } from "./hardening";
import { labelsOf, partName, serviceLabels } from "./labels";

/** Asked every second until it answers for the first time, rarely from then on. */
export function healthcheck(
  tests: readonly string[],
  timeout: Seconds,
): docker.types.input.ContainerHealthcheck {
  return {
    tests: [...tests],
    startPeriod: formatGoDuration(timeout),
    startInterval: "1s",
    interval: "30s",
    timeout: "5s",
    retries: 3,
  };
}

/** A little longer than the health check's own patience, so that it is the health check that says what is wrong. */
export const waiting = (timeout: Seconds) => ({ wait: true, waitTimeout: timeout + 30 });

export interface Probe {
  readonly environment: string;
  readonly image: pulumi.Input<string>;
  readonly networks: docker.types.input.ContainerNetworksAdvanced[];
  /** The container that is asked; a new one is asked again. */
  readonly container: docker.Container;
}

/**
 * Asks a process from outside, over the network, because its image has no shell: `up` fails when it does not become ready in
 * time. Stays and goes on asking, so that `docker ps` shows who is well.
 */
export function probe(
  name: string,
  spec: ServiceSpec,
  { environment, image, networks, container }: Probe,
  opts: pulumi.CustomResourceOptions,
): docker.Container | undefined {
  const { readiness } = spec;
  if (readiness.kind !== "http" || spec.stopped === true) return undefined;
  const url = `http://${spec.name}:${readiness.port}${readiness.path}`;
  return new docker.Container(
    `${name}-ready`,
    {
      name: partName(hostName(environment, spec.name), "ready"),
      image,
      entrypoints: ["/bin/tail"],
      command: ["-f", "/dev/null"],
      envs: [container.id.apply((id) => `ASKS=${id}`)],
      init: true,
      networksAdvanced: networks,
      labels: labelsOf(environment, serviceLabels(spec)),
      user: "65534:65534",
      readOnly: true,
      ...hardened(HELPER_MEMORY),
      restart: "unless-stopped",
      healthcheck: healthcheck(["CMD", "wget", "-q", "-T", "3", "-O", "/dev/null", url], readiness.timeout),
      ...waiting(readiness.timeout),
    },
    opts,
  );
}
