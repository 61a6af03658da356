import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { hostName } from "../../src/model/names";
import type { ServiceSpec } from "../../src/model/workload";
import { hardened, HELPER_MEMORY } from "./hardening";
import { labelsOf, partName, serviceLabels } from "./labels";

export function makeVolume(
  name: string,
  part: string,
  environment: string,
  spec: ServiceSpec,
  opts: pulumi.CustomResourceOptions,
): docker.Volume {
  return new docker.Volume(
    `${name}-${part}`,
    {
      name: partName(hostName(environment, spec.name), part),
      labels: labelsOf(environment, serviceLabels(spec)),
    },
    opts,
  );
}

export interface Preparation {
  readonly image: pulumi.Input<string>;
  readonly environment: string;
  readonly volumes: readonly { readonly path: string; readonly volume: pulumi.Input<string> }[];
}

/** Three steps, because only an owner may change the mode. What is right already is left alone: somebody may be using it. */
const SCRIPT = `set -eu
owner="$1"; shift
for directory in "$@"; do
  if [ "$(stat -c %u:%g "$directory")" = "$owner" ]; then continue; fi
  chown 0:0 "$directory"
  chmod 0700 "$directory"
  chown "$owner" "$directory"
done
`;

/** Gives fresh data volumes to the user who writes to them: Docker makes them root's, and no process of ours is root. */
export function prepareVolumes(
  name: string,
  spec: ServiceSpec,
  { image, environment, volumes }: Preparation,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const paths = volumes.map(({ path }) => path);
  return new docker.Container(
    `${name}-prepare`,
    {
      name: partName(hostName(environment, spec.name), "prepare"),
      image,
      entrypoints: ["/bin/sh", "-c", SCRIPT, "prepare"],
      command: [spec.user, ...paths],
      volumes: volumes.map(({ path, volume }) => ({ containerPath: path, volumeName: volume })),
      labels: labelsOf(environment, serviceLabels(spec)),
      networkMode: "none",
      user: "0:0",
      readOnly: true,
      ...hardened(HELPER_MEMORY, ["CAP_CHOWN"]),
      attach: true,
      mustRun: false,
    },
    opts,
  );
}
