import { describe, expect, it } from "vitest";
import { kinds, probe } from "../../src/client/probes";
import {
  matrixOf,
  planPairs,
  type Finding,
  type Matrix,
  type Observation,
  type Outcome,
  type Way,
} from "../../src/client/tenant-matrix";
import { FakeWorld, tenantsOf, type Faults } from "./matrix-edge";

const HTTP = ["otlp-http-traces", "otlp-http-metrics", "otlp-http-logs"];

async function check(faults: Faults = {}, tenants = tenantsOf(3), all = false): Promise<Matrix> {
  const { pairs } = planPairs(tenants.map(({ id }) => id));
  const options = { tenants, pairs, kinds: kinds(all), waitMs: 600, perSecond: Infinity };
  return matrixOf(tenants, await probe(new FakeWorld(tenants, faults), options));
}

const found = ({ findings }: Matrix) =>
  [...new Set(findings.map(({ verdict, who, words }) => `${verdict}: ${who} ${words}`))].sort();
const ways = (findings: readonly Finding[]) => [...new Set(findings.map(({ by }) => by))];

describe("an environment in which tenants are apart", () => {
  it("is right in every cell", async () => {
    const { cells, findings, worst } = await check();
    expect([cells.length, findings, worst]).toEqual([9, [], "right"]);
  });

  it("is asked each thing once", async () => {
    const tenants = tenantsOf(2);
    const { pairs } = planPairs(["t00", "t01"]);
    const seen = await probe(new FakeWorld(tenants), {
      tenants,
      pairs,
      kinds: kinds(true),
      waitMs: 600,
      perSecond: Infinity,
    });
    const asked = seen.map(({ who, whose, way, by }) => `${who} ${whose} ${way} ${by}`);
    expect(new Set(asked).size).toBe(asked.length);
    const ofPair = seen.filter(({ who, whose }) => who === "t00" && whose === "t01");
    const counts = Object.entries(Object.groupBy(ofPair, ({ way }) => way)).map(([way, all]) => [
      way,
      all.length,
    ]);
    expect(Object.fromEntries(counts)).toEqual({ read: 8, readFor: 9, writeFor: 8, planted: 8, landed: 8 });
  });

  it("is right by every signal and transport, and for one tenant alone", async () => {
    expect((await check({}, tenantsOf(2), true)).worst).toBe("right");
    expect(kinds(true).map(({ route }) => route.id)).toEqual([
      ...["otlp-grpc-traces", "otlp-grpc-metrics", "otlp-grpc-logs"],
      ...HTTP,
      ...["loki-push", "prometheus-push"],
    ]);
    expect(await check({}, tenantsOf(1))).toMatchObject({ cells: [{ verdict: "right" }], worst: "right" });
  });

  it("waits for data that are found late", async () => {
    expect((await check({ slow: 1 }, tenantsOf(2))).worst).toBe("right");
  });

  it("with a suspended tenant is right when that can do nothing", async () => {
    expect(await check({}, tenantsOf(3, [1]))).toMatchObject({ findings: [], worst: "right" });
    expect(await check({}, tenantsOf(1, [0]))).toMatchObject({ findings: [], worst: "right" });
  });

  it("does not take one tenant's mark for another's, however many there are", async () => {
    expect((await check({}, tenantsOf(13))).findings).toEqual([]);
  });
});

