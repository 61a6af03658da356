import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { usualAnswer } from "../../../src/lab/backends/answers";
import type { Lab } from "../../../src/lab/lab";
import type { Tenant } from "../../../src/model/tenant";
import { READS, WRITES } from "../isolation/world";
import { sharedLab } from "../shared";
import { plantItems, withAgents, withPeople } from "./actors";
import { CREDENTIALS, NAMED, RULES } from "./table";
import { roomy, tryAll } from "./tries";
import { verbOf, type Actor, type Wanted } from "./try";

/** Of problems: more say nothing more. */
const SHOWN = 40;

let lab: Lab;
let shipped: readonly Tenant[];
let actors: readonly Actor[];
beforeAll(async () => {
  lab = await sharedLab();
  shipped = lab.tenants;
  await lab.applyTenants(roomy(shipped));
  const agents = await withAgents(
    lab,
    shipped.map(({ id }) => id),
  );
  actors = await withPeople(lab, agents);
  lab.store.clear();
  await plantItems(lab, actors);
}, 180_000);
afterEach(() => {
  for (const backend of Object.values(lab.backends)) backend.answer = undefined;
});
afterAll(async () => {
  lab.store.clear();
  await lab.applyTenants(shipped);
});

/** Both entries of a path that API keys have their own for are one way: whose entry it is, the credential decides. */
const ways = [...WRITES, ...READS].flatMap((route) =>
  route.listeners.map((listener) => ({ route, listener })),
);

const everything = (): readonly Wanted[] =>
  actors.flatMap((who) =>
    actors.flatMap((whose) =>
      ways.flatMap((way) =>
        CREDENTIALS.flatMap((credential) =>
          NAMED.map((named) => ({ ...way, who, whose, credential, named })),
        ),
      ),
    ),
  );

/** How many tries there are and how many arrive, counted from the table: 9 pairs, 3 of them a tenant with itself. */
function counted() {
  const by = (verb: string): number => ways.filter(({ route }) => verbOf(route) === verb).length;
  const arrive = RULES.map(
    ({ verb, foreign, own }) =>
      ((foreign === "as himself" ? 6 : 0) + (own === "as himself" ? 3 : 0)) * by(verb),
  );
  return {
    tries: RULES.reduce((sum, { verb }) => sum + 9 * by(verb), 0),
    arrived: arrive.reduce((sum, some) => sum + some, 0),
  };
}

describe("every tenant with every tenant's data", () => {
  it("has a table that says each thing once", () => {
    const known = RULES.map(({ credential, verb, named }) => `${credential} ${verb} ${named}`);
    const all = CREDENTIALS.flatMap((credential) =>
      (["writes", "reads"] as const).flatMap((verb) =>
        NAMED.map((named) => `${credential} ${verb} ${named}`),
      ),
    );
    expect(known).toEqual(all);
  });

  it("by every route, credential and header, all at once: exactly what the table says, and nothing else arrives", async () => {
    const wanted = everything();
    const { problems, ...counts } = await tryAll(lab, wanted);
    console.info(
      `${counts.tries} tries by ${ways.length} ways in ${actors.length ** 2} pairs, ${counts.arrived} reached a backend`,
    );
    expect(problems.slice(0, SHOWN)).toEqual([]);
    expect(counts).toEqual(counted());
  }, 120_000);
});

describe("what goes wrong behind the edge is seen", () => {
  const some = (id: string): readonly Wanted[] => everything().filter(({ route }) => route.id === id);

  it("a backend that stores for another tenant", async () => {
    lab.backends.loki.answer = (asked) => {
      if (asked.kind === "write" && asked.tenant === "tenant-pe")
        Object.assign(asked, { tenant: "tenant-mx" });
      return undefined;
    };
    const { problems } = await tryAll(lab, some("loki-push"));
    // By its agent's token, whoever it names, and by its own key: for nobody twice, and for itself.
    expect(problems).toHaveLength(9 + 3 + 1);
    expect(new Set(problems.map((line) => line.replace(/^.*: /, "")))).toEqual(
      new Set(["arrived for [tenant-mx], not for [tenant-pe]"]),
    );
  }, 60_000);

  it("a backend that reads for another tenant", async () => {
    lab.backends.tempo.answer = (asked) =>
      asked.tenant === "tenant-pe" && asked.kind === "read"
        ? usualAnswer({ ...asked, tenant: "tenant-mx" }, lab.store)
        : undefined;
    const { problems } = await tryAll(lab, some("tempo-search"));
    const seen = [...new Set(problems.map((line) => line.replace(/,.*: /, ": ")))].sort();
    expect(seen).toEqual([
      "pe with data of mx: finds the other's data",
      "pe with data of pe: does not find its own data",
    ]);
  }, 60_000);
});
