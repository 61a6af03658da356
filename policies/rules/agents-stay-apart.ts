import { hostName, REALM } from "../../src/model/names";
import { PORTS } from "../../src/model/services";
import { parseAlloy, type AlloyBlock } from "./alloy";
import { NETWORK, type Container } from "./containers";
import type { Context } from "./context";
import type { Rule } from "./rule";
import { nothingOfTenants } from "./tenants";
import { fields, list, text, texts, UNKNOWN } from "./values";

const EXPORTER = "otelcol.exporter.otlphttp";
const OAUTH = "otelcol.auth.oauth2";
/** The only place that an agent sends to, and the only one it gets tokens from. */
const EDGE = `https://envoy:${PORTS.envoy.otlpHttp}`;
const TOKENS = `http://keycloak:${PORTS.keycloak.http}/realms/${REALM}/protocol/openid-connect/token`;
/** Blocks that read files, processes or containers of the machine. */
const HOST =
  /^(?:prometheus\.exporter\.(?!self$)|loki\.source\.(?:file|docker|journal|podlogs|kubernetes|windowsevent)|local\.|discovery\.|otelcol\.receiver\.file|beyla\.|pyroscope\.)/;
/** Blocks that take their configuration from elsewhere, and what they do with data with it. */
const REMOTE = /^(import|remote)\.|^remotecfg$/;

export const agentsStayApart: Rule = {
  name: "agents-stay-apart",
  description:
    "Only a tenant's own programs reach its agent, and the agent talks to the edge and Keycloak alone: who reaches it sends as that tenant without a credential.",
  check: (context) => {
    const agents = context.containers.filter(
      ({ tenant, helper }) => tenant !== undefined && helper === undefined,
    );
    if (agents.length === 0) return nothingOfTenants(context, "agent of a tenant");
    const networks = ownNetworks(context);
    return [
      ...agents.flatMap((agent) => [...apart(context, agent, networks), ...listening(agent)]),
      ...configurations(context),
    ].map(({ agent, problem, remedy }) => ({
      resource: agent.resource,
      ...(agent.tenant !== undefined && { tenant: agent.tenant.id }),
      message: `${agent.service} ${problem}.`,
      remedy,
    }));
  },
};

interface Problem {
  readonly agent: Container;
  readonly problem: string;
  readonly remedy: string;
}

/** Docker's names of networks, by the component that declares them. */
const ownNetworks = ({ graph }: Context): ReadonlyMap<string, string> =>
  new Map(
    graph
      .ofType(NETWORK)
      .map(({ parent = "", inputs, name }) => [parent, text(inputs["name"]) ?? name] as const),
  );

function apart(
  { recording: { stack } }: Context,
  agent: Container,
  networks: ReadonlyMap<string, string>,
): readonly Problem[] {
  const own = networks.get(agent.resource.parent ?? "");
  const joined = list(agent.resource.inputs["networksAdvanced"]).map(fields);
  const hasOwn =
    own !== undefined && joined.some(({ name }) => name === own || name === UNKNOWN || own === UNKNOWN);
  const shared = hostName(stack, "edge");
  return [
    ...(hasOwn
      ? []
      : [
          {
            agent,
            problem: "is on no network of its own",
            remedy:
              "Give the agent a network below its component (ownNetwork), for its tenant's programs alone.",
          },
        ]),
    ...joined
      .filter(({ name }) => name === shared)
      .flatMap(({ aliases }) => texts(aliases))
      .map((alias) => ({
        agent,
        problem: `answers to "${alias}" on the shared network ${shared}`,
        remedy: `Take the alias out (components/docker/networks.ts): on ${shared} every tenant's agent could reach it.`,
      })),
  ];
}

/** Alloy's own server, where everything it holds can be seen. */
function listening(agent: Container): readonly Problem[] {
  const command = texts(agent.resource.inputs["command"]);
  return command
    .map((argument) => /^--?server\.http\.listen-addr=(.*)$/.exec(argument)?.[1])
    .filter((address) => address !== undefined && !isOwn(address, agent))
    .map((address) => ({
      agent,
      problem: `has its own server listen on ${address ?? ""}`,
      remedy: `Bind it to ${agent.service}: that name is its address on its own network alone.`,
    }));
}

const configurations = ({ files }: Context): readonly Problem[] =>
  files
    .filter(
      ({ container, path, content }) =>
        container.tenant !== undefined && path.endsWith(".alloy") && content !== undefined,
    )
    .flatMap(({ container, content }) => judge(container, parseAlloy(content ?? "")));

