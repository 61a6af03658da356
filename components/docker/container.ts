import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { hostName } from "../../src/model/names";
import { size } from "../../src/model/units";
import type { ServiceSpec } from "../../src/model/workload";
import type { Workload } from "../host";
import { hardened } from "./hardening";
import { labelsOf, serviceLabels } from "./labels";
import { healthcheck, waiting } from "./readiness";

export interface Surroundings {
  readonly environment: string;
  readonly image: pulumi.Input<string>;
  readonly networks: docker.types.input.ContainerNetworksAdvanced[];
  readonly volumes: docker.types.input.ContainerVolume[];
}

const MEBIBYTE = size("1MiB");
const TMPFS = "rw,noexec,nosuid,nodev,size=64m,mode=1777";

/** The container of a process. Its root file system is read-only, so its files come in volumes and none by upload. */
export function makeContainer(
  name: string,
  workload: Workload,
  { environment, image, networks, volumes }: Surroundings,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const { spec } = workload;
  return new docker.Container(
    `${name}-container`,
    {
      name: hostName(environment, spec.name),
      image,
      ...(spec.entrypoint === undefined ? {} : { entrypoints: [...spec.entrypoint] }),
      ...(spec.command.length === 0 ? {} : { command: [...spec.command] }),
      envs: variables(workload),
      user: spec.user,
      readOnly: spec.writableRoot !== true,
      ...(spec.scratch.length === 0
        ? {}
        : { tmpfs: Object.fromEntries(spec.scratch.map((path) => [path, TMPFS])) }),
      ports: publishedPorts(spec),
      networksAdvanced: networks,
      volumes,
      labels: labelsOf(environment, {
        ...serviceLabels(spec),
        configuration: configurationDigest(spec),
        // The provider replaces a container whose labels change, and stops none for its other inputs alone.
        ...(spec.stopped === true && { state: "stopped" }),
      }),
      ...hardened(Math.ceil(spec.memory / MEBIBYTE)),
      cpus: decimal(spec.cpus),
      // Made and never started; who finds it standing still leaves it so.
      ...(spec.stopped === true
        ? { start: false, mustRun: false, restart: "no" }
        : { restart: "unless-stopped" }),
      // Without it the provider kills at once.
      destroyGraceSeconds: spec.grace,
      stopTimeout: spec.grace,
      ...ownReadiness(spec),
    },
    opts,
  );
}

function variables({ spec, secretEnvironment = {} }: Workload): pulumi.Input<string>[] {
  const plain = Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`);
  const secret = Object.entries(secretEnvironment).map(([name, value]) =>
    pulumi.secret(pulumi.interpolate`${name}=${value}`),
  );
  return [...plain.sort(), ...secret];
}

/** Always with an address: without one Docker publishes on all of them. */
const publishedPorts = (spec: ServiceSpec): docker.types.input.ContainerPort[] =>
  spec.ports
    .flatMap(({ port, published }) =>
      published === undefined
        ? []
        : [{ internal: port, external: published.port, ip: published.address, protocol: "tcp" }],
    )
    .sort((a, b) => a.internal - b.internal);

/** Files that are read once, at start: when one changes, the process is replaced. Live files are not in it. */
function configurationDigest(spec: ServiceSpec): string {
  const read = spec.files
    .filter(({ kind }) => kind === "static")
    .map(({ target, content }) => [target, content] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(read)).digest("hex");
}

/** As the provider reads it back: `2.0`, `0.5`. */
const decimal = (cpus: number): string => (Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus));

function ownReadiness(spec: ServiceSpec): Partial<docker.ContainerArgs> {
  const { readiness } = spec;
  if (readiness.kind !== "command" || spec.stopped === true) return {};
  return {
    healthcheck: healthcheck(["CMD", ...readiness.command], readiness.timeout),
    ...waiting(readiness.timeout),
  };
}
