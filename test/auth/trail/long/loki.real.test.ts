import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../../src/auth/api/audit";
import type { Trail } from "../../../../src/auth/trail";
import type { OrgId } from "../../../../src/model/names";
import { waitUntil } from "../../../servers";
import { RealRedis, tenantOf } from "../../redis/real";
import { RealLoki } from "../real-loki";
import recorded from "../recorded.json";
import { drained, event, recorded as recordedBy, recording, SHORT, started } from "../world";

const HOUR = 3_600_000;
/** A Loki that has just been started takes its time. */
const TIMES = { ...SHORT, push: 10_000, query: 10_000 };
const [MX, PE] = [tenantOf("mx"), tenantOf("pe")];
const requestOf = ({ requestId }: AuditRecord) => requestId;

describe("Loki 3.7.8 with the rendered files", () => {
  let loki: RealLoki;
  let redis: RealRedis;
  beforeAll(async () => {
    [loki, redis] = await Promise.all([RealLoki.start(), RealRedis.start()]);
  }, 90_000);
  afterAll(async () => {
    await loki[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });
  beforeEach(() => redis.asTester((client) => client.flushall()));
  let trail: Trail;
  beforeEach(async () => {
    trail = started(redis.settings, loki.url, { times: TIMES });
    await recording(trail);
  });
  afterEach(() => trail.close());

  /** All of it, page by page. */
  async function all(tenant = MX, query: Parameters<Trail["read"]>[1] = { limit: 100 }) {
    const found: AuditRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await trail.read(tenant, { ...query, ...(cursor !== undefined && { cursor }) });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  }

  it("answers as it did when its answers were recorded for the other tests", async () => {
    const now = Date.now();
    const ask = async (path: string, orgId: string, init?: RequestInit) => {
      const headers = { "content-type": "application/json", "x-scope-orgid": orgId };
      const response = await fetch(new URL(path, loki.url), { ...init, headers });
      return { status: response.status, body: await response.text() };
    };
    const push = (at: number, line: string, orgId = "tenant-mx") => {
      const stream = { job: "audit_logs", tenant_id: orgId, action: "get_key" };
      const body = JSON.stringify({ streams: [{ stream, values: [[`${at}000000`, line]] }] });
      return ask("/loki/api/v1/push", orgId, { method: "POST", body });
    };
    const pushes = {
      taken: await push(now, "one"),
      behind: await push(now - 1.5 * HOUR, "behind"),
      old: await push(now - 30 * 24 * HOUR, "old"),
      new: await push(now + HOUR, "new"),
      long: await push(now, "x".repeat(1_000_000)),
      unlisted: await push(now, "unlisted", "tenant-zz"),
    };
    await push(now + 1, "two");
    const query = (orgId: string, changes: Record<string, string> = {}) => {
      const base = {
        query: '{job="audit_logs"}',
        start: `${now}000000`,
        end: `${now + 2}000000`,
        limit: "100",
      };
      return ask(`/loki/api/v1/query_range?${new URLSearchParams({ ...base, ...changes })}`, orgId);
    };
    const queries = {
      found: unmeasured(await query("tenant-mx")),
      range: await query("tenant-mx", { start: `${now - 60 * 24 * HOUR}000000` }),
      many: await query("tenant-mx", { limit: "10000" }),
    };
    const { pushes: before, queries: asked } = recorded;
    expect(timeless(pushes)).toEqual(timeless(before));
    expect(timeless(queries)).toEqual(timeless(asked));
  });

  it("shows a record although its tenant writes what it likes beside his own copy", async () => {
    const [mine] = await recordedBy(trail, 1, { action: "create_key" });
    await drained(trail);
    const push = (values: readonly (readonly [string, string])[]) =>
      fetch(new URL("/loki/api/v1/push", loki.url), {
        method: "POST",
        headers: { "content-type": "application/json", "x-scope-orgid": MX.orgId },
        body: JSON.stringify({
          streams: [{ stream: { job: "audit_logs", tenant_id: MX.orgId, action: "create_key" }, values }],
        }),
      });
    const at = `${Date.now()}000000`;
    const many = Array.from({ length: 6_000 }, (_, n) => [at, `junk ${n}`] as const);
    const long = Array.from({ length: 15 }, (_, n) => [at, `${n}${"x".repeat(250 * 1024)}`] as const);
    expect([(await push(many)).status, (await push(long)).status]).toEqual([204, 204]);
    expect((await all(MX, { limit: 100, action: "create_key" })).map(requestOf)).toEqual([mine]);
    expect((await all()).map(requestOf)).toContain(mine);
  }, 60_000);

  it("has every record once, in order, for its own tenant alone", async () => {
    const mine = await recordedBy(trail, 250, { action: "update_key" });
    const theirs = await recordedBy(trail, 50, { action: "update_key", tenant: PE.orgId });
    await drained(trail, 60_000);
    expect((await all(MX, { limit: 40, action: "update_key" })).map(requestOf)).toEqual(mine.toReversed());
    expect((await all(PE, { limit: 40, action: "update_key" })).map(requestOf)).toEqual(theirs.toReversed());
    const [first] = (await trail.read(PE, { limit: 1, action: "update_key" })).items;
    expect(first).toMatchObject({ tenant: "tenant-pe", action: "update_key", requestId: theirs.at(-1) });
    // More than one query may look through.
    const from = new Date(Date.now() - 60 * 24 * HOUR);
    expect((await all(MX, { limit: 100, action: "update_key", from })).map(requestOf)).toEqual(
      mine.toReversed(),
    );
  }, 120_000);

  it("has all that came while it was killed, and what it had before, with two who bring it", async () => {
    const other = started(redis.settings, loki.url, { times: TIMES });
    await recording(other);
    const before = await recordedBy(trail, 100, { action: "delete_key" });
    await drained(trail);
    await loki.kill();
    const meanwhile = await Promise.all([
      recordedBy(trail, 200, { action: "delete_key" }),
      recordedBy(other, 200, { action: "delete_key" }),
    ]);
    expect((await trail.backlog()).age).toBeGreaterThan(0);
    await expect(trail.read(MX, { limit: 1 })).rejects.toThrow("ECONNREFUSED");
    await loki.back();
    await drained(trail, 60_000);
    const found = (await all(MX, { limit: 100, action: "delete_key" })).map(requestOf);
    expect(found.toSorted()).toEqual([...before, ...meanwhile.flat()].toSorted());
  }, 150_000);

  it("has what came too late for its own time, where it was brought, with its time in it", async () => {
    await trail.record(event({ action: "rotate_api_key", requestId: "newest" }));
    await drained(trail);
    const times = [1.5, 3, 30 * 24].map((hours) => new Date(Date.now() - hours * HOUR).toISOString());
    for (const time of times) {
      await trail.record(event({ action: "rotate_api_key", requestId: time, time }));
      await drained(trail);
    }
    const found = await all(MX, { limit: 10, action: "rotate_api_key" });
    expect(found.map(({ requestId, time }) => [requestId, requestId === "newest" ? requestId : time])).toEqual(
      [...times.toReversed().map((time) => [time, time]), ["newest", "newest"]],
    );
    expect((await trail.backlog()).failed).toBe(0);
  }, 60_000); // prettier-ignore

  it("keeps the record of a tenant that it does not know with the platform, and holds up nobody", async () => {
    const gone = { ...MX, orgId: "tenant-zz" as OrgId };
    await trail.record(event({ tenant: gone.orgId, action: "get_api_key", requestId: "gone" }));
    const [mine] = await recordedBy(trail, 1, { action: "get_api_key" });
    await waitUntil(
      "the other one",
      async () => (await all(MX, { limit: 10, action: "get_api_key" })).length === 1,
    );
    expect((await all(MX, { limit: 10, action: "get_api_key" })).map(requestOf)).toEqual([mine]);
    // Its own copy is given up.
    await drained(trail);
    expect((await all(gone, { limit: 10 })).map(requestOf)).toEqual(["gone"]);
  });
});

const unmeasured = ({ status, body }: { readonly status: number; readonly body: string }) => {
  const { data, ...rest } = JSON.parse(body) as { readonly data: object };
  return { status, body: JSON.stringify({ ...rest, data: { ...data, stats: {} } }) };
};

/** Without times. */
const timeless = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/\d{4}-\d{2}-\d{2}[ T][0-9:.]+(?: \+0000 UTC|Z)/g, "<time>")
      .replaceAll(/\d{19}/g, "<nanoseconds>")
      .replaceAll(/query length: [0-9a-z.]+,/g, "query length: <hours>,"),
  ) as unknown;
