import {
  AUTHORITY_PATH,
  placed,
  SECRET_PATHS,
  type Onboarding,
  type Shipper,
  type ShipperName,
} from "./model";
import { command } from "./shell";
import type { Signal } from "../model/names";

/** What answers when data of a signal has arrived, below the edge. */
const FIND: Readonly<Record<Signal, string>> = {
  logs: "/loki/api/v1/labels",
  metrics: "/prometheus/api/v1/labels",
  traces: "/tempo/api/search",
};
const BACKEND: Readonly<Record<Signal, string>> = { logs: "loki", metrics: "mimir", traces: "tempo" };

/** A page for whoever starts it: what to do, in order, and what to do when something is refused. */
export function readme(name: ShipperName, shipper: Shipper, onboarding: Onboarding): string {
  const { tenant, organisation, clientId } = onboarding;
  const { install, start, refused, notes = [] } = shipper.guide(onboarding);
  const who = shipper.credential === "clientSecret" ? `, as ${clientId}` : "";
  const steps = [
    `Install: ${install}`,
    `Secret: ${secret(name, shipper, onboarding)}`,
    `Start: \`${start}\``,
    `See it arrive: in Grafana, ${sources(onboarding)}; or \`${find(onboarding)}\`, with a person's token of \`${person(onboarding)}\`.`,
  ];
  const lines = [
    ...notes,
    `401: the secret is wrong, or was renewed or deleted. 403: the tenant or its agent is suspended, or the key lacks the right. 429 (on remote write 503): over the tenant's limits. 503: the environment cannot decide or store just now. ${refused}`,
  ];
  return [
    `# ${shipper.title} for tenant ${tenant} (${organisation})${who}`,
    "",
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    "",
    ...lines.map((line) => `- ${line}`),
    "",
  ].join("\n");
}

/** How the secret gets where the configuration looks for it. */
function secret(name: ShipperName, { credential }: Shipper, onboarding: Onboarding): string {
  const { tenant, clientId, option } = onboarding;
  const file = placed(onboarding, SECRET_PATHS[credential]);
  if (credential === "clientSecret") {
    const again = `npx atalaya onboard ${tenant} --shipper ${name} --client ${clientId} --with-secret --out DIR${option}`;
    return `\`${file}\` holds the client's secret, mode 0600: \`${again}\` writes it, or take \`clients.${clientId}.clientSecret\` of tenant ${tenant} from \`pulumi stack output tenants --show-secrets\`.`;
  }
  return `\`${file}\` holds an API key, mode 0600 and without a newline. A person of the tenant makes one: \`${person(onboarding)}\`, then \`${newKey(name, onboarding)}\``;
}

const person = ({ tenant, option }: Onboarding): string =>
  `umask 077; npx atalaya token ${tenant} --person --header${option} > me`;

/** Makes an API key with just the rights that are needed, and leaves it in its file. */
function newKey(name: ShipperName, onboarding: Onboarding): string {
  const { signals, endpoints } = onboarding;
  const body = JSON.stringify({ label: name, rights: signals.map((signal) => `${signal}:write`) });
  const ask = command(
    ...["curl", "-sS", "--fail-with-body", "--cacert", placed(onboarding, AUTHORITY_PATH), "-H", "@me"],
    ...["-H", "content-type: application/json", endpoints.apiKeys, "-d", body],
  );
  const take = `sed -n 's/.*"key" *: *"\\(atl_[^"]*\\)".*/\\1/p'`;
  return `umask 077; ${ask} | ${take} | tr -d '\\n' > ${command(placed(onboarding, SECRET_PATHS.apiKey))}`;
}

const sources = ({ signals, tenant }: Onboarding): string =>
  `Explore, ${signals.map((signal) => `${BACKEND[signal]}-${tenant}`).join(", ")}`;

function find(onboarding: Onboarding): string {
  const { signals, organisation, endpoints } = onboarding;
  const [first = "logs"] = signals;
  return command(
    ...["curl", "-sS", "--fail-with-body", "--cacert", placed(onboarding, AUTHORITY_PATH), "-H", "@me"],
    ...["-H", `X-Scope-OrgID: ${organisation}`, `${endpoints.otlpHttp}${FIND[first]}`],
  );
}
