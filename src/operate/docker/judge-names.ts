import type { Facts, Named } from "./facts";
import { namesThere } from "./facts";
import { error, warning, type Finding } from "./finding";
import type { Kind, Needs } from "./needs";
import { servicesOf, wrongWith } from "./services";

const KINDS: readonly Kind[] = ["container", "network", "volume"];
const SHOW: Readonly<Record<Kind, string>> = {
  container: "docker inspect",
  network: "docker network inspect",
  volume: "docker volume inspect",
};
const REMOVE: Readonly<Record<Kind, string>> = {
  container: "docker rm --force",
  network: "docker network rm",
  volume: "docker volume rm",
};

const isOurs = ({ labels }: Named, environment: string): boolean =>
  labels["atalaya.environment"] === environment;

/** Names that the environment wants and that somebody else's things have. */
export function judgeNames(facts: Facts, { environment, names }: Needs): readonly Finding[] {
  const there = namesThere(facts);
  return KINDS.flatMap((kind) =>
    there[kind]
      .filter((thing) => names[kind].includes(thing.name) && !isOurs(thing, environment))
      .map(({ name }) =>
        error(
          kind === "volume"
            ? `There is a volume ${name} that is not of this environment: its files would be taken for ours.`
            : `There is a ${kind} ${name} that is not of this environment: none can be made of that name.`,
          `See what it is (${SHOW[kind]} ${name}), and remove it once nobody needs it: ${REMOVE[kind]} ${name}`,
        ),
      ),
  );
}

/** Processes that are there and do not run: an update changes nothing about them. */
export function judgeStopped(facts: Facts, { environment }: Needs): readonly Finding[] {
  const ours = facts.containers.filter((container) => isOurs(container, environment));
  const stopped = servicesOf(environment, ours).flatMap((service) => {
    const { name, container, suspended } = service;
    const wrong = wrongWith(service);
    if (container === undefined || suspended || container.state === "running" || wrong === undefined)
      return [];
    return [{ name, shown: `${name} ${wrong}` }];
  });
  if (stopped.length === 0) return [];
  return [
    warning(
      `Of ${environment}, ${stopped.map(({ shown }) => shown).join("; ")}: an update does not start what it did not change.`,
      `Run: npx atalaya restart ${stopped.map(({ name }) => name).join(" ")} --stack ${environment}`,
    ),
  ];
}

/** What has this environment's label, for a stack whose state knows none of it. */
export function judgeLeftovers(facts: Facts, { environment }: Needs): readonly Finding[] {
  const there = namesThere(facts);
  const counts = KINDS.flatMap((kind) => {
    const count = there[kind].filter((thing) => isOurs(thing, environment)).length;
    return count === 0 ? [] : [`${count} ${kind}${count === 1 ? "" : "s"}`];
  });
  if (counts.length === 0) return [];
  const filter = `--filter label=atalaya.environment=${environment}`;
  return [
    error(
      `Docker has ${counts.join(", ")} of an environment ${environment}, and the stack's state knows none of them: they are of another state, or theirs was lost with the passwords that open their data.`,
      `Find that state (PULUMI_BACKEND_URL, ATALAYA_HOME), or remove all of it with its data: docker ps -aq ${filter} | xargs -r docker rm -f; docker network ls -q ${filter} | xargs -r docker network rm; docker volume ls -q ${filter} | xargs -r docker volume rm`,
    ),
  ];
}
