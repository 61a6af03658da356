import * as pulumi from "@pulumi/pulumi";
import { runsHere, type Agent, type Tenant } from "../model/tenant";
import { readState, type StateOutputs } from "./state";

type Listed = Pick<Tenant, "id"> & { readonly agents: readonly Pick<Agent, "id" | "runs">[] };

const TENANT = "atalaya:tenant:Tenant";
const AGENT = "atalaya:tenant:Agent";
/** Of an agent that runs elsewhere it is all there is, and says what an agent says of itself. */
const CLIENT = "atalaya:identity:Client";

/** Tenants that were active at the last update and are not in the list any more. Sorted. */
export function activeAndGone(
  state: StateOutputs,
  tenants: readonly Pick<Tenant, "id">[],
): readonly string[] {
  const listed = new Set<unknown>(tenants.map(({ id }) => id));
  return outputsOf(state, TENANT)
    .flatMap((outputs) => (outputs["state"] === "active" ? [outputs["tenant"]] : []))
    .filter((tenant) => typeof tenant === "string")
    .filter((tenant) => !listed.has(tenant))
    .sort();
}

export interface AgentProblem {
  readonly agent: string;
  readonly tenant: string;
  /**
   * `removed`: it sent until now, its tenant is still listed, it is not. `left`: it is listed, but as one that runs elsewhere.
   * `moved`: it is listed for another tenant.
   */
  readonly kind: "removed" | "left" | "moved";
  /** It ran on a machine of the tenant's until now: that machine holds its queue and its secret. */
  readonly elsewhere: boolean;
}

/** Agents that cannot go as they would: with a queue that nobody sends, or with one tenant's queue to another. Sorted. */
export function agentsThatCannotGo(state: StateOutputs, tenants: readonly Listed[]): readonly AgentProblem[] {
  const listed = new Set<unknown>(tenants.map(({ id }) => id));
  const owners = new Map<unknown, string>(
    tenants.flatMap(({ id, agents }) => agents.map((agent) => [agent.id, id] as const)),
  );
  const here = new Set<unknown>(tenants.flatMap(({ agents }) => agents.filter(runsHere).map(({ id }) => id)));
  return agentsOf(state)
    .flatMap(({ agent, tenant, sent, elsewhere }): readonly AgentProblem[] => {
      const owner = owners.get(agent);
      const problem = (kind: AgentProblem["kind"]) => [{ agent, tenant, kind, elsewhere }];
      if (owner === tenant) return elsewhere || here.has(agent) || !sent ? [] : problem("left");
      // Its volume and its client keep their names: the new tenant's agent would send what the old one's has left, and the old
      // one's machine would send to the new tenant.
      if (owner !== undefined) return problem("moved");
      return sent && listed.has(tenant) ? problem("removed") : [];
    })
    .sort((a, b) => (a.agent < b.agent ? -1 : 1));
}

/** Every agent of the last update, by what its own component or, of one elsewhere, its client's says. */
const agentsOf = (state: StateOutputs) =>
  [AGENT, CLIENT].flatMap((type) =>
    outputsOf(state, type).flatMap(({ agent, tenant, state: was }) =>
      typeof agent === "string" && typeof tenant === "string"
        ? [{ agent, tenant, sent: was === "active", elsewhere: type === CLIENT }]
        : [],
    ),
  );

const outputsOf = (state: StateOutputs, type: string) =>
  Object.values(state).flatMap((one) =>
    one.type === type && one.outputs !== undefined ? [one.outputs] : [],
  );

/** Everything that must not be removed yet, in sentences with their remedies; undefined when nothing is wrong. */
export function removalProblem(state: StateOutputs, tenants: readonly Listed[]): string | undefined {
  const problems = [
    ...tenantsGone(activeAndGone(state, tenants)),
    ...agentsThatCannotGo(state, tenants).map(agentGone),
  ];
  return problems.length === 0 ? undefined : problems.join("\n");
}

function tenantsGone(gone: readonly string[]): readonly string[] {
  if (gone.length === 0) return [];
  const [who, have, are] = gone.length === 1 ? ["it", "has", "is"] : ["them", "have", "are"];
  return [
    `${gone.join(", ")} ${have} been active until now and ${are} not in the tenant list any more. ` +
      `Removing deletes dashboards, clients and queued data: first suspend ${who} (state: suspended), update, and then remove ${who}.`,
  ];
}

function agentGone({ agent, tenant, kind, elsewhere }: AgentProblem): string {
  switch (kind) {
    case "removed":
      if (elsewhere)
        return (
          `The agent ${agent} of ${tenant}, which runs elsewhere, has been active until now and is not in the tenant list any more. ` +
          `Removing deletes its client, and its machine drops what it holds: first stop it there, list it as suspended ` +
          `(agents: [{ id: ${agent}, runs: elsewhere, state: suspended }]), update, and then remove it.`
        );
      return (
        `The agent ${agent} of ${tenant} has been active until now and is not in the tenant list any more. Removing deletes what it has queued: ` +
        `first list it as suspended (agents: [{ id: ${agent}, state: suspended }]), update, and then remove it.`
      );
    case "left":
      return (
        `The agent ${agent} of ${tenant} has been active here until now and is to run elsewhere. Its container goes with what it has queued: ` +
        `first suspend it (state: suspended), update, and then write "runs: elsewhere".`
      );
    case "moved":
      return (
        `The agent ${agent} has been ${tenant}'s until now and is listed for another tenant, which would be sent ` +
        `${elsewhere ? `what its machine sends on with the same secret` : "what is left in its queue"}. ` +
        `Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.`
      );
    default:
      return kind satisfies never;
  }
}

/**
 * Throws when an active tenant or agent is to be removed. In a preview the engine says so itself, because its anchor or its
 * queue is protected; but an update without one (`--skip-preview`, the Automation API) would first take it off the lists,
 * delete its organisation and its clients, and only then come to what is protected.
 */
export async function refuseRemovals(tenants: readonly Listed[]): Promise<void> {
  if (pulumi.runtime.isDryRun()) return;
  // Of the state only what components/tenant.ts, agent.ts and client.ts say of themselves is read.
  const problem = removalProblem(await readState(), tenants);
  if (problem !== undefined) throw new pulumi.RunError(problem);
}
