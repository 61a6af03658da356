import { ROLES } from "../../../model/roles";
import type { Limits } from "../../../model/limits";
import { formatByteRate, formatDuration, formatRate, type Seconds } from "../../../model/units";
import type { PlannedContact, PlannedTenant } from "../../plan";
import type { Addresses, TenantChange, TenantChanges } from "../types";
import { called, counted, item, listed, type Item } from "./story";

type Added = Extract<TenantChange, { readonly kind: "added" }>;

/** What a new tenant is, as half a sentence whose subject it is. */
export function addedSentence({ plan, state, agents, retention }: PlannedTenant): string {
  const who = agents.length === 0 ? "no agent" : counted(agents.length, "agent");
  const names = agents.length === 0 ? "" : ` (${listed(agents.map(({ id }) => id))})`;
  const { application, ...classes }: Readonly<Record<string, Seconds>> & { readonly application: Seconds } =
    retention.logs;
  const others = Object.entries(classes)
    .filter(([, kept]) => kept !== application)
    .map(([name, kept]) => `${name} ${formatDuration(kept)}`)
    .sort();
  const logs = `logs ${formatDuration(application)}${others.length === 0 ? "" : ` (${others.join(", ")})`}`;
  return (
    `is new${state === "suspended" ? " and suspended" : ""}: plan ${plan}, ${who}${names}, ` +
    `keeps metrics ${formatDuration(retention.metrics)}, ${logs}, traces ${formatDuration(retention.traces)}.`
  );
}

/** What it may do, and what is made for it. */
export function addedDetails({ tenant, groups, users }: Added): readonly string[] {
  const roles = groups.length === 0 ? ROLES : groups;
  return [
    `may send ${allowance(tenant.limits)}`,
    ...tenant.services.map(({ clientId, scopes }) => `service ${clientId}${scopesOf(scopes)}`),
    ...tenant.contacts.map((contact) => `contact ${contactText(contact)}`),
    `people's groups /tenants/${tenant.id}/{${roles.toSorted().join(",")}}, a Grafana organisation of its own`,
    ...(users.length === 0
      ? []
      : [
          `demonstration ${users.length === 1 ? "user" : "users"} ${listed(users.map((user) => `${tenant.id}-${user}`))}`,
        ]),
  ];
}

const allowance = ({ edge, metrics, logs, traces }: Limits): string =>
  listed([
    `${formatRate(edge.requests)} requests`,
    `${formatRate(metrics.samples)} samples`,
    `${metrics.activeSeries} series`,
    `${formatByteRate(logs.ingest)} logs`,
    `${formatByteRate(traces.ingest)} traces`,
  ]);

export const scopesOf = (scopes: readonly string[]): string =>
  scopes.length === 0 ? "" : ` with ${scopes.length === 1 ? "scope" : "scopes"} ${listed(scopes)}`;

export const wayText = ({ kind, to }: PlannedContact): string =>
  kind === "email" ? to : `${kind} of config secret ${to}`;
export const contactText = (contact: PlannedContact): string => `${contact.name}, ${wayText(contact)}`;

/** What new tenants need to begin, once for all of them. */
export function beginnings(
  tenants: readonly TenantChanges[],
  { otlpHttp, otlpGrpc, grafana }: Addresses,
): readonly Item[] {
  const added = tenants.filter(({ changes }) =>
    changes.some((change) => change.kind === "added" && change.tenant.state === "active"),
  );
  const [first] = added;
  if (first === undefined) return [];
  const ways = [
    ...(otlpHttp === undefined ? [] : [`${otlpHttp} (OTLP over HTTP)`]),
    ...(otlpGrpc === undefined ? [] : [`${otlpGrpc} (OTLP over gRPC)`]),
  ];
  const who = added.length === 1 ? called(first) : "every new tenant";
  const sends = ways.length === 0 ? [] : [`sends to ${ways.join(" or ")}`];
  const reads = grafana === undefined ? [] : [`reads at ${grafana}`];
  const does = [...sends, ...reads, "finds its credentials in: pulumi stack output tenants --show-secrets"];
  return [item(`After the update ${who} ${listed(does)}`)];
}
