import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../../servers";
import { tenantOf } from "../redis/real";
import { ANSWERS, PLATFORM, type PushedEntry } from "./loki";
import { OneRedis } from "./one-redis";
import { drained, event, recorded, SHORT } from "./world";

const requestOf = ({ line }: PushedEntry) => line["request_id"];

describe("the trail of the audit, on one Redis", () => {
  const here = new OneRedis();

  it("brings a record to Loki under the platform's id and the tenant's, and leaves nothing in Redis", async () => {
    const trail = await here.trail();
    const time = "2026-11-21T10:00:00.123Z";
    await trail.record(event({ time, requestId: "first" }));
    await trail.record(event({ time, requestId: "second", tenant: undefined, user: undefined, action: "issue_token", outcome: "denied" })); // prettier-ignore
    await drained(trail);
    const [first, second] = here.loki.entries.toSorted((one, other) => (one.at < other.at ? -1 : 1));
    const id = String(first?.line["id"]);
    expect(id).toMatch(/^1795255200123[0-9]{6}-[0-9a-f]{12}$/);
    expect(first).toEqual({
      orgId: PLATFORM,
      labels: { job: "audit_logs", tenant_id: "tenant-mx", action: "get_key" },
      at: id.slice(0, 19),
      line: { id, time, action: "get_key", tenant: "tenant-mx", user: "somebody", outcome: "success", request_id: "first", target: "thresholds.cpu", seal: String(first?.line["seal"]) },
    }); // prettier-ignore
    // Nobody's is the platform's alone.
    expect(here.loki.copies).toEqual([{ ...first, orgId: "tenant-mx" }]);
    expect(here.loki.pushes).toBe(3);
    expect(second).toMatchObject({
      orgId: PLATFORM,
      labels: { job: "audit_logs", tenant_id: "tenant-platform", action: "issue_token" },
      line: { request_id: "second", outcome: "denied" },
    });
    expect(await trail.backlog()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, age: 0 });
    const kept = await here.redis.asTester((client) => client.keys("queue:{audit}:records:1*"));
    expect(kept).toEqual([]);
  });

  it("loses nothing and keeps the order while nobody listens where Loki is", async () => {
    await here.loki.close();
    const problems: string[] = [];
    const trail = await here.trail({ onProblem: (problem) => problems.push(problem) });
    const first = await recorded(trail, 1);
    await sleep(1_500);
    const all = [...first, ...(await recorded(trail, 299))];
    const { waiting, active, delayed, failed, age } = await trail.backlog();
    expect({ all: waiting + active, delayed, failed }).toEqual({ all: 300, delayed: 0, failed: 0 });
    // Of the oldest, whatever came later.
    expect(age).toBeGreaterThan(1.4);
    expect(problems).toEqual(["Loki takes no audit records: ECONNREFUSED"]);
    await here.loki.open();
    await drained(trail);
    const byTime = here.loki.entries.toSorted((one, other) => (one.at < other.at ? -1 : 1));
    expect(byTime.map(requestOf)).toEqual(all);
    // Those that were tried meanwhile, and no others: they may have come.
    const marked = here.loki.entries.filter(({ line }) => line["redelivered"] === true).map(requestOf);
    expect(marked.toSorted()).toEqual(all.slice(0, marked.length).toSorted());
    expect(marked.length).toBeLessThanOrEqual(5);
    expect(marked.length).toBeGreaterThan(0);
  });

  it("tries again what Loki answered with an error, after the others", async () => {
    const trail = await here.trail();
    let errors = 0;
    here.loki.respond = ({ orgId, line }) =>
      orgId === PLATFORM && line["request_id"] === "bad" && errors++ < 4
        ? { status: 500, body: "oops" }
        : ANSWERS.taken;
    await trail.record(event({ requestId: "bad" }));
    const others = await recorded(trail, 20);
    await drained(trail);
    expect(errors).toBe(5);
    expect(here.loki.entries.map(requestOf)).toHaveLength(21);
    expect(requestOf(here.loki.entries.at(-1) as PushedEntry)).toBe("bad");
    expect(new Set(here.loki.entries.map(requestOf))).toEqual(new Set(["bad", ...others]));
  });

  it.each(["behind", "old"] as const)(
    "brings what Loki takes no more at its own time (%s) at the present one",
    async (which) => {
      const trail = await here.trail();
      here.loki.respond = ({ at }) => (at < `${Date.now() - 60_000}000000` ? ANSWERS[which] : ANSWERS.taken);
      const time = "2026-11-21T10:00:00.000Z";
      const began = `${Date.now()}000000`;
      await trail.record(event({ time }));
      await drained(trail);
      expect(here.loki.entries).toHaveLength(1);
      expect(here.loki.entries[0]?.line).toMatchObject({ time, late: true });
      expect(here.loki.entries[0]?.line).not.toHaveProperty("redelivered");
      expect((here.loki.entries[0]?.at ?? "") >= began).toBe(true);
      expect((await trail.read(tenantOf("mx"), { limit: 10 })).items).toMatchObject([{ time }]);
    },
  );

  it("marks what may come twice: Loki has it, and did not say so", async () => {
    const trail = await here.trail();
    let silent = true;
    here.loki.respond = () => {
      if (!silent) return ANSWERS.taken;
      silent = false;
      return undefined;
    };
    await recorded(trail, 3);
    await drained(trail);
    const counts = [...here.loki.ids.values()].toSorted();
    expect(counts).toEqual([1, 1, 2]);
    const [twice] = [...here.loki.ids].find(([, count]) => count === 2) ?? [];
    const copies = here.loki.entries.filter(({ line }) => line["id"] === twice);
    expect(copies.map(({ line }) => line["redelivered"])).toEqual([undefined, true]);
    expect(new Set(copies.map(({ at }) => at)).size).toBe(1);
    const page = await trail.read(tenantOf("mx"), { limit: 10 });
    expect(page.items).toHaveLength(3);
  });

  it("is emptied by two at once, each record by one of them", async () => {
    const one = await here.trail();
    const other = await here.trail();
    const all = await Promise.all([recorded(one, 100), recorded(other, 100)]);
    await drained(one);
    expect(here.loki.entries.map(requestOf).toSorted()).toEqual(all.flat().toSorted());
    expect(here.loki.entries.filter(({ line }) => "redelivered" in line)).toEqual([]);
  });

  it("takes over what one who ended was about to deliver", async () => {
    const ended = await here.trail({
      times: { ...SHORT, lock: 1_000, stalled: 300, push: 60_000, close: 0 },
    });
    here.loki.respond = () => undefined;
    const all = await recorded(ended, 3);
    await waitUntil("deliveries", () => here.loki.entries.length === 3);
    await ended.close();
    here.loki.respond = () => ANSWERS.taken;
    const next = await here.trail();
    await drained(next);
    expect([...here.loki.ids.values()]).toEqual([2, 2, 2]);
    const second = here.loki.entries.slice(3);
    expect(second.map(requestOf).toSorted()).toEqual(all.toSorted());
    expect(second.every(({ line }) => line["redelivered"] === true)).toBe(true);
  });
});
