import { OPERATORS_GROUP, tenantGroup, type Signal, type TenantId } from "../../model/names";
import { ROLES } from "../../model/roles";
import type { Verb } from "../../model/routes";
import { OPERATORS, type DeclaredClient, type Evidence, type ListedKey, type ListedTenant } from "./evidence";
import { foreignReason, operatorReason, ownReason } from "./reasons";

export const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
export const VERBS: readonly Verb[] = ["write", "read"];
export interface Cell {
  readonly signal: Signal;
  readonly verb: Verb;
  readonly allowed: boolean;
  /** Why: which credentials, and what decides about them. */
  readonly reason: string;
}

/** Who reaches whose data, for any number of tenants: cells are made when they are asked for. */
export interface Isolation {
  /** Sorted by id. */
  readonly tenants: readonly ListedTenant[];
  /** Six cells: what one's own credentials may do with the data of the other. */
  readonly cells: (by: string, whose: string) => readonly Cell[];
  /** Tenants whose data this one's credentials reach though it is not theirs: none, as long as tenants are apart. */
  readonly leaks: (by: string) => readonly string[];
  /** Whether somebody without a credential reaches anything: routes without a verifier. */
  readonly open: readonly string[];
  readonly operators: Operators;
}

export interface Operators {
  readonly group: boolean;
  readonly keys: readonly ListedKey[];
  /** What they may do with a tenant's data. */
  readonly cells: (whose: string) => readonly Cell[];
}

/** All that one tenant's people and programs, or the operators, can show to the edge. */
export interface Holder {
  readonly tenant: ListedTenant;
  /** Of whom its people may read: the auth service knows operators by their group. */
  readonly reads: "own" | "all";
  readonly agents: readonly DeclaredClient[];
  readonly services: readonly DeclaredClient[];
  readonly keys: readonly ListedKey[];
  /** Of its groups those that the realm has. */
  readonly groups: readonly string[];
}

/** Which of a holder's credentials open an organisation, for one signal and verb. */
export interface Ways {
  readonly agents: readonly string[];
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  /** The edge has routes that nobody checks. */
  readonly unchecked: readonly string[];
  /** Routes by which the allowed credentials get there, each once. */
  readonly routes: readonly string[];
}

export function isolation(evidence: Evidence): Isolation {
  const tenants = [...(evidence.directory ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));
  const holders = holdersOf(evidence, tenants);
  const byOrg = new Map(tenants.map((tenant) => [tenant.orgId, tenant.id]));
  const judge = new Judge(evidence);
  const open = evidence.routes.filter(({ verifier }) => verifier === "none").map(({ id }) => id);
  const operators = operatorsOf(evidence);
  const cellsOf = (
    holder: Holder,
    whose: Holder | undefined,
    why: (verb: Verb, ways: Ways, whose: ListedTenant) => string,
  ): readonly Cell[] =>
    SIGNALS.flatMap((signal) =>
      VERBS.flatMap((verb) => {
        if (whose === undefined) return [];
        const ways = judge.ways(holder, whose.tenant, signal, verb);
        return { signal, verb, allowed: isAllowed(ways), reason: why(verb, ways, whose.tenant) };
      }),
    );
  return {
    tenants,
    cells: (by, whose) => {
      const holder = holders.get(by);
      if (holder === undefined) return [];
      return cellsOf(holder, holders.get(whose), (verb, ways) =>
        by === whose ? ownReason(holder, verb, ways, evidence) : foreignReason(holder, verb, ways),
      );
    },
    leaks: (by) => leaks(holders.get(by), judge, byOrg, tenants),
    open: [...new Set(open)],
    operators: {
      group: operators.groups.length > 0,
      keys: operators.keys,
      cells: (whose) =>
        cellsOf(operators, holders.get(whose), (verb, ways, tenant) =>
          operatorReason(operators, tenant, verb, ways),
        ),
    },
  };
}

const operatorsOf = ({ groups, keys }: Evidence): Holder => ({
  tenant: { id: OPERATORS, orgId: "", state: "active" },
  reads: "all",
  ...{ agents: [], services: [] },
  keys: keys.filter(({ holders }) => holders.includes(OPERATORS)),
  groups: groups.has(OPERATORS_GROUP) ? [OPERATORS_GROUP] : [],
});

