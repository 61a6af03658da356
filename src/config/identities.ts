import {
  defaultAgentId,
  EDGE_AUDIENCE,
  GRAFANA_CLIENT,
  PEOPLE_CLIENT,
  PLATFORM_TENANT,
  RESERVED_TENANT_IDS,
  type TenantId,
} from "../model/names";
import { SHARED_SERVICES } from "../model/services";
import type { Entry, Part } from "./entries";
import { idSkeleton } from "./lookalikes";
import { listAt, pathText, type Path, type Report } from "./report";

const lineOf = (report: Report, path: Path): string => `line ${report.source.locate(path)?.line ?? "?"}`;

/** `tenants[0].agents[1].id (line 12)` */
const place = (report: Report, path: Path): string => `${pathText(path)} (${lineOf(report, path)})`;

const ONLY_ONE = "Every tenant needs an id of its own: rename or remove one of the two.";

/** Tenant ids: reserved, retired, twice, or too much alike. */
export function checkIds(report: Report, entries: readonly Entry[]): void {
  const retired = checkRetired(report);
  const seen = new Map<string, Path>();
  const skeletons = new Map<string, { id: string; path: Path }>();
  for (const entry of entries) {
    const { id } = entry;
    if (id === undefined) continue;
    const path = [...entry.path, "id"];
    if (RESERVED_TENANT_IDS.includes(id))
      report.add(
        path,
        "is reserved",
        "Choose another id: the backends, the platform or a reader would take it for their own.",
      );
    const grave = retired.get(id);
    if (grave !== undefined)
      report.add(
        path,
        `is listed under retired (${lineOf(report, grave)}): a new tenant of that name would inherit the old one's data`,
        "Choose another id, or purge the old data first and then take it out of retired.",
      );
    const first = seen.get(id);
    const twin = skeletons.get(idSkeleton(id));
    if (first !== undefined) report.add(path, `is already the id of ${place(report, first)}`, ONLY_ONE);
    else if (twin !== undefined)
      report.add(
        path,
        `is too much like "${twin.id}" of ${place(report, twin.path)}`,
        "Choose an id that people can tell apart.",
      );
    if (first === undefined) seen.set(id, entry.path);
    if (twin === undefined) skeletons.set(idSkeleton(id), { id, path: entry.path });
  }
}

function checkRetired(report: Report): ReadonlyMap<unknown, Path> {
  const retired = new Map<unknown, Path>();
  for (const [index, id] of listAt(report.source.value, ["retired"]).entries()) {
    const path = ["retired", index];
    const first = retired.get(id);
    if (first === undefined) retired.set(id, path);
    else report.add(path, `is already ${place(report, first)}`, "Remove one of the two.");
  }
  return retired;
}

/** Clients that Keycloak makes in every realm, and ours. */
const TAKEN_CLIENTS: ReadonlyMap<string, string> = new Map([
  ...[
    "account",
    "account-console",
    "admin-cli",
    "broker",
    "realm-management",
    "security-admin-console",
    "master-realm",
  ].map((id) => [id, "a client that Keycloak has of its own"] as const),
  [GRAFANA_CLIENT, "Grafana's own client"] as const,
  [PEOPLE_CLIENT, "the client of people's own tokens"] as const,
  [EDGE_AUDIENCE, "the edge's own client"] as const,
]);

/** Host names on the agents' networks: an agent of that name would be taken for the service. */
const TAKEN_HOSTS: ReadonlySet<string> = new Set([
  ...SHARED_SERVICES,
  "agent",
  "localhost",
  "kubernetes",
  "host",
]);

/** Agents' and services' names: taken by the platform, by another tenant, or derived twice. */
export function checkParts(report: Report, entries: readonly Entry[]): void {
  const tenants = new Set([PLATFORM_TENANT, ...entries.map(({ id }) => id).filter((id) => id !== undefined)]);
  const taken = new Map<string, Part>();
  const seen = new Set<TenantId>();
  for (const { id, agents, services } of entries) {
    for (const agent of agents) checkAgent(report, agent, id, tenants);
    // Two tenants with one id are one problem, not one for each of their parts.
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    for (const part of [...agents, ...services]) if (part.declared) checkClient(report, part, taken);
  }
}

function checkAgent(
  report: Report,
  agent: Part,
  owner: TenantId | undefined,
  tenants: ReadonlySet<TenantId>,
): void {
  const client = TAKEN_CLIENTS.get(agent.id);
  if (client !== undefined) report.add(agent.path, `is ${client}`, `Choose another name${example(owner)}.`);
  else if (TAKEN_HOSTS.has(agent.id))
    report.add(agent.path, "is the host name of another process", `Choose another name${example(owner)}.`);
  const other = tenantIn(agent.id, tenants);
  if (owner !== undefined && other !== undefined && other !== owner)
    report.add(
      agent.path,
      `reads as an agent of tenant "${other}" (${defaultAgentId(other)})`,
      `Choose another name${example(owner)}.`,
    );
}

const example = (owner: TenantId | undefined): string =>
  owner === undefined ? "" : `, such as ${defaultAgentId(owner)}-2`;

/** The tenant an agent's name speaks of: the longest id with `agent-<id>` or `agent-<id>-...`. */
function tenantIn(agent: string, tenants: ReadonlySet<TenantId>): TenantId | undefined {
  if (!agent.startsWith("agent-")) return undefined;
  const words = agent.split("-").slice(1);
  for (let length = words.length; length > 0; length--) {
    const id = words.slice(0, length).join("-") as TenantId;
    if (tenants.has(id)) return id;
  }
  return undefined;
}

function checkClient(report: Report, part: Part, taken: Map<string, Part>): void {
  for (const { kind, name } of part.derived) {
    const key = `${kind}: ${name}`;
    const other = taken.get(key);
    if (other === undefined) {
      taken.set(key, part);
      continue;
    }
    const message = `makes the ${kind} "${name}", as does ${place(report, other.path)}`;
    report.add(part.path, message, "Rename one of the two.");
    return;
  }
}
