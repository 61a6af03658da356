import type { Facts } from "./facts";
import { error, type Finding } from "./finding";
import type { Needs, Published } from "./needs";
import { holds } from "./ports";

/** Ports that somebody else has. */
export const judgePorts = (facts: Facts, needs: Needs): readonly Finding[] =>
  needs.published.flatMap((published) => judgePort(published, facts, needs.environment));

function judgePort(published: Published, facts: Facts, environment: string): readonly Finding[] {
  const { address, port, service } = published;
  const wanted = `${address}:${port}, which ${service} publishes,`;
  const otherwise = `choose another port: atalaya:publish in Pulumi.${environment}.yaml`;
  const owner = facts.containers.find((container) => holds(container, published));
  if (owner !== undefined) {
    if (owner.labels["atalaya.environment"] === environment) return [];
    return [
      error(
        `${wanted} is taken by the container ${owner.name} (${owner.image}).`,
        `Stop it (docker stop ${owner.name}), or ${otherwise}.`,
      ),
    ];
  }
  const listener = facts.listeners.find(
    (candidate) => candidate.port === port && candidate.address === address,
  );
  if (listener === undefined) return [];
  if (listener.problem === "no-such-address")
    return [
      error(
        `${wanted} cannot be had: this machine has no address ${address}.`,
        `Set one that it has: atalaya:publish.address in Pulumi.${environment}.yaml.`,
      ),
    ];
  const { process } = listener;
  return [
    error(
      `${wanted} is taken by ${process ?? "a program that is not a container"}.`,
      `Stop it${process === undefined ? ` (${whoHas(port, facts.platform)} says which)` : ""}, or ${otherwise}.`,
    ),
  ];
}

const whoHas = (port: number, platform: NodeJS.Platform): string =>
  platform === "linux" ? `sudo ss -ltnp 'sport = :${port}'` : `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN`;
