import { loadInputs } from "../config";
import { isActive, runsHere, type Agent, type Tenant } from "../model/tenant";
import type { Declared, Onboarding } from "../onboard/model";
import { UsageError } from "./errors";
import { projectRoot } from "./load";
import type { OnboardOptions } from "./onboard-asked";
import { pick } from "./pick";

/** What is declared of a tenant, for the shipper that is one of its agents. */
export interface DeclaredTenant extends Omit<Declared, "agent"> {
  /** Where that is said, in a sentence. */
  readonly where: string;
}

/** Throws UsageError where an environment is found by what does not say which stack it is. */
export function checkStack({ outputs, lab }: OnboardOptions): void {
  if (outputs === undefined && lab !== true) return;
  throw new UsageError(
    `--shipper alloy: it works by its stack's tenant list and sizes, and ${outputs === undefined ? "--lab" : "--outputs"} does not say which stack that is. In its place say --stack NAME.`,
  );
}

/** Of the stack's tenant list, which may be ahead of what runs. Throws ConfigError, or UsageError where it is not in there. */
export function declaredTenant(tenant: string, stack: string): DeclaredTenant {
  const { environment, tenants } = loadInputs(projectRoot(), stack);
  const where = `the tenant list of stack ${stack}`;
  return {
    tenant: pick("tenant", where, tenant, Object.fromEntries(tenants.map((one) => [one.id, one]))),
    size: environment.sizes.agent,
    ...(environment.imageRegistry !== undefined && { imageRegistry: environment.imageRegistry }),
    where,
  };
}

const elsewhere = ({ agents }: Tenant): readonly string[] =>
  agents.filter((agent) => !runsHere(agent)).map(({ id }) => id);

/** The agent that a host of the tenant's is for, unless one is named; undefined where `force` leaves it to the usual one. */
export function usualElsewhere({ tenant, where }: DeclaredTenant, force: boolean): string | undefined {
  const [only, ...others] = elsewhere(tenant);
  if (only !== undefined && others.length === 0) return only;
  if (force) return undefined;
  throw new UsageError(
    only === undefined
      ? `Tenant ${tenant.id} has no agent in ${where} that runs elsewhere, and those on the environment's own host run there already. ${ADD}`
      : `Tenant ${tenant.id} has ${others.length + 1} agents that run elsewhere. Say whose host it is: --client ${[only, ...others].join(" | ")}`,
  );
}

const ADD =
  "Add one to its agents in tenants.yaml ({ id: NAME, runs: elsewhere }), apply, and name it: --client NAME";

/** Throws UsageError where the agent stands still, or would run twice under one name. */
export function declaredOf({ where, ...known }: DeclaredTenant, clientId: string, force: boolean): Declared {
  const { tenant } = known;
  const agents: Readonly<Record<string, Agent>> = Object.fromEntries(
    tenant.agents.map((agent) => [agent.id, agent]),
  );
  const agent = pick("agent", `tenant ${tenant.id} of ${where}`, clientId, agents);
  if (agent.state === "suspended" || !isActive(tenant))
    throw new UsageError(
      `${agent.state === "suspended" ? `Agent ${clientId}` : `Tenant ${tenant.id}`} is suspended in ${where}: whatever it sends is refused and dropped. To let it in again: state: active in tenants.yaml, and apply.`,
    );
  if (runsHere(agent) && !force)
    throw new UsageError(
      `Agent ${clientId} runs on the environment's own host: beside it, a second Alloy would send under the same name and instance. ${ADD}. If you know that only one of them will run: --force.`,
    );
  return { ...known, agent };
}

/** To be said where `--force` let it pass. */
export const warningOf = ({
  declared,
  clientId,
}: Pick<Onboarding, "declared" | "clientId">): readonly string[] =>
  declared === undefined || !runsHere(declared.agent)
    ? []
    : [
        `${clientId} runs on the environment's own host too. Let only one of them run: two would send under one name and instance.`,
      ];
