import { describe, expect, it } from "vitest";
import { RangeTooLong } from "../../../src/auth/api/audit";
import { LokiUnavailable } from "../../../src/auth/trail/loki";
import { MOST } from "../../../src/auth/trail/read";
import { tenantOf } from "../redis/real";
import { ANSWERS, PLATFORM } from "./loki";
import { OneRedis } from "./one-redis";
import { drained, recorded } from "./world";

describe("the audit, read again", () => {
  const here = new OneRedis();

  it("reads page by page, the newest first, of one tenant and one action", async () => {
    const trail = await here.trail();
    const [mx, pe] = [tenantOf("mx"), tenantOf("pe")];
    const all = await recorded(trail, 25);
    await recorded(trail, 2, { tenant: pe.orgId });
    const [created] = await recorded(trail, 1, { action: "create_key" });
    await drained(trail);
    const seen: string[] = [];
    let cursor: string | undefined;
    const sizes: number[] = [];
    do {
      const page = await trail.read(mx, { limit: 10, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map(({ requestId }) => requestId));
      sizes.push(page.items.length);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(sizes).toEqual([10, 10, 6]);
    expect(seen).toEqual([...all, created].toReversed());
    const { items } = await trail.read(mx, { limit: 10, action: "create_key" });
    expect(items.map(({ requestId, action }) => [requestId, action])).toEqual([[created, "create_key"]]);
    expect((await trail.read(pe, { limit: 10 })).items.map(({ tenant }) => tenant)).toEqual([
      pe.orgId,
      pe.orgId,
    ]);
    const past = await trail.read(mx, { limit: 10, to: new Date(Date.now() - 3_600_000) });
    expect(past).toEqual({ items: [] });
  });

  it("is blinded by nothing that a tenant writes himself", async () => {
    const trail = await here.trail();
    const [requestId] = await recorded(trail, 1);
    await drained(trail);
    const [copy] = here.loki.copies;
    if (copy === undefined) throw new Error("there is no copy");
    const at = `${BigInt(Date.now() + 1_000) * 1_000_000n}`;
    const junk = { ...copy, at, line: { junk: "" } };
    for (let n = 0; n < 6_000; n++) here.loki.copies.push(junk);
    for (let n = 0; n < 40; n++) here.loki.copies.push({ ...copy, line: { junk: "x".repeat(250 * 1024) } });
    const { items } = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(items.map((item) => item.requestId)).toEqual([requestId]);
  });

  it("asks for no more than a thousand lines at once, and goes on beyond those of one time", async () => {
    const trail = await here.trail();
    const [requestId] = await recorded(trail, 1);
    await drained(trail);
    const at = `${BigInt(Date.now() + 1_000) * 1_000_000n}`;
    const [entry] = here.loki.entries;
    if (entry === undefined) throw new Error("there is no entry");
    for (let n = 0; n < 6_000; n++) here.loki.entries.push({ ...entry, at, line: { id: "forged" } });
    const { items } = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(items.map((item) => item.requestId)).toEqual([requestId]);
    const asked = here.loki.questions.map(({ searchParams }) => Number(searchParams.get("limit")));
    expect([asked[0], Math.max(...asked)]).toEqual([30, MOST]);
  });

  it("refuses a cursor that is none, and looks no further for one that somebody made himself", async () => {
    const trail = await here.trail();
    const mx = tenantOf("mx");
    for (const cursor of ["", "x", "1.2", `${"1".repeat(20)}.`, `${"1".repeat(19)}.x`])
      await expect(trail.read(mx, { limit: 10, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
    expect(here.loki.questions).toEqual([]);
    const to = new Date("2026-11-21T10:00:00Z");
    const from = new Date("2026-11-21T09:00:00Z");
    for (const cursor of [`${"9".repeat(19)}.a`, `${"9".repeat(19)}.`, `${"0".repeat(19)}.`])
      expect(await trail.read(mx, { limit: 10, to, from, cursor })).toEqual({ items: [] });
    const ends = here.loki.questions.map(({ searchParams }) => searchParams.get("end"));
    expect(ends).toEqual([`${to.getTime()}000000`, `${to.getTime()}000000`]);
  });

  it("shows no line that is no record, and ends although there are many", async () => {
    const trail = await here.trail();
    await recorded(trail, 1);
    await drained(trail);
    const at = (n: number) => `${(BigInt(Date.now()) + 1_000n) * 1_000_000n + BigInt(n)}`;
    for (let n = 0; n < 400; n++)
      here.loki.entries.push({
        orgId: PLATFORM,
        labels: { job: "audit_logs", tenant_id: "tenant-mx" },
        at: at(n),
        line: { id: "forged" },
      });
    const first = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(first.items).toEqual([]);
    expect(here.loki.questions).toHaveLength(5);
    let { next } = first;
    const found: unknown[] = [];
    for (let page = 0; page < 10 && next !== undefined; page++) {
      const more = await trail.read(tenantOf("mx"), { limit: 10, cursor: next });
      found.push(...more.items);
      next = more.next;
    }
    expect(found).toHaveLength(1);
    expect(next).toBeUndefined();
  });

  it("says that Loki is away to who wants to read", async () => {
    const problems: string[] = [];
    const trail = await here.trail({ onProblem: (problem) => problems.push(problem) });
    await here.loki.close();
    await expect(trail.read(tenantOf("mx"), { limit: 10 })).rejects.toEqual(
      new LokiUnavailable("ECONNREFUSED"),
    );
    expect(problems).toEqual(["the audit cannot be read: ECONNREFUSED"]);
  });

  it("tells a range that is too long from a Loki that does not answer, and reads what Loki answered", async () => {
    const trail = await here.trail();
    const read = (limit = 10) => trail.read(tenantOf("mx"), { limit });
    here.loki.refuse = ANSWERS.range;
    await expect(read()).rejects.toBeInstanceOf(RangeTooLong);
    here.loki.refuse = ANSWERS.many;
    await expect(read()).rejects.toEqual(new LokiUnavailable(`status 400: ${ANSWERS.many.body}`));
    for (const body of ["", "{", '{"data":{"resultType":"matrix","result":[]}}', "x".repeat(9 * 1024 ** 2)]) {
      here.loki.refuse = { status: 200, body };
      await expect(read()).rejects.toBeInstanceOf(LokiUnavailable);
    }
    // Two lines that are no records, as they were recorded.
    here.loki.refuse = ANSWERS.found;
    expect(await read()).toEqual({ items: [] });
  });

  it("looks back by hours first, and by days while a page is not full", async () => {
    const trail = await here.trail();
    const to = new Date("2026-11-21T10:00:00Z");
    await trail.read(tenantOf("mx"), { limit: 10, to, from: new Date("2026-11-10T10:00:00Z") });
    const asked = here.loki.questions.map(({ searchParams }) => [
      searchParams.get("query"),
      ...["start", "end"].map((name) => new Date(Number(searchParams.get(name)?.slice(0, 13))).toISOString()),
    ]);
    const query = '{job="audit_logs", tenant_id="tenant-mx"}';
    expect(asked).toEqual([
      [query, "2026-11-21T04:00:00.000Z", "2026-11-21T10:00:00.000Z"],
      [query, "2026-11-14T04:00:00.000Z", "2026-11-21T04:00:00.000Z"],
      [query, "2026-11-10T10:00:00.000Z", "2026-11-14T04:00:00.000Z"],
    ]);
  });
});
