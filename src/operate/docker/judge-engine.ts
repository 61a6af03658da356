import { isHere, type Engine } from "./answer";
import { error, warning, type Finding } from "./finding";
import type { Needs } from "./needs";

/**
 * Docker Engine 25. Before it, health checks know no `startInterval` (components/docker/readiness.ts), and Docker's client
 * refuses to make a container that has one.
 */
const OLDEST_API = "1.44";
const OLDEST = "Docker Engine 25";
/** From this one on, what is published on loopback cannot be reached by the network's other machines (moby#45610). */
const LOOPBACK_HOLDS = 28;

/** What is wrong with an engine of the right kind. */
export const judgeEngine = (engine: Engine, needs: Needs): readonly Finding[] => [
  ...tooOld(engine),
  ...elsewhere(engine, needs),
  ...weaker(engine, needs),
];

/** An engine that nothing else needs to be asked of, because it is not of the kind that is needed. */
export function anotherKind({ os, product, version }: Engine): Finding | undefined {
  if (os === "windows")
    return error(
      "The Docker engine runs Windows containers, and all images here are for Linux.",
      "Switch Docker Desktop to Linux containers, or choose an engine on Linux: docker context use <name>.",
    );
  if (/podman/i.test(product))
    return error(
      `Your docker command speaks to Podman ${version}, whose networks and health checks differ from Docker's.`,
      `Install ${OLDEST} or newer, and choose it: docker context use <name>.`,
    );
  return undefined;
}

function tooOld({ api, version }: Engine): readonly Finding[] {
  if (!isOlder(api, OLDEST_API)) return [];
  return [
    error(
      `Docker Engine ${version} is too old: it speaks API ${api}, and health checks here need ${OLDEST_API}.`,
      `Install ${OLDEST} or newer: https://docs.docker.com/engine/install/`,
    ),
  ];
}

/** Whether a version is below another: by their numbers, from the left. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (const [index, wanted] of (b ?? []).entries()) {
    const difference = (a?.[index] ?? 0) - wanted;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

const onLoopback = ({ published }: Needs): readonly string[] => [
  ...new Set(published.filter(({ address }) => isLoopback(address)).map(({ service }) => service)),
];

function elsewhere({ host }: Engine, needs: Needs): readonly Finding[] {
  const lonely = onLoopback(needs);
  if (host === undefined || isHere(host) || lonely.length === 0) return [];
  return [
    error(
      `The Docker engine is at ${host}, and would publish ${lonely.join(", ")} on that machine's own loopback: Pulumi could not reach Keycloak and Grafana from here.`,
      "Run this on that machine, or choose the engine of this one: docker context use default, with DOCKER_HOST unset.",
    ),
  ];
}

function weaker(engine: Engine, needs: Needs): readonly Finding[] {
  const major = Number.parseInt(engine.version, 10);
  const reachable =
    !isOlder(engine.api, OLDEST_API) &&
    !engine.rootless &&
    engine.system !== "Docker Desktop" &&
    major < LOOPBACK_HOLDS;
  return [
    ...(engine.limitsMemory
      ? []
      : [
          warning(
            "The Docker engine cannot limit a container's memory: one process can take all of it.",
            "Turn on the memory controller of cgroups (for a rootless engine: cgroup v2, and systemd's Delegate=memory), then restart Docker.",
          ),
        ]),
    ...(engine.rootless
      ? [
          warning(
            "The Docker engine is rootless: Envoy sees all senders under one address, so its limit per source address counts them together.",
            "Use an engine that runs as root, or have slirp4netns carry the ports: https://docs.docker.com/engine/security/rootless/tips/",
          ),
        ]
      : []),
    ...(reachable && onLoopback(needs).length > 0
      ? [
          warning(
            `Docker Engine ${engine.version} lets machines of the same network segment reach ports that are published on loopback (moby#45610).`,
            `Install Docker Engine ${LOOPBACK_HOLDS} or newer.`,
          ),
        ]
      : []),
  ];
}
