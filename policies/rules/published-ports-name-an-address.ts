import { isLoopback, isOneAddress } from "./addresses";
import type { Container, PublishedPort } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { filled, texts } from "./values";

export const publishedPortsNameAnAddress: Rule = {
  name: "published-ports-name-an-address",
  description:
    "Every published port names its address, loopback unless the environment says otherwise: without one Docker opens it to everybody.",
  check: (context) => {
    const published = context.containers.flatMap((container) =>
      container.ports.map((port) => ({ container, port })),
    );
    if (published.length === 0) return [nothing("published port")];
    const configured = publishAddresses(context);
    return published.flatMap(({ container, port }) => judge(container, port, configured));
  },
};

/**
 * Where the environment is published: as the host's component says, which an engine does not pass on, and the addresses that the
 * edge's certificate is for. All addresses at once (`0.0.0.0`) are in no certificate.
 */
const publishAddresses = ({ graph }: Context): readonly string[] => [
  ...graph.ofType("atalaya:docker:Host").flatMap(({ inputs }) => filled(inputs["publishAddress"]) ?? []),
  ...graph.ofType("tls:index/certRequest:CertRequest").flatMap(({ inputs }) => texts(inputs["ipAddresses"])),
];

function judge(
  { resource, tenant }: Container,
  { internal, external, ip }: PublishedPort,
  configured: readonly string[],
): readonly Violation[] {
  if (isLoopback(ip) || (ip !== undefined && configured.includes(ip))) return [];
  const where = ip === undefined ? "without an address, which means on all of them" : `on ${ip}`;
  return [
    {
      resource,
      ...(tenant !== undefined && { tenant: tenant.id }),
      message: `${resource.name} publishes its port ${internal} as ${external} ${where}.`,
      remedy: isOneAddress(ip)
        ? `Publish it on 127.0.0.1, or configure ${ip} as this environment's publish address.`
        : "Give it an `ip`: 127.0.0.1, or this environment's publish address.",
    },
  ];
}
