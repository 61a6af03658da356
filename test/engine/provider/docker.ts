import type * as docker from "@pulumi/docker";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { entries, isFields, text, type Fields, type Table, type Tables } from "./table";
import { CONTAINER, NETWORK, VOLUME, type World } from "./world";

/*
 * ForceNew: kreuzwerker/terraform-provider-docker v4.5.0, internal/provider/resource_docker_{container,volume,network,image}.go,
 * which pulumi-docker 5.2.0 bridges. Its provider/resources.go says deleteBeforeReplace of containers and names the others
 * itself (SetAutonaming). The image that is built is its own: provider/provider.go, Diff (updates, never replaces).
 */

const newId = (): string => randomBytes(32).toString("hex");

const container: Table<docker.ContainerArgs> = {
  required: { image: true },
  replacedBy: [
    ...(["name", "image", "hostname", "domainname", "command", "entrypoints", "user", "workingDir"] as const),
    ...([
      "readOnly",
      "capabilities",
      "securityOpts",
      "privileged",
      "platform",
      "runtime",
      "usernsMode",
      "pidMode",
    ] as const),
    ...(["dns", "dnsOpts", "dnsSearches", "publishAllPorts", "ports", "hosts", "networkMode"] as const),
    ...([
      "networksAdvanced",
      "mounts",
      "volumes",
      "uploads",
      "envs",
      "labels",
      "devices",
      "deviceRequests",
      "ulimits",
    ] as const),
    ...(["stopSignal", "stopTimeout", "shmSize", "logDriver", "logOpts", "sysctls", "ipcMode"] as const),
    ...([
      "groupAdds",
      "tty",
      "stdinOpen",
      "storageOpts",
      "gpus",
      "cpus",
      "cgroupnsMode",
      "cgroupParent",
    ] as const),
  ],
  deletedFirst: true,
  computed: {
    bridge: () => "",
    containerLogs: () => "",
    exitCode: () => 0,
    networkDatas: () => [],
  },
  id: newId,
  unique: ({ name }) => text(name),
  refuses: containerProblem,
};

/** As the daemon refuses: it must know what a container is made of. */
function containerProblem(inputs: Fields, world: World): string | undefined {
  const known = (type: string, name: string): boolean =>
    world.of(type).some(({ inputs: own, id }) => own["name"] === name || id === name);
  const image = text(inputs["image"]);
  if (!known(REMOTE_IMAGE, image) && !world.of(IMAGE).some(({ outputs }) => outputs["repoDigest"] === image))
    return `Unable to find image "${image}"`;
  const network = entries(inputs["networksAdvanced"]).find(({ name }) => !known(NETWORK, text(name)));
  if (network !== undefined) return `network ${text(network["name"])} not found`;
  // The daemon would make the volume itself, without our labels and unknown to us.
  const volume = entries(inputs["volumes"]).find(({ volumeName }) => !known(VOLUME, text(volumeName)));
  if (volume !== undefined) return `no such volume: ${text(volume["volumeName"])}`;
  for (const key of ["memory", "memorySwap"])
    if (inputs[key] !== undefined && typeof inputs[key] !== "number") return `${key} is no number`;
  return undefined;
}

const users = (world: World, list: string, key: string, name: unknown): readonly string[] =>
  world
    .of(CONTAINER)
    .filter(({ inputs }) => entries(inputs[list]).some((entry) => entry[key] === name))
    .map(({ inputs }) => text(inputs["name"]));

const volume: Table<docker.VolumeArgs> = {
  required: {},
  replacedBy: ["name", "labels", "driver", "driverOpts"],
  deletedFirst: "name",
  computed: { driver: () => "local", mountpoint: (_, id) => `/var/lib/docker/volumes/${id}/_data` },
  id: ({ name }) => text(name),
  adopts: true,
  keeps: ({ inputs: { name } }, world) => {
    const using = users(world, "volumes", "volumeName", name);
    return using.length === 0 ? undefined : `volume is in use - [${using.join(", ")}]`;
  },
  gone: ({ inputs: { name } }, world) => {
    const [, server] = /-(postgres|grafana)\.data$/.exec(text(name)) ?? [];
    if (server !== undefined)
      world.remove(({ type }) => type.startsWith(server === "postgres" ? "keycloak:" : "grafana:"));
  },
};

const network: Table<docker.NetworkArgs> = {
  required: {},
  replacedBy: [
    ...(["name", "labels", "driver", "options", "internal", "attachable", "ingress", "ipv6"] as const),
    ...(["ipamDriver", "ipamOptions", "ipamConfigs"] as const),
  ],
  deletedFirst: "name",
  computed: { scope: () => "local", ipamConfigs: () => [] },
  id: newId,
  unique: ({ name }) => text(name),
  keeps: ({ inputs: { name } }, world) => {
    const using = users(world, "networksAdvanced", "name", name);
    return using.length === 0
      ? undefined
      : `error while removing network: network ${text(name)} has active endpoints (${using.join(", ")})`;
  },
};

const remoteImage: Table<docker.RemoteImageArgs> = {
  required: { name: true },
  replacedBy: ["name", "pullTriggers", "triggers", "platform"],
  computed: {
    imageId: (_, id) => id,
    repoDigest: ({ name }) => `${text(name)}@sha256:${digest(text(name))}`,
  },
  id: ({ name }) => `sha256:${digest(text(name))}${text(name)}`,
  adopts: true,
};

/** Nothing is built: what it would be built of gives its name. */
const image: Table<docker.ImageArgs> = {
  required: { imageName: true },
  replacedBy: [],
  complete: (inputs) => {
    const build = isFields(inputs["build"]) ? inputs["build"] : {};
    return {
      ...inputs,
      buildOnPreview: false,
      build: { ...build, contextDigest: contextDigest(text(build["context"])), platform: "linux/amd64" },
    };
  },
  computed: {
    repoDigest: ({ build }) => `sha256:${digest(JSON.stringify(build))}`,
    baseImageName: ({ imageName }) => imageName,
  },
  id: ({ imageName }) => text(imageName),
  adopts: true,
};

const digest = (content: string): string => createHash("sha256").update(content).digest("hex");

const contextDigest = (context: string): string =>
  digest(
    readdirSync(context)
      .sort()
      .map((name) => `${name}\n${readFileSync(join(context, name), "utf8")}`)
      .join("\n"),
  );

const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";
const IMAGE = "docker:index/image:Image";

export const dockerTables: Tables = {
  [CONTAINER]: container,
  [VOLUME]: volume,
  [NETWORK]: network,
  [REMOTE_IMAGE]: remoteImage,
  [IMAGE]: image,
};
