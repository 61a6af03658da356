import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { LARGEST } from "../../../src/auth/decisions/recorder";
import { refusal, type Refusal } from "../../../src/auth/decisions/refusal";
import { KEPT, StoredRefusals } from "../../../src/auth/decisions/store";
import { connected, open, RealRedis } from "../redis/real";

const record = (request_id: string, changes: Partial<Refusal> = {}): Refusal => ({
  ...{ time: "2026-11-02T09:30:00.123Z", method: "GET", path: "/prometheus/api/v1/query", routes: ["mimir-query"] },
  ...{ credential: "key", outcome: "deny", code: "key_invalid", request_id },
  ...changes,
}); // prettier-ignore

describe("refusals in Redis", () => {
  let redis: RealRedis;
  beforeAll(async () => {
    redis = await RealRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());
  const store = async (kept?: number) => new StoredRefusals(await connected(redis.settings), kept);
  const names = () => redis.asTester(async (client) => (await client.keys("*")).sort());

  it("are found by another replica, each by its id, for six hours", async () => {
    expect(await (await store()).keep([record("a"), record("b", { code: "token_invalid" })])).toBe(2);
    const other = await store();
    expect(await other.find("a")).toEqual(record("a"));
    expect(await other.find("b")).toEqual(record("b", { code: "token_invalid" }));
    expect(await other.find("c")).toBeUndefined();
    expect(await names()).toEqual(["refusals:{refusals}:a", "refusals:{refusals}:b"]);
    const left = await redis.asTester((client) => client.pttl("refusals:{refusals}:a"));
    expect(KEPT).toBe(21_600_000);
    expect(left).toBeGreaterThan(KEPT - 60_000);
    expect(left).toBeLessThanOrEqual(KEPT);
  });

  it("stay as they were first written", async () => {
    const one = await store();
    expect(await one.keep([record("same"), record("same", { code: "tenant_denied" })])).toBe(1);
    expect(await one.keep([record("same", { user: "mallory" }), record("new")])).toBe(1);
    expect(await one.find("same")).toEqual(record("same"));
  });

  it("are not looked for by what is no id, nor among what is a tenant's", async () => {
    await redis.asTester((client) => client.set("t:{tenant-pe}:data:order", JSON.stringify(record("x"))));
    const one = await store();
    for (const id of ["t:{tenant-pe}:data:order", "../t:{tenant-pe}:data:order", "a\r\nGET b", "", "*"])
      expect([id, await one.find(id)]).toEqual([id, undefined]);
  });

  it("go by themselves", async () => {
    const brief = await store(100);
    await brief.keep([record("brief")]);
    await vi.waitFor(async () => {
      expect(await brief.find("brief")).toBeUndefined();
    }, 5_000);
    // Then the id is free again.
    expect(await brief.keep([record("brief")])).toBe(1);
  });

  it("take no more memory than the bound says", async () => {
    const id = "x".repeat(128);
    const largest = refusal({
      ...{ time: new Date(), requestId: id, method: "M-SEARCH", path: '"'.repeat(9_999), requestedTenant: "\\".repeat(9_999) },
      routes: [1, 2].map((n) => `extra-${"x".repeat(62)}${n}-options`),
      // As long as names of tenants and services may be.
      ...{ credential: "service", user: `service-${"x".repeat(63)}-${"y".repeat(63)}`, tenant: `tenant-${"x".repeat(63)}` },
      code: "directory_unavailable",
    });
    await (await store()).keep([{ ...largest, request_id: id }]);
    const bytes = await redis.asTester((client) => client.memory("USAGE", `refusals:{refusals}:${id}`));
    expect(bytes).toBeGreaterThan(1_024);
    expect(bytes).toBeLessThanOrEqual(LARGEST);
  }); // prettier-ignore

  it("are unavailable while Redis is, and never absent for it", async () => {
    const away = new StoredRefusals(open({ ...redis.settings, addresses: [{ host: "127.0.0.1", port: 1 }] }));
    await expect(away.find("a")).rejects.toThrow(StoreUnavailable);
    await expect(away.keep([record("z")])).rejects.toThrow(StoreUnavailable);
  });
});
