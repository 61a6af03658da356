import { activeAndGone, agentsThatCannotGo, removalProblem } from "../../stack/removals";
import type { ClientId, TenantId } from "../../model/names";
import { runsHere } from "../../model/tenant";
import type { Side } from "./side";
import type { Refusal, ResourceChange } from "./types";

type State = Parameters<typeof removalProblem>[0];
type Listed = Parameters<typeof removalProblem>[1];

/** What an update would refuse, in its own sentences: as if the plan before were what runs. */
export function refusals(
  { before, after }: { readonly before: Side; readonly after: Side },
  resources: readonly ResourceChange[],
): readonly Refusal[] {
  const state = stateOf(before);
  const listed: Listed = after.plan.tenants.map(({ id, agents }) => ({
    id: id as TenantId,
    agents: agents.map(({ id: agent, runs }) => ({
      id: agent as ClientId,
      ...(runs !== undefined && { runs }),
    })),
  }));
  const gone = activeAndGone(state, listed);
  const agents = agentsThatCannotGo(state, listed);
  const said = new Set([...gone, ...agents.map(({ agent }) => agent)]);
  return [
    ...tenantsRemoved(state, listed, gone),
    ...agents.map(({ agent, tenant, kind }): Refusal => ({
      kind: kind === "moved" ? "agent-moved" : "agent-removed",
      ...{ agent, tenant, message: agentMessage(state, listed, agent) },
    })),
    ...resources
      .filter(({ action, protected: guarded }) => guarded && (action === "delete" || action === "replace"))
      .filter(({ tenant = "", process = "" }) => !said.has(tenant) && !said.has(process))
      .map(({ urn, name, action }): Refusal => ({
        kind: "protected",
        ...{ urn, name },
        message:
          `${name} is protected and would be ${action === "delete" ? "deleted" : "replaced"}. ` +
          `Where that is meant, take its protection away first: pulumi state unprotect '${urn}'.`,
      })),
  ];
}

/** Each tenant's and agent's outputs as an update leaves them behind: components/tenant.ts, agent.ts and client.ts. */
function stateOf({ plan }: Side): State {
  return Object.fromEntries(
    plan.tenants.flatMap(({ id, state, agents }) => [
      [`tenant ${id}`, { type: "atalaya:tenant:Tenant", outputs: { tenant: id, state } }],
      ...agents.map((agent) => {
        const sends = state === "active" && agent.state === "active";
        return [
          `agent ${agent.id}`,
          {
            type: runsHere(agent) ? "atalaya:tenant:Agent" : "atalaya:identity:Client",
            outputs: { agent: agent.id, tenant: id, state: sends ? "active" : "suspended" },
          },
        ] as const;
      }),
    ]),
  );
}

function tenantsRemoved(state: State, listed: Listed, gone: readonly string[]): readonly Refusal[] {
  if (gone.length === 0) return [];
  const tenants = Object.fromEntries(
    Object.entries(state).filter(([, { type }]) => type === "atalaya:tenant:Tenant"),
  );
  return [{ kind: "tenants-removed", tenants: gone, message: removalProblem(tenants, listed) ?? "" }];
}

function agentMessage(state: State, listed: Listed, agent: string): string {
  const own = state[`agent ${agent}`];
  return own === undefined ? "" : (removalProblem({ own }, listed) ?? "");
}
