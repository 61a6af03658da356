import { IMAGES } from "../../model/images";
import { isActive, type Tenant } from "../../model/tenant";
import { queueLasts } from "../../model/queues";
import { formatDuration, formatSize, type Seconds } from "../../model/units";
import { AGENT_DISK } from "../../model/sizes";
import { SECRET_PATHS } from "../model";
import { kitName, portsOf, type AgentKit } from "./agent";
import { hasAuthority, isBeside, issuerOf, KEYCLOAK_AUTHORITY_PATH, type KitHost } from "./host";
import { isSeenByUnit, MOVE } from "./places";

/** For whoever starts it on a host that knows nothing of the environment. */
export function kitReadme(kit: AgentKit): string {
  const sections = { "What is here": contents(kit), Secret: secret(kit), Start: start(kit) };
  const rest = {
    "See that it works": works(kit),
    "When the environment is away": away(kit),
    "A new secret": rotate(kit),
    "Remove it": removal(kit),
  };
  return (
    [
      `# ${kit.agent.id}: telemetry of tenant ${kit.tenant.id} to ${kit.host.environment}`,
      ...Object.entries({ ...sections, ...rest }).map(([title, text]) => `## ${title}\n\n${text.join("\n")}`),
      "",
    ]
      .join("\n\n")
      .replaceAll(/\n{3,}/g, "\n\n")
      .trimEnd() + "\n"
  );
}

/** As in its image. */
const VERSION = IMAGES.alloy.replace(/^.*:v/, "");

type Text = readonly string[];
const code = (...lines: readonly string[]): Text => ["", "```sh", ...lines, "```", ""];

const contents = ({ host, agent }: AgentKit): Text => [
  `Grafana Alloy takes telemetry from this host's programs, keeps it on disk, and sends it as \`${agent.id}\` to ${host.endpoints.otlpHttp}.`,
  `It asks ${issuerOf(host)} for tokens. Both must be reached from here under these very names.`,
  "",
  "- `compose.yaml` and `config.alloy`: with Docker. `systemd/`: without. One of them, not both.",
  "- `check.sh`: says in words what is wrong from this host. `atalaya.env`: what it reads.",
  hasAuthority(host)
    ? "- `ca.crt`: the authority by which the edge is trusted, and no other. Tokens are another matter:"
    : "- No `ca.crt`: the edge's certificate is a public one. Tokens:",
  `  ${tokensTrust(host)}`,
];

/** By what the place that gives tokens is believed: never by the edge's file alone. */
function tokensTrust(host: KitHost): string {
  if (new URL(issuerOf(host)).protocol === "http:") return "Keycloak has no TLS, and nothing is trusted.";
  const system = "the authorities of the system that Alloy runs in (with Docker: its image's)";
  return host.keycloakAuthority === undefined
    ? `Keycloak is trusted by ${system}.`
    : `Keycloak is trusted by \`${KEYCLOAK_AUTHORITY_PATH}\`, and by ${system}.`;
}

const secret = (kit: AgentKit): Text => [
  `It belongs in \`${SECRET_PATHS.clientSecret}\`, without a line's end, readable by Alloy alone. If it is not there yet, ask the environment's operators for it:`,
  ...code(
    "chmod 0755 . && mkdir -p secrets && chmod 0711 secrets",
    paste("sh"),
    `sudo chown 473:473 ${SECRET_PATHS.clientSecret}   # with Docker: Alloy's user in its image`,
    `sudo chown root:root ${SECRET_PATHS.clientSecret}   # with systemd, which hands it on`,
  ),
  `It is ${kit.agent.id}'s alone: another host gets an agent of its own.`,
];

/** Neither an argument nor a line of the shell's history. */
const paste = (shell: string): string =>
  `${shell} -c 'umask 077; printf %s "$(cat)" > ${SECRET_PATHS.clientSecret}'   # paste it, end with Ctrl-D`;

