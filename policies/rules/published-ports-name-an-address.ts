import { isLoopback, isOneAddress } from "./addresses";
import type { Container, PublishedPort } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { text } from "./values";

export const publishedPortsNameAnAddress: Rule = {
  name: "published-ports-name-an-address",
  description:
    "Every published port names its address, loopback unless the environment says otherwise: without one Docker opens it to everybody.",
  check: (context) => {
    const published = context.containers.flatMap((container) =>
      container.ports.map((port) => ({ container, port })),
    );
    if (published.length === 0) return [nothing("published port")];
    const configured = publishAddress(context);
    return published.flatMap(({ container, port }) => judge(container, port, configured));
  },
};

/** Where the environment is published, as the host's component says. */
const publishAddress = ({ graph }: Context): string | undefined =>
  graph.ofType("atalaya:docker:Host").flatMap(({ inputs }) => text(inputs["publishAddress"]) ?? [])[0];

function judge(
  { resource, service, tenant }: Container,
  { internal, external, ip }: PublishedPort,
  configured: string | undefined,
): readonly Violation[] {
  if (isLoopback(ip) || (ip !== undefined && ip !== "" && ip === configured)) return [];
  const where = ip === undefined || ip === "" ? "without an address, which means on all of them" : `on ${ip}`;
  return [
    {
      resource,
      ...(tenant !== undefined && { tenant: tenant.id }),
      message: `${service} publishes its port ${internal} as ${external} ${where}.`,
      remedy: isOneAddress(ip)
        ? `Publish it on ${configured ?? "127.0.0.1"}, or say \`atalaya:publish\` with the address ${ip} in this environment's configuration.`
        : "Give it an `ip`: 127.0.0.1, or this environment's publish address.",
    },
  ];
}
