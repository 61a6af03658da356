import type { Limits, Retention } from "../../model/limits";
import type { Signal } from "../../model/names";
import { runsHere } from "../../model/tenant";
import type { Plan, PlannedAgent, PlannedContact, PlannedService, PlannedTenant } from "../plan";
import { byText, difference, textDifference, type Difference } from "./lists";
import { LIMIT_UNITS, SAMPLING_UNITS, type Unit } from "./quantities";
import type { PeopleOf } from "./people";
import type { RetentionChange, TenantChange, TenantChanges, Who } from "./types";

export interface TenantsInput {
  readonly before: Plan;
  readonly after: Plan;
  readonly people: { readonly before: PeopleOf; readonly after: PeopleOf };
}

/** What becomes of every tenant: those that stay as they are are left out. Sorted by id. */
export function tenantChanges({ before, after, people }: TenantsInput): readonly TenantChanges[] {
  const { gained, lost, both } = difference(before.tenants, after.tenants, ({ id }) => id);
  const moves = movesOf(before.tenants, after.tenants);
  const added = gained.map((tenant) =>
    whole(tenant, [{ kind: "added", tenant, ...people.after(tenant.id) }, ...came(moves, tenant.id)]),
  );
  const removed = lost.map((tenant) =>
    whole(tenant, [{ kind: "removed", tenant }, ...left(moves, tenant.id)]),
  );
  const changed = both.map(([was, is]) =>
    whole(is, [
      ...stateChanges(was, is),
      ...retentionChanges(was.retention, is.retention),
      ...limitChanges(was.limits, is.limits),
      ...samplingChanges(was, is),
      ...agentChanges(was, is, moves),
      ...serviceChanges(difference(was.services, is.services, ({ clientId }) => clientId)),
      ...contactChanges(difference(was.contacts, is.contacts, ({ name }) => name)),
      ...peopleChanges("groups", people.before(is.id).groups, people.after(is.id).groups),
      ...peopleChanges("users", people.before(is.id).users, people.after(is.id).users),
    ]),
  );
  return [...added, ...removed, ...changed]
    .filter(({ changes }) => changes.length > 0)
    .sort(byText(({ id }) => id));
}

const whole = ({ id, name }: PlannedTenant, changes: readonly TenantChange[]): TenantChanges => ({
  id,
  name,
  changes,
});

function stateChanges(was: PlannedTenant, is: PlannedTenant): readonly TenantChange[] {
  const agents = is.agents.map(({ id }) => id);
  const elsewhere = is.agents.filter((agent) => !runsHere(agent)).map(({ id }) => id);
  const kind = is.state === "suspended" ? "suspended" : "resumed";
  return [
    ...(was.state === is.state
      ? []
      : [{ kind, agents, ...(elsewhere.length > 0 && { elsewhere }) } as const]),
    ...(was.name === is.name ? [] : [{ kind: "renamed" as const, from: was.name, to: is.name }]),
    ...(was.plan === is.plan ? [] : [{ kind: "plan" as const, from: was.plan, to: is.plan }]),
  ];
}

function retentionChanges(was: Retention, is: Retention): readonly RetentionChange[] {
  const classes = [...new Set([...Object.keys(was.logs), ...Object.keys(is.logs)])].sort();
  const of = (signal: Signal, from: number, to: number): readonly RetentionChange[] =>
    from === to ? [] : [{ kind: "retention", signal, declared: "still", from, to }];
  return [
    ...of("metrics", was.metrics, is.metrics),
    ...classes.flatMap((logClass): readonly RetentionChange[] => {
      // Lines of a class that nobody declared are kept as those of programs are.
      const from = was.logs[logClass] ?? was.logs.application;
      const to = is.logs[logClass] ?? is.logs.application;
      const declared =
        was.logs[logClass] === undefined ? "now" : is.logs[logClass] === undefined ? "no-more" : "still";
      return from === to ? [] : [{ kind: "retention", signal: "logs", logClass, declared, from, to }];
    }),
    ...of("traces", was.traces, is.traces),
  ];
}

type Numbers = Readonly<Record<string, number>>;
type Units = Readonly<Record<string, Unit>>;

function steps(was: Numbers, is: Numbers, units: Units) {
  return Object.entries(units).flatMap(([field, unit]) => {
    const [from, to] = [was[field], is[field]];
    return from === undefined || to === undefined || from === to ? [] : [{ field, unit, from, to }];
  });
}

const numbers = (fields: object): Numbers => fields as Numbers;

const limitChanges = (was: Limits, is: Limits): readonly TenantChange[] =>
  (Object.keys(LIMIT_UNITS) as (keyof Limits)[]).flatMap((group) =>
    steps(numbers(was[group]), numbers(is[group]), LIMIT_UNITS[group]).map((step) => ({
      kind: "limit" as const,
      group,
      ...step,
    })),
  );

