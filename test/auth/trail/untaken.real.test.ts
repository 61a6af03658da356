import { describe, expect, it } from "vitest";
import type { PushResult } from "../../../src/auth/trail/loki";
import { OWN_ATTEMPTS } from "../../../src/auth/trail/offload";
import { waitUntil } from "../../servers";
import { tenantOf } from "../redis/real";
import { ANSWERS } from "./loki";
import { OneRedis } from "./one-redis";
import { drained, event, recorded, SHORT } from "./world";

describe("what Loki does not take", () => {
  const here = new OneRedis();

  it("lets no tenant wait for one that may write no more", async () => {
    const trail = await here.trail();
    let full = true;
    here.loki.respond = ({ orgId }) => (orgId === "tenant-mx" && full ? ANSWERS.unlisted : ANSWERS.taken);
    await recorded(trail, 10);
    await recorded(trail, 10, { tenant: tenantOf("pe").orgId });
    await waitUntil("the other tenant", () => here.loki.copies.length === 10);
    await waitUntil("the first one", async () => (await trail.backlog()).delayed === 10);
    // It can be read already.
    expect((await trail.read(tenantOf("mx"), { limit: 20 })).items).toHaveLength(10);
    full = false;
    await drained(trail);
    expect([here.loki.entries.length, here.loki.copies.length]).toEqual([20, 20]);
    const marked = here.loki.copies.filter(({ line }) => line["redelivered"] === true);
    expect(marked.map(({ orgId }) => orgId)).toEqual(Array.from({ length: 10 }, () => "tenant-mx"));
  });

  it.each([ANSWERS.unlisted, ANSWERS.long, { status: 500, body: "oops" }])(
    "gives up a tenant's own copy after ten attempts, and the platform's never: $status",
    async (answer) => {
      const problems: string[] = [];
      const results: PushResult[] = [];
      const trail = await here.trail({
        onProblem: (problem) => problems.push(problem),
        onPush: (result) => results.push(result),
      });
      here.loki.respond = ({ orgId }) => (orgId === "tenant-mx" ? answer : ANSWERS.taken);
      const [requestId] = await recorded(trail, 1);
      await drained(trail);
      expect([here.loki.entries.length, here.loki.copies.length, here.loki.pushes]).toEqual([
        1,
        0,
        1 + OWN_ATTEMPTS,
      ]);
      expect([results[0], results.at(-1)]).toEqual(["taken", "given_up"]);
      expect(results.filter((result) => result === "given_up")).toHaveLength(1);
      expect(problems).toEqual([
        expect.stringMatching(
          new RegExp(`^the tenant gets no copy of the audit record \\S+: status ${answer.status}: `),
        ),
      ]);
      const { items } = await trail.read(tenantOf("mx"), { limit: 10 });
      expect(items.map((item) => item.requestId)).toEqual([requestId]);
    },
  );

  it("never gives up the platform's copy, however long it may write no more", async () => {
    const trail = await here.trail();
    let full = OWN_ATTEMPTS + 3;
    here.loki.respond = () => (full-- > 0 ? ANSWERS.unlisted : ANSWERS.taken);
    await recorded(trail, 1);
    await drained(trail);
    expect([here.loki.pushes, here.loki.entries.length, here.loki.copies.length]).toEqual([
      OWN_ATTEMPTS + 5,
      1,
      1,
    ]);
  });

  it("waits with a tenant's own copy while nobody answers, for more than ten attempts", async () => {
    const trail = await here.trail({ times: { ...SHORT, push: 50 } });
    let silent = OWN_ATTEMPTS + 2;
    here.loki.respond = ({ orgId }) => (orgId === "tenant-mx" && silent-- > 0 ? undefined : ANSWERS.taken);
    await recorded(trail, 1);
    await drained(trail);
    expect([here.loki.pushes, here.loki.entries.length]).toEqual([OWN_ATTEMPTS + 4, 1]);
    expect(here.loki.copies.at(-1)?.line["redelivered"]).toBe(true);
  });

  it.each([401, 403, 404, 405])(
    "takes a status %i for a Loki that is away, and sets nothing aside",
    async (status) => {
      const trail = await here.trail();
      let answers = 7;
      here.loki.respond = () => (answers-- > 0 ? { status, body: "not ready" } : ANSWERS.taken);
      await recorded(trail, 1);
      await drained(trail);
      expect([here.loki.pushes, here.loki.entries.length]).toEqual([9, 1]);
    },
  );

  it("sets aside what Loki never takes, after five attempts, and drops it never", async () => {
    const problems: string[] = [];
    const trail = await here.trail({ onProblem: (problem) => problems.push(problem) });
    here.loki.respond = ({ line }) => (line["request_id"] === "poison" ? ANSWERS.long : ANSWERS.taken);
    await trail.record(event({ requestId: "poison" }));
    await recorded(trail, 5);
    await waitUntil("it to be set aside", async () => (await trail.backlog()).failed === 1);
    expect(here.loki.pushes).toBe(15);
    expect(here.loki.entries).toHaveLength(5);
    const { age, ...counts } = await trail.backlog();
    expect(counts).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 1 });
    expect(age).toBeGreaterThan(0);
    expect(problems).toEqual([
      expect.stringMatching(
        /^the audit record \S+ is set aside: status 400: max entry size '262144' bytes exceeded /,
      ),
    ]);
  });

  it.each(["when somebody starts", "after a while"])("tries again what was set aside: %s", async (when) => {
    const again = when === "after a while" ? 400 : SHORT.again;
    const trail = await here.trail({ times: { ...SHORT, again } });
    let refusing = true;
    here.loki.respond = () => (refusing ? ANSWERS.long : ANSWERS.taken);
    await recorded(trail, 3);
    await waitUntil("them to be set aside", async () => (await trail.backlog()).failed === 3);
    refusing = false;
    if (when === "when somebody starts") await here.trail();
    await drained(trail);
    expect([here.loki.entries.length, here.loki.copies.length]).toEqual([3, 3]);
  });
});
