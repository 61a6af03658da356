import { isLoopback, isOneAddress } from "./addresses";
import type { Container, PublishedPort } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { SETTINGS_FILE } from "./settings";
import { filled, texts } from "./values";

export const publishedPortsNameAnAddress: Rule = {
  name: "published-ports-name-an-address",
  description:
    "Every published port names its address, loopback or one that policies/settings.json or the environment allows: without one Docker opens it to everybody.",
  check: (context) => {
    const published = context.containers.flatMap((container) =>
      container.ports.map((port) => ({ container, port })),
    );
    if (published.length === 0) return [nothing("published port")];
    const named = context.settings.publishedAddresses;
    const allowed = named ?? ownAddresses(context);
    return published.flatMap(({ container, port }) =>
      judge(container, port, allowed).map((problem) => ({
        resource: container.resource,
        ...problem,
        remedy: remedy(port, named !== undefined),
      })),
    );
  },
};

/**
 * Where the environment is published: as the host's component says, which an engine does not pass on, and the addresses that the
 * edge's certificate is for. All addresses at once (`0.0.0.0`) are in no certificate, and nobody's own.
 */
const ownAddresses = ({ graph }: Context): readonly string[] =>
  [
    ...graph.ofType("atalaya:docker:Host").flatMap(({ inputs }) => filled(inputs["publishAddress"]) ?? []),
    ...graph
      .ofType("tls:index/certRequest:CertRequest")
      .flatMap(({ inputs }) => texts(inputs["ipAddresses"])),
  ].filter(isOneAddress);

function judge(
  { resource }: Container,
  { internal, external, ip }: PublishedPort,
  allowed: readonly string[],
): readonly Pick<Violation, "message">[] {
  if (isLoopback(ip) || (ip !== undefined && allowed.includes(ip))) return [];
  const where = ip === undefined ? "without an address, which means on all of them" : `on ${ip}`;
  return [{ message: `${resource.name} publishes its port ${internal} as ${external} ${where}.` }];
}

/** @param isSet whether the owner of the policies named addresses: then those of the environment alone do not do */
function remedy({ ip }: PublishedPort, isSet: boolean): string {
  if (ip === undefined) return "Give it an `ip`: 127.0.0.1, or this environment's publish address.";
  if (!isOneAddress(ip)) return "Publish it on 127.0.0.1, or on one address of this machine's.";
  return !isSet
    ? `Publish it on 127.0.0.1, or configure ${ip} as this environment's publish address.`
    : `Publish it on 127.0.0.1, or name ${ip} in publishedAddresses of ${SETTINGS_FILE}.`;
}