describe("a leak", () => {
  it("is seen when somebody's own credential finds another's data", async () => {
    const matrix = await check({ readLeak: { who: "tenant-t01", whose: "tenant-t00" } });
    expect(found(matrix)).toEqual([
      // What t00 wrote stayed its own: t01 reads that as well.
      "leak: t00 writes with t01's X-Scope-OrgID, and t01 finds it",
      "leak: t01 reads t00's data with its own credential",
    ]);
    expect(ways(matrix.findings)).toEqual(HTTP);
    expect(matrix.worst).toBe("leak");
    const leaking = matrix.cells.filter(({ verdict }) => verdict === "leak");
    expect(leaking.map(({ who, whose }) => `${who} ${whose}`).sort()).toEqual(["t00 t01", "t01 t00"]);
  });

  it("is seen when the header is believed, of everybody who tries", async () => {
    const matrix = await check({ headerLeak: { whose: "tenant-t02" } });
    expect(found(matrix)).toEqual([
      "leak: t00 reads t02's data by asking with X-Scope-OrgID",
      "leak: t01 reads t02's data by asking with X-Scope-OrgID",
    ]);
    expect(ways(matrix.findings)).toEqual(HTTP.map((id) => `${id}, theirs`));
  });

  it("is seen when the header is believed only with several tenants in it", async () => {
    const matrix = await check({ headerLeak: { whose: "tenant-t02", joined: true } });
    expect(ways(matrix.findings).filter((by) => by.startsWith("otlp-http-logs"))).toEqual([
      "otlp-http-logs, theirs|own",
      "otlp-http-logs, own|theirs",
    ]);
    expect(matrix.worst).toBe("leak");
  });

  it("is seen when the header steers what is written", async () => {
    const matrix = await check({ writeLeak: { whose: "tenant-t00" } });
    expect(found(matrix)).toEqual([
      "leak: t01 writes with t00's X-Scope-OrgID, and t00 finds it",
      "leak: t02 writes with t00's X-Scope-OrgID, and t00 finds it",
    ]);
    expect(matrix.worst).toBe("leak");
  });
});

describe("what is no leak and not as it must be", () => {
  it("a header that is not refused", async () => {
    expect(found(await check({ headerIgnored: true }, tenantsOf(2)))).toEqual([
      "wrong: t00 was not refused for asking with t01's X-Scope-OrgID",
      "wrong: t01 was not refused for asking with t00's X-Scope-OrgID",
    ]);
  });

  it("tenants that cannot write: nobody tries pairs then", async () => {
    const tenants = tenantsOf(2);
    const { pairs } = planPairs(["t00", "t01"]);
    const world = new FakeWorld(tenants, { deaf: true });
    const seen = await probe(world, { tenants, pairs, kinds: kinds(false).slice(0, 1), waitMs: 0 });
    const matrix = matrixOf(tenants, seen);
    expect(found(matrix)).toEqual([
      "wrong: t00 cannot read its own data",
      "wrong: t00 cannot write its own data",
      "wrong: t01 cannot read its own data",
      "wrong: t01 cannot write its own data",
    ]);
    expect(matrix.findings[0]?.detail).toBe("503 unavailable");
    expect(matrix.cells).toHaveLength(2);
  });

  it("a suspended tenant that may still write and read", async () => {
    const matrix = await check({ suspensionIgnored: true }, tenantsOf(2, [0]));
    expect(found(matrix)).toContain("wrong: t00 is suspended, and may still write");
    expect(found(matrix)).toContain("wrong: t00 is suspended, and may still read");
    expect(matrix.worst).toBe("wrong");
  });
});

describe("what proves nothing", () => {
  const refusal = (detail: string): Observation => ({
    ...{ who: "s", whose: "s", way: "read", by: "route", outcome: "refused" },
    detail,
  });
  const suspended = [{ id: "s", state: "suspended" }] as const;

  it.each([
    ["403 tenant_denied", "right"],
    ["Keycloak gives agent-s no token: 401 invalid_client", "right"],
    // Of a tenant that may be as active as ever, by outputs of long ago.
    ["401 key_invalid", "unproven"],
    ["Keycloak gives agent-s no token: 401 unauthorized_client. The secret ...", "unproven"],
  ])("a suspended tenant's credential that is answered %s is %s", (detail, verdict) => {
    expect(matrixOf(suspended, [refusal(detail)]).worst).toBe(verdict);
  });

  it("a tenant without an agent, of its own data: others are tried with it all the same", async () => {
    const [first, ...others] = tenantsOf(3);
    if (first === undefined) throw new Error("no tenant");
    const some = [{ ...first, clients: [] }, ...others];
    const matrix = await check({}, some);
    expect([matrix.worst, matrix.findings, matrix.cells.length]).toEqual(["right", [], 8]);
    const leak = await check({ readLeak: { who: first.organisation, whose: "tenant-t01" } }, some);
    expect(found(leak)).toContain("leak: t00 reads t01's data with its own credential");
    const nobody = tenantsOf(2).map((tenant) => ({ ...tenant, clients: [] }));
    expect((await check({}, nobody)).worst).toBe("wrong");
  });
});

