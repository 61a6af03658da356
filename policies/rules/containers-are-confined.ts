import type { ResourceRecord } from "../../src/model/recording";
import { NETWORK, type Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { entry, fields, filled, list, text, texts } from "./values";

/** What a helper may keep: to give files to the user of its process. Without a network. */
const CHOWN = "CAP_CHOWN";
/** What separates a container from the host and from others. */
const NAMESPACES = ["ipcMode", "pidMode", "usernsMode", "cgroupnsMode"] as const;
const HOST_ACCESS = ["devices", "deviceRequests", "deviceCgroupRules", "gpus", "groupAdds"] as const;
const SHARED = /^(host|shareable|container:.*|service:.*)$/;
/** Kinds of resources that run programs and that no rule reads. */
const UNREAD = /^(docker:index\/(service:Service|plugin:Plugin)|command:|docker-compose:)/;

type Problem = Pick<Violation, "message" | "remedy">;

export const containersAreConfined: Rule = {
  name: "containers-are-confined",
  description:
    "No container can reach the host, the Docker socket or another tenant's network: on one machine that would be every tenant's data.",
  check: (context) => {
    const { containers } = context;
    if (containers.length === 0) return [nothing("container")];
    return [
      ...containers.flatMap((container) =>
        [
          ...privileges(container),
          ...namespaces(container),
          ...host(container),
          ...defaultNetwork(container),
        ].map((problem) => violation(container, problem)),
      ),
      ...sharedNetworks(context),
      ...context.recording.resources.filter(({ type }) => UNREAD.test(type)).map(unread),
    ];
  },
};

const violation = ({ resource, tenant }: Container, { message, remedy }: Problem): Violation => ({
  resource,
  ...(tenant !== undefined && { tenant: tenant.id }),
  message: `${resource.name} ${message}.`,
  remedy,
});

const unread = (resource: ResourceRecord): Violation => ({
  resource,
  message: `${resource.name} is a ${resource.type}, which no policy reads.`,
  remedy: "Run programs as containers of the host (components/docker), where every rule sees them.",
});

function privileges({ resource: { inputs }, networks, helper }: Container): readonly Problem[] {
  const { privileged, user } = inputs;
  const { adds, drops } = fields(inputs["capabilities"]);
  const options = texts(inputs["securityOpts"]);
  // A short-lived helper without any network may give files away.
  const kept =
    helper !== undefined && networks.length === 0 && inputs["networkMode"] === "none" ? [CHOWN] : [];
  const isRoot = /^(0|root)?(:|$)/.test(text(user) ?? "");
  return [
    ...(privileged === undefined || privileged === false
      ? []
      : [{ message: "is privileged", remedy: "Take `privileged` out: no process of ours needs it." }]),
    ...(texts(drops).some((capability) => /^(CAP_)?ALL$/i.test(capability))
      ? []
      : [
          { message: "keeps Docker's default capabilities", remedy: 'Set capabilities: { drops: ["ALL"] }.' },
        ]),
    ...texts(adds)
      .filter((capability) => !kept.includes(capability))
      .map((capability) => ({
        message: `has the capability ${capability}`,
        remedy: "Take it out: nothing of ours needs a capability while it runs.",
      })),
    ...(isRoot && kept.length === 0
      ? [{ message: "runs as root", remedy: "Give it the `user` of its image." }]
      : []),
    ...(options.some((option) => /^no-new-privileges([:=]true)?$/.test(option)) &&
    !options.some((option) => option.includes("unconfined"))
      ? []
      : [
          {
            message: "may gain privileges",
            remedy: 'Set securityOpts: ["no-new-privileges:true"] and nothing "unconfined".',
          },
        ]),
  ];
}

const namespaces = ({ resource: { inputs } }: Container): readonly Problem[] => [
  ...[filled(inputs["networkMode"]) ?? ""]
    .filter((mode) => SHARED.test(mode))
    .map((mode) => ({
      message: `has the network mode ${mode}`,
      remedy: "Put it on the networks of its zones.",
    })),
  ...NAMESPACES.filter((name) => SHARED.test(text(inputs[name]) ?? "")).map((name) => ({
    message: `has ${name} ${JSON.stringify(inputs[name])}`,
    remedy: `Take ${name} out: it shares what separates containers.`,
  })),
];

const host = ({ resource: { inputs }, mounts }: Container): readonly Problem[] => [
  ...HOST_ACCESS.filter((name) => list(inputs[name]).length > 0 || filled(inputs[name]) !== undefined).map(
    (name) => ({
      message: `has ${name}`,
      remedy: `Take ${name} out: it reaches the host.`,
    }),
  ),
  ...mounts
    .filter(({ fromHost, source, target }) => fromHost || isSocket(source) || isSocket(target))
    .map(({ source, target }) => ({
      message: `mounts ${source ?? "something of the host"} at ${target}`,
      remedy: "Use a named volume: a path of the host, above all its Docker socket, is every tenant's.",
    })),
];

const isSocket = (path: string | undefined): boolean => path?.endsWith("docker.sock") === true;

/** Without any network named, Docker puts a container on its default bridge, together with every other such container. */
const defaultNetwork = ({ networks, resource: { inputs } }: Container): readonly Problem[] =>
  networks.length > 0 || inputs["networkMode"] === "none"
    ? []
    : [
        {
          message: "is on Docker's default network",
          remedy: 'Name its networks, or set networkMode "none".',
        },
      ];

/** A network made for one tenant's agent has no container of another tenant, nor of the shared processes. */
function sharedNetworks({ containers, graph, tenants }: Context): readonly Violation[] {
  const owners = new Map(
    graph
      .ofType(NETWORK)
      .map((network) => [text(network.inputs["name"]) ?? network.name, tenants.of(network)]),
  );
  const users = new Map<string, Container[]>();
  for (const container of containers)
    for (const network of container.networks) entry(users, network, () => []).push(container);
  return [...users].flatMap(([network, on]) => {
    const owner = owners.get(network);
    if (owner === undefined) return [];
    return on
      .filter(({ tenant }) => tenant?.id !== owner.id)
      .map((container) =>
        violation(container, {
          message: `is on the network ${network}, which belongs to tenant ${owner.id}`,
          remedy: `Take it off: what is on that network may send as ${owner.id} without a credential.`,
        }),
      );
  });
}
