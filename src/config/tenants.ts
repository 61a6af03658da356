import type { Plan } from "../model/limits";
import { checkEnvironments } from "./listed-environments";
import { checkRepeats } from "./repeats";
import { defaultAgentId, orgId, serviceClientId, type ClientId, type TenantId } from "../model/names";
import { DEFAULT_PLAN } from "../model/plans";
import {
  REDACTION,
  type Agent,
  type Contact,
  type FileLog,
  type Redaction,
  type Tenant,
} from "../model/tenant";
import { DEFAULT_LOG_CLASS } from "../model/log-class";
import { checkAgents } from "./agent-checks";
import { checkContacts } from "./contacts";
import { checkDisplayNames } from "./display-names";
import { checkLengths, entriesOf } from "./entries";
import { checkIds, checkParts } from "./identities";
import { checkLimits } from "./limit-checks";
import { reportUnknownPlan, resolvePlans, settingsOver, soundOverrides, type Settings } from "./plans";
import { listAt, valueAt, type Report, type Source } from "./report";
import { reportIssues } from "./schema-problems";
import { readSource, shownPath } from "./source";
import { tenantListSchema, type ParsedTenant } from "./tenant-schema";
import { parseYaml } from "./yaml";

/** A tenant of the list with everything its plan says filled in, in whichever environment it exists. */
export interface ListedTenant extends Tenant {
  /** Undefined: all of them. */
  readonly environments?: readonly string[];
  /** Its place in the file. */
  readonly index: number;
}

export interface TenantList {
  /** With all values filled in; always has `default`. */
  readonly plans: readonly Plan[];
  /** In the order of the file. */
  readonly tenants: readonly ListedTenant[];
  /** Ids whose data is not purged yet. */
  readonly retired: readonly TenantId[];
  /** The file, for problems that show only in an environment. */
  readonly source: Source;
}

export interface ListOptions {
  /** Names of the environments there are. Given, tenants must not name another one: they would be nowhere. */
  readonly environments?: readonly string[];
}

export interface FileOptions extends ListOptions {
  /** What problems call the file; by default the path as a reader would type it. */
  readonly file?: string;
}

/** Reads `tenants.yaml`. Throws {@link ConfigError} with everything that is wrong with it. */
export const loadTenantList = (path: string, { file, ...options }: FileOptions = {}): TenantList => {
  const shown = file ?? shownPath(path);
  return parseTenantList(readSource(path, shown), shown, options);
};

/** The same from text; `file` is what problems call it. */
export function parseTenantList(text: string, file: string, options: ListOptions = {}): TenantList {
  const report = parseYaml(text, file);
  const { value } = report.source;
  const result = tenantListSchema.safeParse(value);
  if (!result.success) reportIssues(report, tenantListSchema, result.error.issues);
  const entries = entriesOf(report);
  checkIds(report, entries);
  checkParts(report, entries);
  checkLengths(report, entries);
  checkDisplayNames(report, entries);
  checkContacts(report);
  checkRepeats(report);
  checkEnvironments(report, options.environments);
  const plans = checkPlans(report);
  const settings = listAt(value, ["tenants"]).map((tenant, index) =>
    checkTenant(report, index, tenant, plans),
  );
  report.throwIfAny();
  const { tenants = [], retired = [] } = result.data ?? {};
  return {
    plans: [...plans.values()],
    tenants: tenants.map((tenant, index) => listedTenant(tenant, settings[index] ?? DEFAULT_PLAN, index)),
    retired: retired as TenantId[],
    source: report.source,
  };
}

function checkPlans(report: Report): ReadonlyMap<string, Plan> {
  const plans = resolvePlans(report);
  for (const [name, plan] of plans) checkLimits(report, ["plans", name], plan);
  return plans;
}

/** A tenant's settings with its plan's; of a faulty tenant the parts that are in order, so that more can be said at once. */
function checkTenant(
  report: Report,
  index: number,
  tenant: unknown,
  plans: ReadonlyMap<string, Plan>,
): Settings {
  const path = ["tenants", index];
  const name = valueAt(tenant, ["plan"]);
  const plan = plans.get(typeof name === "string" ? name : DEFAULT_PLAN.name);
  if (plan === undefined) reportUnknownPlan(report, [...path, "plan"], [...plans.keys()]);
  const settings = settingsOver(plan ?? DEFAULT_PLAN, soundOverrides(tenant));
  checkLimits(report, path, settings);
  checkAgents(report, path, settings.retention);
  return settings;
}

function listedTenant(parsed: ParsedTenant, settings: Settings, index: number): ListedTenant {
  const id = parsed.id as TenantId;
  return {
    id,
    orgId: orgId(id),
    name: parsed.name,
    plan: parsed.plan ?? DEFAULT_PLAN.name,
    state: parsed.state ?? "active",
    limits: settings.limits,
    retention: settings.retention,
    sampling: settings.sampling,
    ...(parsed.redaction !== undefined && { redaction: redactionOf(parsed.redaction) }),
    agents: (parsed.agents ?? [{ id: defaultAgentId(id) }]).map(agentOf),
    services: (parsed.services ?? []).map(({ name, scopes }) => ({
      name,
      clientId: serviceClientId(id, name),
      scopes,
    })),
    contacts: (parsed.contacts ?? []).flatMap(contactOf),
    ...(parsed.environments !== undefined && { environments: parsed.environments }),
    index,
  };
}

type ParsedAgent = NonNullable<ParsedTenant["agents"]>[number];

const agentOf = ({ id, state, runs, disk, hostMetrics, fileLogs = [] }: ParsedAgent): Agent => ({
  id: id as ClientId,
  ...(state !== undefined && { state }),
  ...(runs === "elsewhere" && { runs }),
  ...(disk !== undefined && { disk }),
  ...(hostMetrics === true && { hostMetrics }),
  ...(fileLogs.length > 0 && { fileLogs: fileLogs.map((file) => fileLogOf(file, id)) }),
});

const fileLogOf = (
  { path, class: of = DEFAULT_LOG_CLASS, service }: NonNullable<ParsedAgent["fileLogs"]>[number],
  agent: string,
): FileLog => ({ path, class: of, service: service ?? agent });

const redactionOf = ({ emails, cards }: NonNullable<ParsedTenant["redaction"]>): Redaction => ({
  emails: emails ?? REDACTION.emails,
  cards: cards ?? REDACTION.cards,
});

function contactOf({
  name,
  email,
  slack,
  webhook,
}: NonNullable<ParsedTenant["contacts"]>[number]): Contact[] {
  if (email !== undefined) return [{ kind: "email", name, address: email }];
  if (slack !== undefined) return [{ kind: "slack", name, secret: slack }];
  return webhook === undefined ? [] : [{ kind: "webhook", name, secret: webhook }];
}
