import type { Environment } from "../model/environment";
import type { Capacity } from "../model/limits";
import type { Tenant } from "../model/tenant";
import { formatDuration, type Seconds } from "../model/units";
import { FORMAT_CAPACITY } from "./limit-checks";
import { ConfigError, type Problem } from "./problems";
import { makeProblem, valueAt, type Path, type Source } from "./report";
import type { ListedTenant, TenantList } from "./tenants";

export interface Selection {
  /** Sorted by id. Suspended tenants too: they keep their place and their data. */
  readonly tenants: readonly Tenant[];
  readonly warnings: readonly Problem[];
}

export interface SelectionOptions {
  /** Names of the stack's config secrets, without project. Given, contacts that need another one are left out with a warning. */
  readonly secretKeys?: readonly string[];
}

/**
 * The tenants of one environment. Throws {@link ConfigError} when one keeps data longer than the environment allows, or
 * when together they may use more than it can carry and `overCapacity` is `error`; as `warn` that is a warning.
 */
export function tenantsOf(
  list: TenantList,
  environment: Environment,
  options: SelectionOptions = {},
): Selection {
  const listed = list.tenants
    .filter(({ environments }) => environments === undefined || environments.includes(environment.name))
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const errors = listed.flatMap((tenant) => overRetention(list.source, tenant, environment));
  const over = overCapacity(list.source, listed, environment);
  const warnings = environment.overCapacity === "warn" ? over : [];
  if (environment.overCapacity === "error") errors.push(...over);
  if (errors.length > 0) throw new ConfigError(errors);
  const missing = listed.flatMap((tenant) =>
    missingSecrets(list.source, tenant, environment, options.secretKeys),
  );
  if (listed.length === 0) warnings.push(noTenants(list.source, environment));
  return {
    tenants: listed.map((tenant) => withoutContacts(tenant, options.secretKeys)),
    warnings: [...warnings, ...missing],
  };
}

const stackFile = (environment: Environment): string => `Pulumi.${environment.name}.yaml`;

function overRetention(source: Source, tenant: ListedTenant, environment: Environment): Problem[] {
  const { retention, index } = tenant;
  const { maximumRetention } = environment;
  const kept: readonly (readonly [Path, Seconds, Seconds])[] = [
    [["metrics"], retention.metrics, maximumRetention.metrics],
    ...Object.entries(retention.logs).map(
      ([name, seconds]) => [["logs", name], seconds, maximumRetention.logs] as const,
    ),
    [["traces"], retention.traces, maximumRetention.traces],
  ];
  return kept.flatMap(([field, seconds, maximum]) => {
    if (seconds <= maximum) return [];
    const path = ["tenants", index, "retention", ...field];
    const own = valueAt(source.value, path) !== undefined;
    const origin = own ? "" : ` (${formatDuration(seconds)} from plan ${tenant.plan})`;
    const message = `exceeds this environment's maximum ${formatDuration(maximum)}${origin}`;
    const remedy = `Shorten it or raise atalaya:maximumRetention in ${stackFile(environment)}.`;
    const problem = makeProblem(source, path, message, remedy);
    // What the plan says is mended at the plan, or by another plan.
    return [own ? problem : { ...problem, ...source.locate(["tenants", index, "plan"]) }];
  });
}

const USED: {
  readonly [K in keyof Capacity]: { readonly path: string; readonly of: (tenant: Tenant) => number };
} = {
  requests: { path: "edge.requests", of: ({ limits }) => limits.edge.requests },
  samples: { path: "metrics.samples", of: ({ limits }) => limits.metrics.samples },
  activeSeries: { path: "metrics.activeSeries", of: ({ limits }) => limits.metrics.activeSeries },
  logs: { path: "logs.ingest", of: ({ limits }) => limits.logs.ingest },
  traces: { path: "traces.ingest", of: ({ limits }) => limits.traces.ingest },
};

/** Suspended tenants count: otherwise nobody could be sure that a tenant can be resumed. */
function overCapacity(source: Source, tenants: readonly Tenant[], environment: Environment): Problem[] {
  return (Object.keys(USED) as (keyof Capacity)[]).flatMap((item) => {
    const { path, of } = USED[item];
    const sum = tenants.reduce((total, tenant) => total + of(tenant), 0);
    const capacity: number = environment.capacity[item];
    if (sum <= capacity) return [];
    const show = FORMAT_CAPACITY[item];
    const largest = tenants.toSorted((a, b) => of(b) - of(a)).slice(0, 3);
    const shares = largest.map((tenant) => `${tenant.id} ${show(of(tenant))}`).join(", ");
    const message =
      `together have limits.${path} of ${show(sum)}, ${Math.round((100 * sum) / capacity)}% of this ` +
      `environment's capacity ${show(capacity)} (largest: ${shares})`;
    const remedy = `Lower limits, or raise atalaya:capacity.${item} in ${stackFile(environment)} together with what carries it.`;
    return [makeProblem(source, ["tenants"], message, remedy, { at: "key" })];
  });
}

const noTenants = (source: Source, environment: Environment): Problem =>
  makeProblem(
    source,
    ["tenants"],
    `has nobody for environment ${environment.name}`,
    "Look at their environments.",
    {
      at: "key",
    },
  );

const isMissing = (secret: string, keys: readonly string[] | undefined): boolean =>
  keys !== undefined && !keys.includes(secret);

function missingSecrets(
  source: Source,
  tenant: ListedTenant,
  environment: Environment,
  keys: readonly string[] | undefined,
): Problem[] {
  return tenant.contacts.flatMap((contact, index) => {
    if (contact.kind === "email" || !isMissing(contact.secret, keys)) return [];
    const path = ["tenants", tenant.index, "contacts", index];
    const message = `is left out here: the config secret ${contact.secret} is not set`;
    const remedy = `Set it with "pulumi config set --secret ${contact.secret} --stack ${environment.name}".`;
    return [makeProblem(source, path, message, remedy)];
  });
}

function withoutContacts(listed: ListedTenant, keys: readonly string[] | undefined): Tenant {
  const { id, orgId, name, plan, state, limits, retention, sampling, redaction, agents, services } = listed;
  const contacts = listed.contacts.filter(
    (contact) => contact.kind === "email" || !isMissing(contact.secret, keys),
  );
  return {
    ...{ id, orgId, name, plan, state, limits, retention, sampling },
    ...(redaction !== undefined && { redaction }),
    ...{ agents, services, contacts },
  };
}
