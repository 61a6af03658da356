import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, HELPER_MEMORY } from "./hardening";

/** Files that a writer puts into volumes: `directories` are those in which the process will see them. */
export interface Delivery {
  /** Docker's own name of the writer. */
  readonly containerName: string;
  readonly image: pulumi.Input<string>;
  readonly labels: docker.types.input.ContainerLabel[];
  /** By the directory that the process sees. */
  readonly volumes: readonly { readonly directory: string; readonly volume: pulumi.Input<string> }[];
  readonly files: readonly { readonly target: string; readonly content: pulumi.Input<string> }[];
  /** `uid:gid` of the files, and their mode. */
  readonly owner: string;
  readonly mode: "0400" | "0444";
}

/** Seconds in which Docker must have started a container and copied a few files. */
const TIMEOUT = 120;

/**
 * A short-lived container whose own copy of the files stands where the process will see them, and which renames them into the
 * volumes one by one: a reader finds the old file or the new one. Only files whose text changed are touched. It counts as
 * made when it says that all are in place; the content is part of its inputs, so a changed file replaces it and nothing else.
 */
export function deliver(
  name: string,
  delivery: Delivery,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  for (const { target, content } of delivery.files)
    if (content === "") throw new Error(`${target} is empty: Docker's provider cannot upload an empty file.`);
  return new docker.Container(
    name,
    {
      name: delivery.containerName,
      image: delivery.image,
      entrypoints: ["/bin/sh", "-c", deliveryScript(), "deliver"],
      command: [delivery.owner, delivery.mode, ...delivery.volumes.map(({ directory }) => directory)],
      uploads: delivery.files.map(({ target, content }) => ({ file: target, content, permissions: "0444" })),
      volumes: delivery.volumes.map(({ directory, volume }) => ({
        containerPath: `${VOLUMES}${directory}`,
        volumeName: volume,
      })),
      labels: delivery.labels,
      networkMode: "none",
      user: "0:0",
      // Gives secret files to the process's user. Root without any other capability owns the volumes' directories.
      ...hardened(HELPER_MEMORY, ["CAP_CHOWN"]),
      healthcheck: {
        tests: ["CMD-SHELL", `[ -f ${STATE}/done ] && touch ${STATE}/seen`],
        interval: "1s",
        timeout: "5s",
        startPeriod: "0s",
        startInterval: "0s",
        retries: 1,
      },
      wait: true,
      waitTimeout: TIMEOUT,
      // Reads the container again once it has exited, so that a refresh finds nothing changed.
      attach: true,
      mustRun: false,
      // A full disk may have room again: without this the old list would stay in force after a failed update.
      restart: "on-failure",
    },
    pulumi.mergeOptions(opts, { deleteBeforeReplace: true }),
  );
}

const VOLUMES = "/volumes";
const STATE = "/tmp";

/**
 * POSIX shell; arguments: owner, mode, directories. `done` in the state's directory is for the health check, `seen` is its
 * answer. The pause after it is for whoever polls the container's health, and for Envoy, which takes half a second to load.
 * @param volumes where the volumes are mounted, each below it at the directory that the process sees
 */
export const deliveryScript = (volumes = VOLUMES, state = STATE): string => `set -eu
owner="$1"; mode="$2"; shift 2
deliver() {
  mkdir -p "$1"
  cd "$1"
  find . -type f | while read -r file; do
    if cmp -s "$file" "$2/$file"; then continue; fi
    new="$2/$file.new"
    mkdir -p "$(dirname "$new")"
    rm -f "$new"
    cp "$file" "$new"
    chmod "$mode" "$new"
    chown "$owner" "$new"
    mv -f "$new" "$2/$file"
  done
  cd "$2"
  find . -type f | while read -r file; do
    if [ ! -f "$1/$file" ]; then rm -f "$file"; fi
  done
}
for directory in "$@"; do deliver "$directory" "${volumes}$directory"; done
touch ${state}/done
until [ -f ${state}/seen ]; do sleep 0.2; done
sleep 3
`;