const start = (kit: AgentKit): Text => [
  "First `sudo ./check.sh`; it needs a shell and curl. Then with Docker (Compose 2):",
  ...code("docker compose up -d"),
  ...(isSeenByUnit(kit.host)
    ? [
        `or with systemd 247 or newer and the package \`alloy\` ${VERSION} or newer, this directory at \`${kit.host.directory}\`:`,
        ...code(
          `sudo systemctl enable --now ${kit.host.directory}/systemd/${kitName(kit)}.service`,
          `journalctl -u ${kitName(kit)} -f`,
        ),
      ]
    : [`Its unit would not see \`${kit.host.directory}\` (ProtectHome, PrivateTmp): ${MOVE}.`]),
  ...permissions(kit),
];

const permissions = ({ agent: { fileLogs = [] } }: AgentKit): Text =>
  fileLogs.length === 0
    ? []
    : [
        "",
        `It reads ${fileLogs.map(({ path }) => `\`${path}\``).join(", ")} as a member of the group \`adm\` (4), and what that may not read it does not read: \`sudo setfacl -R -m g:adm:rX DIR\`, and \`-d\` for files to come. Files that end in \`.gz\` are left out.`,
      ];

function works(kit: AgentKit): Text {
  const { otlpGrpc, otlpHttp, http } = portsOf(kit);
  return [
    `Programs of this host send OTLP to \`http://127.0.0.1:${otlpHttp}\` or, gRPC, \`127.0.0.1:${otlpGrpc}\`, without a credential.`,
    isBeside(kit.host)
      ? "It runs in this host's own network, where alone the environment is found: containers that send to it do so too."
      : `Containers of this host are attached to the network \`${kitName(kit)}_default\` and send to \`http://${kitName(kit)}:${otlpHttp}\`.`,
    `Its own logs arrive in the tenant within a minute: in Grafana, Explore, \`loki-${kit.tenant.id}\`, \`{service_name="alloy-agent"}\`.`,
    "",
    ...(kit.agent.hostMetrics === true
      ? [
          "It measures this host. In a container it sees the processor, the memory and the disks' load; networks and file systems it sees as they are with systemd alone.",
          "",
        ]
      : []),
    `\`docker compose ps\` says healthy, or \`curl http://127.0.0.1:${http}/-/ready\` with systemd.`,
  ];
}

/** Like `9h`, or `45m`: nobody plans with the seconds. */
const roughly = (seconds: Seconds): string => {
  const unit = seconds >= 2 * 86_400 ? 86_400 : seconds >= 2 * 3_600 ? 3_600 : 60;
  return formatDuration((Math.floor(seconds / unit) * unit) as Seconds);
};

const lasts = (tenant: Tenant, kit: AgentKit, share: number): string =>
  roughly(queueLasts(tenant.limits, kit.agent, share));

const away = (kit: AgentKit): Text => [
  `Everything waits on disk, ${formatSize(kit.agent.disk ?? AGENT_DISK)} at most, and is sent when the environment is back: ${lasts(kit.tenant, kit, 0.1)} at a tenth of the tenant's limits, ${lasts(kit.tenant, kit, 1)} at all of them.`,
  "Full, it answers programs 503, and those that can wait do. While Keycloak is away the same happens, once the last token has ended (five minutes).",
  "429: the tenant sends more than it may; that waits too. 401, 403 and 400 are for good: what is answered so is dropped. So stop this before the agent or the tenant is suspended, and it keeps its queue.",
  ...(isActive(kit.tenant) && kit.agent.state !== "suspended"
    ? []
    : ["", "**It is suspended now: do not start it.**"]),
];

const rotate = (kit: AgentKit): Text => [
  "The operators make a new one; the old one may be valid for a while beside it. Write the new one over the old:",
  ...code(
    paste("sudo sh"),
    `sudo systemctl restart ${kitName(kit)}   # with systemd; with Docker it is read with the next token`,
    "sudo ./check.sh",
  ),
];

const removal = (kit: AgentKit): Text => [
  "What waits in the queue goes with it: let it drain first (nothing new, a minute).",
  ...code(
    "docker compose down --volumes",
    `sudo systemctl disable --now ${kitName(kit)} && sudo rm -r /var/lib/private/${kitName(kit)}   # with systemd`,
  ),
  "Then delete this directory, and tell the operators: they remove the agent from the tenant list, which ends its secret.",
];