function judge(agent: Container, blocks: readonly AlloyBlock[]): readonly Problem[] {
  const logins = new Set(
    blocks.filter(({ name }) => name === OAUTH).map(({ label }) => `${OAUTH}.${label ?? ""}.handler`),
  );
  const bind = `Bind it to ${agent.service}:<port> (src/render/agent-pipeline.ts): that name is its address on its own network alone.`;
  return blocks.flatMap((block) => [
    ...(HOST.test(block.name)
      ? [
          {
            agent,
            problem: `reads the host that it shares with others (${block.name} "${block.label ?? ""}")`,
            remedy: "Let the agent run elsewhere (runs: elsewhere), on a machine of its tenant's.",
          },
        ]
      : []),
    ...openEndpoints(agent, block).map((problem) => ({ agent, problem, remedy: bind })),
    ...ways(block, logins).map((problem) => ({
      agent,
      problem,
      remedy: `Let it send to ${EDGE} alone, over TLS, with a token from ${TOKENS} (src/render/agent-pipeline.ts).`,
    })),
  ]);
}

/** Addresses that a receiver listens on. What it leaves out is every address. */
function openEndpoints(agent: Container, block: AlloyBlock): readonly string[] {
  const title = `${block.name} "${block.label ?? ""}"`;
  const servers = listeners(block);
  if (servers !== undefined)
    return servers
      .filter(({ attributes }) => !isOwn(attributes["endpoint"] ?? "", agent))
      .map(
        ({ name, attributes }) =>
          `takes ${name} on ${attributes["endpoint"] ?? "every address"} (${title}), which others can reach`,
      );
  if (!/\.(receiver|source)\.|receive_http/.test(block.name)) return [];
  return addresses(block)
    .filter((address) => !isOwn(address, agent))
    .map((address) => `listens on ${address} (${title}), which others can reach`);
}

/** What listens in a receiver, by its own name; undefined for one that we do not know. */
function listeners(block: AlloyBlock): readonly Pick<AlloyBlock, "name" | "attributes">[] | undefined {
  switch (block.name) {
    case "otelcol.receiver.otlp":
      return block.blocks.filter(({ name }) => name === "grpc" || name === "http");
    case "otelcol.receiver.jaeger":
      return block.blocks.filter(({ name }) => name === "protocols").flatMap(({ blocks }) => blocks);
    case "otelcol.receiver.zipkin":
      return [{ name: "zipkin", attributes: block.attributes }];
    default:
      return undefined;
  }
}

const addresses = ({ attributes, blocks }: AlloyBlock): readonly string[] => [
  ...["endpoint", "listen_address"].flatMap((name) => attributes[name] ?? []),
  ...blocks.flatMap(addresses),
];

const isOwn = (address: string, { service }: Container): boolean =>
  address.startsWith(`${service}:`) && /^\d+$/.test(address.slice(service.length + 1));

/** Where data and credentials go. */
function ways(
  { name, label, attributes, blocks }: AlloyBlock,
  logins: ReadonlySet<string>,
): readonly string[] {
  const title = `${name} "${label ?? ""}"`;
  if (REMOTE.test(name)) return [`takes a configuration from elsewhere (${title})`];
  if (name === OAUTH)
    return attributes["token_url"] === TOKENS
      ? []
      : [`gets its tokens from ${attributes["token_url"] ?? "nowhere"} (${title})`];
  if (name !== EXPORTER) return [];
  const client = blocks.find((block) => block.name === "client");
  const tls = client?.blocks.find((block) => block.name === "tls");
  const { endpoint, auth } = client?.attributes ?? {};
  return [
    ...(endpoint === EDGE ? [] : [`sends to ${endpoint ?? "nowhere"} (${title})`]),
    ...["traces_endpoint", "metrics_endpoint", "logs_endpoint"]
      .filter((one) => attributes[one] !== undefined)
      .map((one) => `sends to ${attributes[one] ?? ""} (${title}, ${one})`),
    ...["insecure", "insecure_skip_verify"]
      .filter((one) => ![undefined, "false"].includes(tls?.attributes[one]))
      .map((one) => `does not check whom it sends to (${title}, ${one})`),
    ...(auth !== undefined && logins.has(auth) ? [] : [`sends without its token (${title})`]),
  ];
}
