import type { Limits, Retention } from "../model/limits";
import { orgId, PLATFORM_TENANT, type OrgId } from "../model/names";
import { DEFAULT_PLAN } from "../model/plans";
import type { Seconds } from "../model/units";
import type { RenderInput } from "./input";

/** What the backends are told of one organisation. */
export interface Quota {
  readonly orgId: OrgId;
  readonly limits: Limits;
  readonly retention: Retention;
}

/**
 * Every organisation that may hold data: the tenants, suspended ones included (their data is still there, and its retention
 * and read limits still count), and the platform's own. Whoever is not here can store nothing.
 */
export function quotas({ tenants, environment }: RenderInput): readonly Quota[] {
  return [
    ...tenants.map(({ orgId, limits, retention }) => ({ orgId, limits, retention })),
    platform(environment),
  ].sort((a, b) => (a.orgId < b.orgId ? -1 : 1));
}

/** The environment's own telemetry and audit records: the default plan, no longer than the environment keeps anything. */
function platform({ maximumRetention }: RenderInput["environment"]): Quota {
  const { limits, retention } = DEFAULT_PLAN;
  const capped = (wanted: Seconds, maximum: Seconds) => (wanted < maximum ? wanted : maximum);
  const logs = Object.entries(retention.logs).map(
    ([name, period]) => [name, capped(period, maximumRetention.logs)] as const,
  );
  return {
    orgId: orgId(PLATFORM_TENANT),
    limits,
    retention: {
      metrics: capped(retention.metrics, maximumRetention.metrics),
      logs: Object.fromEntries(logs) as Retention["logs"],
      traces: capped(retention.traces, maximumRetention.traces),
    },
  };
}

/** One block per organisation, keyed by its id: the body of a backend's overrides file. */
export const perOrganisation = <T>(
  input: RenderInput,
  block: (quota: Quota) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(quotas(input).map((quota) => [quota.orgId, block(quota)]));