const samplingChanges = (was: PlannedTenant, is: PlannedTenant): readonly TenantChange[] =>
  steps(numbers(was.sampling), numbers(is.sampling), SAMPLING_UNITS).map((step) => ({
    kind: "sampling",
    ...step,
  }));

/** Agents that are another tenant's than before, by their ids. */
type Moves = ReadonlyMap<string, Move>;

interface Move {
  readonly from: Who;
  readonly to: Who;
  readonly was: PlannedAgent;
  readonly is: PlannedAgent;
}

function movesOf(before: readonly PlannedTenant[], after: readonly PlannedTenant[]): Moves {
  const owners = new Map(
    before.flatMap((tenant) => tenant.agents.map((was) => [was.id, { was, from: who(tenant) }] as const)),
  );
  return new Map(
    after.flatMap((tenant) =>
      tenant.agents.flatMap((is) => {
        const old = owners.get(is.id);
        return old === undefined || old.from.id === tenant.id
          ? []
          : [[is.id, { ...old, is, to: who(tenant) }] as const];
      }),
    ),
  );
}

export const who = ({ id, name }: Who): Who => ({ id, name });

const came = (moves: Moves, tenant: string): readonly TenantChange[] =>
  [...moves.values()].flatMap(({ from, to, is }) =>
    to.id === tenant ? [{ kind: "agent-came" as const, ...named(is), other: from }] : [],
  );

const left = (moves: Moves, tenant: string): readonly TenantChange[] =>
  [...moves.values()].flatMap(({ from, to, was }) =>
    from.id === tenant ? [{ kind: "agent-left" as const, ...named(was), other: to }] : [],
  );

function agentChanges(was: PlannedTenant, is: PlannedTenant, moves: Moves): readonly TenantChange[] {
  const { gained, lost, both } = difference(was.agents, is.agents, ({ id }) => id);
  const stood = ({ state }: PlannedAgent): boolean => state === "suspended";
  return [
    ...gained.map((agent): TenantChange => {
      const move = moves.get(agent.id);
      return move === undefined
        ? { kind: "agent-added", ...named(agent), suspended: stood(agent) }
        : { kind: "agent-came", ...named(agent), other: move.from };
    }),
    ...lost.map((agent): TenantChange => {
      const move = moves.get(agent.id);
      return move === undefined
        ? { kind: "agent-removed", ...named(agent), suspended: stood(agent) || was.state === "suspended" }
        : { kind: "agent-left", ...named(agent), other: move.to };
    }),
    ...both.flatMap(([old, now]): readonly TenantChange[] => [
      ...(old.state === now.state
        ? []
        : [
            { kind: now.state === "suspended" ? "agent-suspended" : "agent-resumed", ...named(now) } as const,
          ]),
      ...(isStale(old, now) ? [{ kind: "agent-stale", agent: now.id, tenant: is.id } as const] : []),
    ]),
  ];
}

const named = (agent: PlannedAgent) => ({
  agent: agent.id,
  ...(!runsHere(agent) && { elsewhere: true as const }),
});

/** Of a plan that was saved before there were digests, nothing is known. */
const isStale = ({ kit: old }: PlannedAgent, { kit: now }: PlannedAgent): boolean =>
  old !== undefined && now !== undefined && old !== now;

const serviceChanges = ({ gained, lost, both }: Difference<PlannedService>): readonly TenantChange[] => [
  ...gained.map(({ clientId, scopes }) => ({ kind: "service-added" as const, client: clientId, scopes })),
  ...lost.map(({ clientId, scopes }) => ({ kind: "service-removed" as const, client: clientId, scopes })),
  ...both.flatMap(([was, is]): readonly TenantChange[] => {
    const scopes = textDifference(was.scopes, is.scopes);
    return scopes.gained.length + scopes.lost.length === 0
      ? []
      : [{ kind: "scopes", client: is.clientId, ...scopes }];
  }),
];

const contactChanges = ({ gained, lost, both }: Difference<PlannedContact>): readonly TenantChange[] => [
  ...gained.map((contact) => ({ kind: "contact-added" as const, contact })),
  ...lost.map((contact) => ({ kind: "contact-removed" as const, contact })),
  ...both.flatMap(([from, to]): readonly TenantChange[] =>
    from.kind === to.kind && from.to === to.to ? [] : [{ kind: "contact-changed", from, to }],
  ),
];

function peopleChanges(
  kind: "groups" | "users",
  before: readonly string[],
  after: readonly string[],
): readonly TenantChange[] {
  const { gained, lost } = textDifference(before, after);
  return gained.length + lost.length === 0 ? [] : [{ kind, gained, lost }];
}
