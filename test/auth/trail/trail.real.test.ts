import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { RangeTooLong } from "../../../src/auth/api/audit";
import { LokiUnavailable } from "../../../src/auth/trail/loki";
import { waitUntil } from "../../servers";
import { RealRedis, tenantOf } from "../redis/real";
import { ANSWERS, FakeLoki, type PushedEntry } from "./loki";
import { drained, event, recorded, recording, started } from "./world";

const requestOf = ({ line }: PushedEntry) => line["request_id"];

describe("the trail of the audit, on one Redis", () => {
  let redis: RealRedis;
  let loki: FakeLoki;
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  beforeEach(async () => {
    loki = await FakeLoki.listen();
    await redis.asTester((client) => client.flushall());
  });
  afterEach(() => loki.close());
  const trailOf = async (...more: Parameters<typeof started> extends [unknown, unknown, ...infer Rest] ? Rest : never) => {
    const trail = started(redis.settings, loki.url, ...more);
    await recording(trail);
    return trail;
  }; // prettier-ignore

  it("brings a record to Loki under the tenant's id, and leaves nothing in Redis", async () => {
    const trail = await trailOf();
    const time = "2026-11-21T10:00:00.123Z";
    await trail.record(event({ time, requestId: "first" }));
    await trail.record(event({ time, requestId: "second", tenant: undefined, user: undefined, action: "issue_token", outcome: "denied" })); // prettier-ignore
    await drained(trail);
    const [first, second] = loki.entries.toSorted((one, other) => (one.at < other.at ? -1 : 1));
    const id = String(first?.line["id"]);
    expect(id).toMatch(/^1795255200123[0-9]{6}-[0-9a-f]{12}$/);
    expect(first).toEqual({
      orgId: "tenant-mx",
      labels: { job: "audit_logs", tenant_id: "tenant-mx", action: "get_key" },
      at: id.slice(0, 19),
      line: { id, time, action: "get_key", tenant: "tenant-mx", user: "somebody", outcome: "success", request_id: "first", target: "thresholds.cpu", seal: String(first?.line["seal"]) },
    }); // prettier-ignore
    expect(second).toMatchObject({
      orgId: "tenant-platform",
      labels: { job: "audit_logs", tenant_id: "tenant-platform", action: "issue_token" },
      line: { request_id: "second", outcome: "denied" },
    });
    expect(await trail.backlog()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, age: 0 });
    const kept = await redis.asTester((client) => client.keys("queue:{audit}:records:1*"));
    expect(kept).toEqual([]);
  });

  it("loses nothing and keeps the order while nobody listens where Loki is", async () => {
    await loki.close();
    const problems: string[] = [];
    const trail = await trailOf({ onProblem: (problem) => problems.push(problem) });
    const first = await recorded(trail, 1);
    await sleep(1_500);
    const all = [...first, ...(await recorded(trail, 299))];
    const { waiting, active, delayed, failed, age } = await trail.backlog();
    expect({ all: waiting + active, delayed, failed }).toEqual({ all: 300, delayed: 0, failed: 0 });
    // Of the oldest, whatever came later.
    expect(age).toBeGreaterThan(1.4);
    expect(problems).toEqual(["Loki takes no audit records: ECONNREFUSED"]);
    await loki.open();
    await drained(trail);
    const byTime = loki.entries.toSorted((one, other) => (one.at < other.at ? -1 : 1));
    expect(byTime.map(requestOf)).toEqual(all);
    // Those that were tried meanwhile, and no others: they may have come.
    const marked = loki.entries.filter(({ line }) => line["redelivered"] === true).map(requestOf);
    expect(marked.toSorted()).toEqual(all.slice(0, marked.length).toSorted());
    expect(marked.length).toBeLessThanOrEqual(5);
    expect(marked.length).toBeGreaterThan(0);
  });

  it("tries again what Loki answered with an error, after the others", async () => {
    const trail = await trailOf();
    let errors = 0;
    loki.respond = ({ line }) =>
      line["request_id"] === "bad" && errors++ < 4 ? { status: 500, body: "oops" } : ANSWERS.taken;
    await trail.record(event({ requestId: "bad" }));
    const others = await recorded(trail, 20);
    await drained(trail);
    expect(errors).toBe(5);
    expect(loki.entries.map(requestOf)).toHaveLength(21);
    expect(requestOf(loki.entries.at(-1) as PushedEntry)).toBe("bad");
    expect(new Set(loki.entries.map(requestOf))).toEqual(new Set(["bad", ...others]));
  });

  it("lets no tenant wait for one that may write no more", async () => {
    const trail = await trailOf();
    let full = true;
    loki.respond = ({ orgId }) => (orgId === "tenant-mx" && full ? ANSWERS.unlisted : ANSWERS.taken);
    await recorded(trail, 10);
    await recorded(trail, 10, { tenant: tenantOf("pe").orgId });
    await waitUntil("the other tenant", () => loki.entries.length === 10);
    await waitUntil("the first one", async () => (await trail.backlog()).delayed === 10);
    full = false;
    await drained(trail);
    expect(loki.entries).toHaveLength(20);
  });

  it("sets aside what Loki never takes, after five attempts, and drops it never", async () => {
    const problems: string[] = [];
    const trail = await trailOf({ onProblem: (problem) => problems.push(problem) });
    loki.respond = ({ line }) => (line["request_id"] === "poison" ? ANSWERS.long : ANSWERS.taken);
    await trail.record(event({ requestId: "poison" }));
    await recorded(trail, 5);
    await waitUntil("it to be set aside", async () => (await trail.backlog()).failed === 1);
    expect(loki.pushes).toBe(10);
    expect(loki.entries).toHaveLength(5);
    const { age, ...counts } = await trail.backlog();
    expect(counts).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 1 });
    expect(age).toBeGreaterThan(0);
    expect(problems).toEqual([
      expect.stringMatching(
        /^the audit record \S+ is set aside: status 400: max entry size '262144' bytes exceeded /,
      ),
    ]);
  });

  it.each(["behind", "old"] as const)(
    "brings what Loki takes no more at its own time (%s) at the present one",
    async (which) => {
      const trail = await trailOf();
      loki.respond = ({ at }) => (at < `${Date.now() - 60_000}000000` ? ANSWERS[which] : ANSWERS.taken);
      const time = "2026-11-21T10:00:00.000Z";
      const began = `${Date.now()}000000`;
      await trail.record(event({ time }));
      await drained(trail);
      expect(loki.entries).toHaveLength(1);
      expect(loki.entries[0]?.line).toMatchObject({ time, late: true });
      expect(loki.entries[0]?.line).not.toHaveProperty("redelivered");
      expect((loki.entries[0]?.at ?? "") >= began).toBe(true);
    },
  );

  it("marks what may come twice: Loki has it, and did not say so", async () => {
    const trail = await trailOf();
    let silent = true;
    loki.respond = () => {
      if (!silent) return ANSWERS.taken;
      silent = false;
      return undefined;
    };
    await recorded(trail, 3);
    await drained(trail);
    const counts = [...loki.ids.values()].toSorted();
    expect(counts).toEqual([1, 1, 2]);
    const [twice] = [...loki.ids].find(([, count]) => count === 2) ?? [];
    const copies = loki.entries.filter(({ line }) => line["id"] === twice);
    expect(copies.map(({ line }) => line["redelivered"])).toEqual([undefined, true]);
    expect(new Set(copies.map(({ at }) => at)).size).toBe(1);
    const page = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(page.items).toHaveLength(3);
  });

  it("is emptied by two at once, each record by one of them", async () => {
    const one = await trailOf();
    const other = await trailOf();
    const all = await Promise.all([recorded(one, 100), recorded(other, 100)]);
    await drained(one);
    expect(loki.entries.map(requestOf).toSorted()).toEqual(all.flat().toSorted());
    expect(loki.entries.filter(({ line }) => "redelivered" in line)).toEqual([]);
  });

  it("takes over what one who ended was about to deliver", async () => {
    const ended = await trailOf({ times: { lock: 1_000, stalled: 300, retry: 100, push: 60_000, query: 1_000, close: 0, pause: { first: 50, most: 100 }, busy: { first: 50, most: 100 } } }); // prettier-ignore
    loki.respond = () => undefined;
    const all = await recorded(ended, 3);
    await waitUntil("deliveries", () => loki.entries.length === 3);
    await ended.close();
    loki.respond = () => ANSWERS.taken;
    const next = await trailOf();
    await drained(next);
    expect([...loki.ids.values()]).toEqual([2, 2, 2]);
    const second = loki.entries.slice(3);
    expect(second.map(requestOf).toSorted()).toEqual(all.toSorted());
    expect(second.every(({ line }) => line["redelivered"] === true)).toBe(true);
  });

  it("reads page by page, the newest first, of one tenant and one action", async () => {
    const trail = await trailOf();
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

  it("shows no line that is no record, and ends although there are many", async () => {
    const trail = await trailOf();
    await recorded(trail, 1);
    await drained(trail);
    const at = (n: number) => `${(BigInt(Date.now()) + 1_000n) * 1_000_000n + BigInt(n)}`;
    for (let n = 0; n < 400; n++)
      loki.entries.push({
        orgId: "tenant-mx",
        labels: { job: "audit_logs" },
        at: at(n),
        line: { id: "forged" },
      });
    const first = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(first.items).toEqual([]);
    expect(loki.questions).toHaveLength(5);
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
    const trail = await trailOf({ onProblem: (problem) => problems.push(problem) });
    await loki.close();
    await expect(trail.read(tenantOf("mx"), { limit: 10 })).rejects.toEqual(
      new LokiUnavailable("ECONNREFUSED"),
    );
    expect(problems).toEqual(["the audit cannot be read: ECONNREFUSED"]);
  });

  it("tells a range that is too long from a Loki that does not answer, and reads what Loki answered", async () => {
    const trail = await trailOf();
    const read = (limit = 10) => trail.read(tenantOf("mx"), { limit });
    loki.refuse = ANSWERS.range;
    await expect(read()).rejects.toBeInstanceOf(RangeTooLong);
    loki.refuse = ANSWERS.many;
    await expect(read()).rejects.toEqual(new LokiUnavailable(`status 400: ${ANSWERS.many.body}`));
    for (const body of ["", "{", '{"data":{"resultType":"matrix","result":[]}}', "x".repeat(9 * 1024 ** 2)]) {
      loki.refuse = { status: 200, body };
      await expect(read()).rejects.toBeInstanceOf(LokiUnavailable);
    }
    // Two lines that are no records, as they were recorded.
    loki.refuse = ANSWERS.found;
    expect(await read()).toEqual({ items: [] });
  });

  it("looks back by hours first, and by days while a page is not full", async () => {
    const trail = await trailOf();
    const to = new Date("2026-11-21T10:00:00Z");
    await trail.read(tenantOf("mx"), { limit: 10, to, from: new Date("2026-11-10T10:00:00Z") });
    const asked = loki.questions.map(({ searchParams }) => [
      searchParams.get("query"),
      ...["start", "end"].map((name) => new Date(Number(searchParams.get(name)?.slice(0, 13))).toISOString()),
    ]);
    const query = '{job="audit_logs"}';
    expect(asked).toEqual([
      [query, "2026-11-21T04:00:00.000Z", "2026-11-21T10:00:00.000Z"],
      [query, "2026-11-14T04:00:00.000Z", "2026-11-21T04:00:00.000Z"],
      [query, "2026-11-10T10:00:00.000Z", "2026-11-14T04:00:00.000Z"],
    ]);
  });
});
