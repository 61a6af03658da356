import type { Limits } from "../model/limits";
import { queueHours, queueLasts } from "../model/queues";
import { formatByteRate, formatDuration, formatRate, type Seconds } from "../model/units";
import type { PlannedTenant } from "./plan";

export const TENANT_COLUMNS = [
  "tenant",
  "state",
  "plan",
  "edge",
  "samples",
  "series",
  "logs",
  "traces",
  "kept (metrics / logs / traces)",
  "agents",
  "services",
  "agents keep (all / a tenth)",
] as const;

/** One row of a tenant's numbers, as text, in the order of {@link TENANT_COLUMNS}. */
export const tenantRow = ({ limits, retention, ...tenant }: PlannedTenant): readonly string[] => [
  tenant.id,
  tenant.state,
  tenant.plan,
  formatRate(limits.edge.requests),
  formatRate(limits.metrics.samples),
  String(limits.metrics.activeSeries),
  formatByteRate(limits.logs.ingest),
  formatByteRate(limits.traces.ingest),
  `${formatDuration(retention.metrics)} / ${logRetention(retention.logs)} / ${formatDuration(retention.traces)}`,
  String(tenant.agents.length),
  String(tenant.services.length),
  leastKept(limits, tenant.agents),
];

/** Of the agent that keeps least: `0.11 h / 1.1 h`. */
function leastKept(limits: Limits, agents: PlannedTenant["agents"]): string {
  const [least] = [...agents].sort((a, b) => queueLasts(limits, a) - queueLasts(limits, b));
  return least === undefined ? "" : queueHours(limits, least).join(" / ");
}

/** `30d` or, where classes differ, `30d access 90d system 7d`. */
function logRetention({
  application,
  ...classes
}: Readonly<Record<string, Seconds>> & { application: Seconds }): string {
  const others = Object.entries(classes).filter(([, kept]) => kept !== application);
  return [
    formatDuration(application),
    ...others.map(([name, kept]) => `${name} ${formatDuration(kept)}`),
  ].join(" ");
}
