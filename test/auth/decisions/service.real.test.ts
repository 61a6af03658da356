import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { explained } from "../../../src/auth/decisions/reasons";
import { openLog, type Log } from "../../../src/auth/log";
import { createAuthService, type AuthService } from "../../../src/auth/service";
import { PASSWORD, RealRedis } from "../redis/real";
import { audience, bearer, directoryText, FakeKeycloak, issuer, jwksText, keysText, pepper, PERSON, signer } from "../world"; // prettier-ignore

const QUERY = "/prometheus/api/v1/query";

describe("a refusal by one replica", () => {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  let redis: RealRedis;
  let keycloak: FakeKeycloak;
  let log: Log;
  let services: readonly AuthService[] = [];
  let urls: readonly string[] = [];
  let operator: Record<string, string>;
  beforeAll(async () => {
    redis = await RealRedis.start();
    keycloak = await FakeKeycloak.listen(jwksText(signer));
    log = openLog(openSync(join(directory, "log"), "a"));
    const files = { tenants: directoryText, keys: keysText, pepper, password: `${PASSWORD}\n` };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    const at = (name: string): string => join(directory, name);
    const settings = {
      ...{ host: "127.0.0.1", port: 0, issuer, audience, jwksUrl: keycloak.url },
      ...{ tokenUrl: keycloak.url, passwordGrant: false, upstreams: [] },
      ...{ directoryFile: at("tenants"), keysFile: at("keys"), pepperFile: at("pepper") },
      stores: {
        redis: { ...redis.settings, passwordFile: at("password") },
        lokiUrl: new URL("http://127.0.0.1:1"),
      },
    };
    services = [createAuthService(settings, log), createAuthService(settings, log)];
    const started = await Promise.all(services.map((service) => service.start()));
    urls = started.map(({ port }) => `http://127.0.0.1:${port}`);
    operator = {
      authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] }),
      "x-atalaya-requested-tenant": "tenant-mx",
    };
    await vi.waitFor(async () => {
      expect([await metric(0, "redis_up"), await metric(1, "redis_up")]).toEqual([1, 1]);
    }, 5_000);
  });
  afterAll(async () => {
    for (const service of services) await service.drain(100);
    await log.close();
    await keycloak[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  const get = async (replica: number, path: string, headers: Record<string, string>) => {
    const response = await fetch(`${urls[replica] ?? ""}${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const why = (replica: number, id: string) => get(replica, `/api/decisions/${id}`, operator);
  async function metric(replica: number, line: string): Promise<number> {
    const text = await (await fetch(`${urls[replica] ?? ""}/metrics`)).text();
    return Number(text.split("\n").find((one) => one.startsWith(`atalaya_auth_${line} `))?.split(" ")[1]); // prettier-ignore
  }

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
    await redis.kill();
    await vi.waitFor(async () => {
      expect([await metric(0, "redis_up"), await metric(1, "redis_up")]).toEqual([0, 0]);
    }, 5_000);
    const began = performance.now();
    for (let n = 0; n < 50; n++)
      expect((await get(0, `/authz${QUERY}`, { "x-request-id": `away-${n}` })).status).toBe(401);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await why(1, "away-1")).body["code"]).toBe("store_unavailable");
    await redis.back();
    await vi.waitFor(async () => {
      expect((await why(1, "away-49")).body["code"]).toBe("credential_missing");
    }, 10_000);
    expect((await why(1, "away-0")).status).toBe(200);
    expect(await metric(0, 'refusal_records_total{result="kept"}')).toBe(53);
  }, 30_000);

  it("is kept also when its replica ends", async () => {
    expect((await get(0, `/authz${QUERY}`, { "x-request-id": "last" })).status).toBe(401);
    await services[0]?.drain(100);
    expect((await why(1, "last")).body["code"]).toBe("credential_missing");
  });
});
