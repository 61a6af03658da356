import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authz } from "./authz";
import { serviceVerdicts, TABLE, type Case, type Verdict } from "./cases";
import type { Outcome, Refusal } from "./ledger";
import { known, type Known } from "./tokens";
import { each, READS, World, WRITES } from "./world";

const outcomeOf = (verdicts: readonly Verdict[]): Outcome => {
  const [tenant] = verdicts.filter((verdict) => verdict.startsWith("tenant-"));
  return tenant === undefined ? { refused: verdicts as readonly Refusal[] } : { as: tenant };
};

/** An agent reads nothing, and a key reads what is its own. */
const readVerdicts = (one: Case): readonly Verdict[] =>
  one.read !== undefined
    ? [one.read]
    : serviceVerdicts(one).map((verdict) => {
        if (verdict === "403 right_missing") return "tenant-mx";
        // What it cannot decide is Envoy's to say, whatever the reason.
        if (verdict.startsWith("503 ")) return "503 authorization_unavailable";
        return verdict.startsWith("tenant-") ? "403 right_missing" : verdict;
      });

describe("one decision table", () => {
  let world: World;
  let given: Known;
  beforeAll(async () => {
    world = await World.open();
    await world.forge.makeStrangeRealm();
    given = await known(world.forge);
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const queryOf = ({ query = "" }: Case): string =>
    query.replace("MX", given.mx).replaceAll("KEY", given.readKey);

  it("says why, where its two columns differ", () => {
    for (const { edge, service } of TABLE)
      if (service !== undefined) expect([service[0] === edge, service[1].length > 40]).toEqual([false, true]);
    expect(new Set(TABLE.map(({ row, what }) => `${row} ${what}`)).size).toBe(TABLE.length);
  });

  it("is what Envoy decides, on every route that writes", async () => {
    await each(
      TABLE.flatMap((one) => WRITES.map((route) => [one, route] as const)),
      async ([one, route]) => {
        await world.try({
          what: `${one.row}: ${one.what}`,
          route,
          credentials: await one.credentials(world, given),
          outcome: outcomeOf([one.edge]),
          query: queryOf(one),
        });
      },
    );
    await world.settle();
  }, 120_000);

  it("is what the auth service decides, on the same paths", async () => {
    const decided = new Map<string, Verdict>();
    await each(
      TABLE.flatMap((one) => WRITES.map(({ path }) => [one, path] as const)),
      async ([one, path]) => {
        const { row, what, credentials } = one;
        const verdict = await authz(
          world.lab,
          "POST",
          `${path}${queryOf(one)}`,
          await credentials(world, given),
        );
        if (!serviceVerdicts(one).includes(verdict)) decided.set(`${row}: ${what} | ${path}`, verdict);
      },
    );
    expect([...decided].slice(0, 40)).toEqual([]);
  }, 120_000);

  it("is what the edge decides on every route that reads, on each listener", async () => {
    await each(
      READS.flatMap((route) =>
        route.listeners.flatMap((listener, index) =>
          // Every case on one route of each backend; on the others one in each of the table's parts.
          TABLE.map((one, at) => ({ one, route, listener, at: at + index })),
        ),
      ).filter(({ route, at }) => WHOLE.includes(route.id) || at % SAMPLED === 0),
      async ({ one, route, listener }) => {
        await world.try({
          ...{ what: `${one.row}: ${one.what}`, route, listener },
          credentials: await one.credentials(world, given),
          outcome: outcomeOf(readVerdicts(one)),
          query: queryOf(one),
        });
      },
    );
    await world.settle();
  }, 120_000);
});

const WHOLE = ["mimir-query", "loki-query", "loki-tail", "tempo-search"];
const SAMPLED = 9;
