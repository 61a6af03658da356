import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { explained } from "../../../src/auth/decisions/reasons";
import { Replicas } from "../replicas";
import { bearer, PERSON } from "../world";

const QUERY = "/prometheus/api/v1/query";

describe("a refusal by one replica", () => {
  let replicas: Replicas;
  let operator: Record<string, string>;
  beforeAll(async () => {
    replicas = await Replicas.start();
    operator = {
      authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] }),
      "x-atalaya-requested-tenant": "tenant-mx",
    };
  });
  afterAll(() => replicas[Symbol.asyncDispose]());
  const metric = (replica: number, line: string): Promise<number> => replicas.metric(replica, line);

  const get = async (replica: number, path: string, headers: Record<string, string>) => {
    const response = await fetch(`${replicas.url(replica)}${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const why = (replica: number, id: string) => get(replica, `/api/decisions/${id}`, operator);

  it("is told by the other one, of the edge's decisions and of the API's", async () => {
    const key = { "x-api-key": "atl_mx_reader" };
    const another = { ...key, "x-atalaya-requested-tenant": "tenant-pe", "x-request-id": "edge-1" };
    expect((await get(0, `/authz${QUERY}?query=secret`, another)).status).toBe(403);
    expect((await get(0, `/authz${QUERY}`, { ...key, "x-request-id": "edge-allowed" })).status).toBe(200);
    expect((await get(0, `/authz${QUERY}`, { "x-request-id": "edge-2" })).status).toBe(401);
    expect((await get(0, "/api/audit", { ...key, "x-request-id": "api-1" })).status).toBe(403);
    // Written within a second or so.
    await vi.waitFor(async () => {
      expect((await why(1, "api-1")).status).toBe(200);
    }, 5_000);
    const time = expect.stringMatching(/^2\d{3}-\d\d-\d\dT/) as string;
    expect((await why(1, "edge-1")).body).toEqual({
      ...{ time, request_id: "edge-1", method: "GET", path: QUERY, routes: ["mimir-query"] },
      ...{ credential: "key", user: "grafana-mx", tenant: "tenant-mx", requested_tenant: "tenant-pe" },
      ...{ outcome: "deny", code: "tenant_denied", reason: explained("tenant_denied") },
    });
    expect((await why(1, "edge-2")).body).toMatchObject({ credential: "none", code: "credential_missing" });
    expect((await why(1, "api-1")).body).toMatchObject({ routes: ["listAudit"], code: "right_missing" });
    expect((await why(1, "edge-allowed")).status).toBe(404);
    expect(await metric(0, 'refusal_records_total{result="kept"}')).toBe(3);
    expect(await metric(1, 'api_requests_total{operation="getDecision",status="404"}')).toBeGreaterThan(0);
    expect(await metric(0, 'api_requests_total{operation="listAudit",status="403"}')).toBe(1);
  });

  it("waits while Redis is away, holds nobody up, and is told when it is back", async () => {
    await replicas.redis.kill();
    await vi.waitFor(async () => {
      expect([await metric(0, "redis_up"), await metric(1, "redis_up")]).toEqual([0, 0]);
    }, 5_000);
    const began = performance.now();
    for (let n = 0; n < 50; n++)
      expect((await get(0, `/authz${QUERY}`, { "x-request-id": `away-${n}` })).status).toBe(401);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await why(1, "away-1")).body["code"]).toBe("store_unavailable");
    await replicas.redis.back();
    await vi.waitFor(async () => {
      expect((await why(1, "away-49")).body["code"]).toBe("credential_missing");
    }, 10_000);
    expect((await why(1, "away-0")).status).toBe(200);
    expect(await metric(0, 'refusal_records_total{result="kept"}')).toBe(53);
  }, 30_000);

  it("is kept also when its replica ends", async () => {
    expect((await get(0, `/authz${QUERY}`, { "x-request-id": "last" })).status).toBe(401);
    await replicas.service(0).drain(100);
    expect((await why(1, "last")).body["code"]).toBe("credential_missing");
  });
});