export const isAllowed = ({ agents, keys, groups, unchecked }: Ways): boolean =>
  agents.length + keys.length + groups.length + unchecked.length > 0;

/** Only organisations that some credential names can be reached; asking for those alone keeps a large list quick. */
function leaks(
  holder: Holder | undefined,
  judge: Judge,
  byOrg: ReadonlyMap<string, string>,
  tenants: readonly ListedTenant[],
): readonly string[] {
  if (holder === undefined) return [];
  const named = judge.isOpen
    ? tenants.map(({ id }) => id)
    : [...holder.agents.flatMap(({ claims }) => claims), ...holder.keys.map(({ orgId }) => orgId)].flatMap(
        (org) => byOrg.get(org) ?? [],
      );
  const own = holder.tenant.id;
  return [...new Set(named)].filter((id) => {
    const tenant = tenants.find((one) => one.id === id);
    if (id === own || tenant === undefined) return false;
    return SIGNALS.some((signal) =>
      VERBS.some((verb) => isAllowed(judge.ways(holder, tenant, signal, verb))),
    );
  });
}

function holdersOf(
  { clients, keys, groups }: Evidence,
  tenants: readonly ListedTenant[],
): ReadonlyMap<string, Holder> {
  const clientsBy = Map.groupBy(clients, ({ tenant }) => tenant);
  const keysBy = Map.groupBy(
    keys.flatMap((key) => key.holders.map((holder) => ({ holder, key }))),
    ({ holder }) => holder,
  );
  return new Map(
    tenants.map((tenant) => {
      const own = clientsBy.get(tenant.id) ?? [];
      const holder: Holder = {
        ...{ tenant, reads: "own" },
        agents: own.filter(({ service }) => !service),
        services: own.filter(({ service }) => service),
        keys: (keysBy.get(tenant.id) ?? []).map(({ key }) => key),
        groups: ROLES.map((role) => `${tenantGroup(tenant.id as TenantId)}/${role}`).filter((group) =>
          groups.has(group),
        ),
      };
      return [tenant.id, holder] as const;
    }),
  );
}

/** Decides as the edge and the auth service do, from what they were given. */
class Judge {
  readonly isOpen: boolean;
  readonly #routes: ReadonlyMap<string, Evidence["routes"]>;

  constructor(readonly evidence: Evidence) {
    this.#routes = Map.groupBy(evidence.routes, ({ right }) =>
      right !== undefined && "signal" in right ? `${right.signal}:${right.verb}` : "",
    );
    this.isOpen =
      evidence.bindings === undefined || evidence.routes.some(({ verifier }) => verifier === "none");
  }

  ways(holder: Holder, whose: ListedTenant, signal: Signal, verb: Verb): Ways {
    const routes = this.#routes.get(`${signal}:${verb}`) ?? [];
    const byToken = routes.filter(({ verifier }) => verifier === "agentJwt");
    const asked = routes.filter(({ verifier }) => verifier === "authService");
    const unchecked = routes.filter(({ verifier }) => verifier === "none").map(({ id }) => id);
    const active = whose.state === "active";
    const agents = byToken.length === 0 ? [] : this.#agents(holder, whose.orgId);
    const keys =
      asked.length === 0 || !active
        ? []
        : holder.keys
            .filter(({ orgId, rights }) => orgId === whose.orgId && rights.includes(`${signal}:${verb}`))
            .map(({ id }) => id);
    const people = verb === "read" && active && asked.some(({ key }) => !key);
    // The auth service takes the tenant out of the group's path and nothing else; operators ask for any.
    const groups = people && (holder.reads === "all" || holder.tenant.id === whose.id) ? holder.groups : [];
    const used = [
      ...(agents.length > 0 ? byToken : []),
      ...(keys.length > 0 || groups.length > 0 ? asked : []),
    ];
    return { agents, keys, groups, unchecked, routes: [...new Set(used.map(({ id }) => id))] };
  }

  /** Agents whose token carries that organisation, and whom the edge's list lets in with it. */
  #agents({ agents }: Holder, orgId: string): readonly string[] {
    const { bindings } = this.evidence;
    return agents
      .filter(
        ({ clientId, enabled, claims }) =>
          enabled &&
          claims.includes(orgId) &&
          (bindings === undefined || bindings.has(`${clientId}|${orgId}`)),
      )
      .map(({ clientId }) => clientId);
  }
}
