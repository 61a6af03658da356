import type { Verb } from "../../model/routes";
import { counted, listed } from "../changes/words/story";
import type { Evidence, ListedTenant } from "./evidence";
import type { Holder, Ways } from "./isolation";

/** Why a tenant's credentials may or may not do this with its own data. */
export function ownReason(holder: Holder, verb: Verb, ways: Ways, evidence: Evidence): string {
  const granted = grants(holder, ways);
  if (granted.length > 0) return capital(`${granted.join("; ")}. By ${routesOf(ways)}.`);
  const { tenant } = holder;
  if (tenant.state === "suspended")
    return verb === "write"
      ? `Suspended: ${agentsOut(holder, evidence)}, and the auth service refuses its keys (tenant_denied).`
      : `Suspended in the auth service's directory: its keys and its people are refused (tenant_denied).`;
  return verb === "write"
    ? `Nobody: ${agentsOut(holder, evidence)}, and no key of ${tenant.id} has this right.`
    : `Nobody: no key of ${tenant.id} has this right, and the realm has no group of its people.`;
}

/** Why a tenant's credentials may not do this with another's data, or by which of them they may. */
export function foreignReason(holder: Holder, verb: Verb, ways: Ways): string {
  const granted = grants(holder, ways);
  if (granted.length > 0) return `NOT APART: ${granted.join("; ")}. By ${routesOf(ways)}.`;
  const own = new Set([holder.tenant.orgId]);
  const claims = new Set(holder.agents.flatMap((agent) => agent.claims));
  const opened = new Set(holder.keys.map(({ orgId }) => orgId));
  if (verb === "write") {
    const agents =
      holder.agents.length === 0
        ? "it has no agent"
        : isSame(claims, own)
          ? `tokens of ${names(holder.agents.map(({ clientId }) => clientId))} carry ${holder.tenant.orgId} alone, and become X-Scope-OrgID whatever is asked for`
          : `Envoy's bindings hold none of its agents with that organisation (client_not_bound)`;
    const writers = holder.keys.filter(({ rights }) => rights.some((right) => right.endsWith(":write")));
    const keys = writers.length === 0 ? "no key of it may write" : `its keys are of ${names([...opened])}`;
    return `Refused: ${agents}; ${keys}.`;
  }
  const keys =
    holder.keys.length === 0
      ? "it has no key"
      : `${holder.keys.length === 1 ? "key" : "keys"} ${names(holder.keys.map(({ id }) => id))} ${holder.keys.length === 1 ? "opens" : "open"} ${isSame(opened, own) ? `${holder.tenant.orgId} alone` : names([...opened])}`;
  const people =
    holder.groups.length === 0 ? "it has no people" : `its people are in ${groupNames(holder.groups)} alone`;
  return `Refused: ${keys}; ${people}; agents read nothing. To ask for another X-Scope-OrgID is tenant_denied.`;
}

/** Why operators may or may not do this with a tenant's data. */
export function operatorReason(holder: Holder, whose: ListedTenant, verb: Verb, ways: Ways): string {
  const granted = grants(holder, ways);
  if (granted.length > 0)
    return `${verb === "write" ? "NOT MEANT: " : ""}${capital(`${granted.join("; ")}. By ${routesOf(ways)}.`)}`;
  if (verb === "write") return "Nobody: operators have no agent, and no key of theirs may write.";
  return whose.state === "suspended"
    ? "Suspended in the auth service's directory: operators are refused as well (tenant_denied)."
    : `Nobody: the realm has no group of operators, and their organisation has no key of ${whose.id}.`;
}

function grants({ tenant }: Holder, { agents, keys, groups, unchecked }: Ways): readonly string[] {
  return [
    ...(agents.length === 0
      ? []
      : [
          `${counted(agents.length, "agent")} ${names(agents)}: bound to ${tenant.orgId} by Envoy's list and the token's claim`,
        ]),
    ...(groups.length === 0 ? [] : [`people in ${groupNames(groups)}`]),
    ...(keys.length === 0
      ? []
      : [`${keys.length === 1 ? "key" : "keys"} ${names(keys)}, by which Grafana's data sources ask`]),
    ...(unchecked.length === 0 ? [] : [`anybody at all: no verifier before ${names(unchecked)}`]),
  ];
}

function agentsOut({ agents, tenant }: Holder, { bindings }: Evidence): string {
  if (agents.length === 0) return "it has no agent";
  const out = agents.filter(({ clientId }) => bindings?.has(`${clientId}|${tenant.orgId}`) !== true);
  const disabled = agents.filter(({ enabled }) => !enabled);
  const list = `${names(out.map(({ clientId }) => clientId))} ${out.length === 1 ? "is" : "are"} not among Envoy's bindings (client_not_bound)`;
  return disabled.length === agents.length
    ? `${list} and disabled in Keycloak`
    : out.length > 0
      ? list
      : "its agents have no claim of it";
}

/** `/tenants/mx/{admin,editor,viewer}`. */
function groupNames(groups: readonly string[]): string {
  const [first = ""] = groups;
  const above = first.slice(0, first.lastIndexOf("/"));
  const last = groups.map((group) => group.slice(above.length + 1));
  return last.length === 1 ? first : `${above}/{${last.join(",")}}`;
}

const MOST = 4;
const names = (all: readonly string[]): string => listed(all, MOST);
const routesOf = ({ routes, unchecked }: Ways): string => {
  const all = [...new Set([...routes, ...unchecked])];
  return all.length > MOST
    ? counted(all.length, "route")
    : `${all.length === 1 ? "route" : "routes"} ${names(all)}`;
};
const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));
const capital = (text: string): string => text.replace(/^./u, (letter) => letter.toUpperCase());
