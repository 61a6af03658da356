import { formatSize, size } from "../../model/units";
import type { Facts } from "./facts";
import { error, warning, type Finding } from "./finding";
import type { Needs } from "./needs";
import { networksLeft } from "./pools";

/** Limits are no reservations: a machine with half of their sum may do, one with less hardly will, and its owner may know better. */
const FAR_BEYOND = 2;
/** Our own estimate, not measured: an image unpacked and, while it is pulled, packed. Keycloak's and Grafana's are larger, Redis' smaller. */
const PER_IMAGE = size("512MiB");
/** For the first days of data, and for the database and the stores to be able to write at all. */
const FOR_DATA = size("2GiB");

export const judgeMachine = (facts: Facts, needs: Needs): readonly Finding[] => [
  ...memory(facts, needs),
  ...disk(facts, needs),
  ...addresses(facts, needs),
];

function memory({ engine }: Facts, { memory: wanted }: Needs): readonly Finding[] {
  if (engine.memory === 0 || wanted <= engine.memory) return [];
  const far = wanted > FAR_BEYOND * engine.memory;
  const where = engine.system === "Docker Desktop" ? "Docker Desktop" : "the Docker engine's machine";
  return [
    warning(
      `The limits of all containers are ${gibibytes(wanted)} of memory together, and ${where} has ${gibibytes(engine.memory)}: ${far ? "processes will be killed." : "under full load processes may be killed."}`,
      engine.system === "Docker Desktop"
        ? "Give it more under Settings, Resources."
        : "Use a machine with more memory, or fewer agents.",
    ),
  ];
}

const gibibytes = (bytes: number): string => `${(bytes / size("1GiB")).toFixed(1)} GiB`;

function disk({ free, images, engine }: Facts, needs: Needs): readonly Finding[] {
  if (free === undefined) return [];
  const missing = needs.images.filter((image) => !images.includes(familiar(image))).length;
  const forImages = missing * PER_IMAGE;
  if (free >= forImages + FOR_DATA) return [];
  const what = missing === 0 ? "" : ` ${missing} images to pull take about ${gibibytes(forImages)},`;
  return [
    (free < forImages / 2 ? error : warning)(
      `There are ${gibibytes(free)} free at ${engine.directory}:${what} data at least ${formatSize(FOR_DATA)} (estimates).`,
      "Make room: docker system df shows what Docker keeps, docker image prune removes images that nobody uses.",
    ),
  ];
}

/** As Docker shows it: `docker.io/library/redis:8` is `redis:8`. */
const familiar = (image: string): string => image.replace(/^docker\.io\/(library\/)?/, "");

function addresses({ engine, networks }: Facts, needs: Needs): readonly Finding[] {
  const there = new Set(networks.map(({ name }) => name));
  const missing = needs.names.network.filter((name) => !there.has(name)).length;
  const left = networksLeft(engine.pools, networks);
  if (missing <= left) return [];
  return [
    warning(
      `${missing} networks are to be made (one for each zone and each agent), and Docker's address pools have room for ${left} more.`,
      'Remove networks that nobody uses (docker network prune), or give Docker smaller ones in /etc/docker/daemon.json, and restart it: {"default-address-pools": [{"base": "10.201.0.0/16", "size": 24}]}',
    ),
  ];
}