describe("one observation", () => {
  const tenants = [
    { id: "a", state: "active" },
    { id: "b", state: "active" },
    { id: "s", state: "suspended" },
  ] as const;
  const judged = (seen: Omit<Observation, "by">): string =>
    matrixOf(tenants, [{ ...seen, by: "route" }]).worst;
  const outcomes: readonly Outcome[] = ["done", "absent", "refused", "failed"];
  const rules: readonly (readonly [string, string, Way, string])[] = [
    ["a", "a", "write", "right wrong wrong wrong"],
    ["a", "a", "read", "right wrong wrong wrong"],
    ["a", "b", "read", "leak right right unproven"],
    ["a", "b", "readFor", "leak wrong right unproven"],
    ["a", "b", "writeFor", "right right right unproven"],
    ["a", "b", "planted", "leak right right unproven"],
    ["a", "b", "landed", "right wrong wrong unproven"],
    ["s", "s", "write", "wrong wrong right unproven"],
    ["s", "s", "read", "wrong wrong right unproven"],
    ["s", "a", "read", "leak wrong right unproven"],
    ["s", "a", "readFor", "leak wrong right unproven"],
    ["s", "a", "writeFor", "wrong wrong right unproven"],
    ["s", "a", "planted", "leak right right right"],
  ];
  it.each(rules)(
    "of %s about %s's data, %s, done, absent, refused, failed: %s",
    (who, whose, way, verdicts) => {
      expect(outcomes.map((outcome) => judged({ who, whose, way, outcome })).join(" ")).toBe(verdicts);
    },
  );
});

describe("pairs", () => {
  const ids = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => `t${String(index).padStart(4, "0")}`);

  it("are all of them for a few tenants, or when all are asked for", () => {
    expect(planPairs(ids(15))).toMatchObject({ possible: 210, pairs: { length: 210 } });
    expect(planPairs(ids(15)).rule).toBeUndefined();
    expect(planPairs(ids(40), { full: true }).pairs).toHaveLength(1_560);
  });

  it.each([16, 17, 30, 99, 1_000])("of %d tenants have each tried by four others, and try four", (count) => {
    const { pairs, possible, rule } = planPairs(ids(count));
    expect([pairs.length, possible]).toEqual([4 * count, count * (count - 1)]);
    expect(new Set(pairs.map(({ who, whose }) => `${who} ${whose}`)).size).toBe(4 * count);
    for (const side of ["who", "whose"] as const) {
      const sizes = [...Map.groupBy(pairs, (pair) => pair[side]).values()].map(({ length }) => length);
      expect([sizes.length, new Set(sizes)]).toEqual([count, new Set([4])]);
    }
    expect(pairs.filter(({ who, whose }) => who === whose)).toEqual([]);
    expect(rule).toMatch(/^each tenant by 4 others: /);
  });

  it("are those with a named tenant, in both roles", () => {
    const { pairs, rule } = planPairs(["a", "b", "c", "d"], { named: ["c"] });
    expect(pairs.map(({ who, whose }) => `${who} ${whose}`)).toEqual([
      ...["a c", "b c", "c a", "c b", "c d", "d c"],
    ]);
    expect(rule).toBe("every pair with c");
  });
});
