import type { ResourceRecord } from "../../src/model/recording";
import { isLoopback } from "./addresses";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { text, texts, UNKNOWN } from "./values";

/** Servers that this environment runs and whose own resources it declares. */
const SERVERS = ["keycloak", "grafana"] as const;
const PROVIDER = "pulumi:providers:";

export const providersWaitForTheirServers: Rule = {
  name: "providers-wait-for-their-servers",
  description:
    "What Keycloak and Grafana hold is declared by one provider each, with a literal address, that waits for this environment's own server: another would be given our tenants' secrets.",
  check: (context) => SERVERS.flatMap((server) => checkServer(context, server)),
};

function checkServer(context: Context, server: string): readonly Violation[] {
  const { recording, graph } = context;
  const held = recording.resources.filter(({ type }) => type.startsWith(`${server}:`));
  if (held.length === 0) return [nothing(`resource in ${server}`)];
  const used = new Set(held.flatMap(({ provider }) => provider ?? []));
  const providers = graph.ofType(`${PROVIDER}${server}`).filter(({ urn }) => used.has(urn));
  const own = new Set(providers.map(({ urn }) => urn));
  return [
    ...providers.slice(1).map((resource) => ({
      resource,
      message: `${resource.name} is a second provider for ${server}.`,
      remedy: "Use one for all tenants: each is a process of its own, and each needs its own credentials.",
    })),
    ...providers.flatMap((provider) => [
      ...address(context, provider, server),
      ...early(context, provider, server),
    ]),
    ...held
      .filter(({ provider }) => provider === undefined || !own.has(provider))
      .map((resource) => ({
        resource,
        message: `${resource.name} is declared by ${resource.provider?.split("::").at(-1) ?? "a default provider"}, which is not this environment's.`,
        remedy: `Hand on the provider of ${server} (components/${server === "keycloak" ? "identity" : "dashboards"}.ts): a default one takes its address from variables.`,
      })),
  ];
}

/** An address that is made by a resource is not known in the first preview, and the provider could not be configured. */
function address(context: Context, provider: ResourceRecord, server: string): readonly Violation[] {
  const url = text(provider.inputs["url"]);
  // An engine that does not say what is secret may keep a provider's settings to itself.
  if (url === UNKNOWN || (url === undefined && provider.secrets === undefined)) return [];
  const isLiteral = url !== undefined && URL.canParse(url) && !url.includes("preview:");
  if (isLiteral && leadsTo(context, new URL(url), server)) return [];
  return [
    {
      resource: provider,
      message: `${provider.name} has the url ${JSON.stringify(url ?? "unset")}, which is ${isLiteral ? `not where this environment publishes ${server}` : "no literal address"}.`,
      remedy: "Give it the URL of topology.urls, which is known before anything runs.",
    },
  ];
}

/** Whether it is a port that the server's container publishes, under a name that the edge's certificate has or on loopback. */
function leadsTo({ containers, graph }: Context, { hostname, port, protocol }: URL, server: string): boolean {
  const number = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  const names = graph
    .ofType("tls:index/certRequest:CertRequest")
    .flatMap(({ inputs }) => [...texts(inputs["dnsNames"]), ...texts(inputs["ipAddresses"])]);
  const host = hostname.replace(/^\[|\]$/g, "");
  return (
    (host === "localhost" || isLoopback(host) || names.includes(host)) &&
    containers.some(
      ({ service, helper, ports }) =>
        service === server && helper === undefined && ports.some(({ external }) => external === number),
    )
  );
}

function early(
  { containers, graph }: Context,
  provider: ResourceRecord,
  server: string,
): readonly Violation[] {
  const runs = containers.filter(({ service, helper }) => service === server && helper === undefined);
  return runs.length > 0 && runs.every(({ resource }) => graph.waitsFor(provider, resource.urn))
    ? []
    : [
        {
          resource: provider,
          message: `${provider.name} does not wait for ${server} to run.`,
          remedy: `Let it depend on the running service (service.ready).`,
        },
      ];
}
