import { request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuthorizationRequest, Decision } from "../../src/auth/decision";
import { createAuthServer } from "../../src/auth/server";
import { readSettings } from "../../src/auth/config";

type Ask = (request: AuthorizationRequest, id: string | undefined) => Promise<Decision>;

describe("the server", () => {
  let url: string;
  let answer: Ask;
  let [ready, draining] = [true, false];
  const server = createAuthServer({
    decide: (asked, id) => answer(asked, id),
    readiness: () => ({ ready }),
    metrics: () => Promise.resolve({ contentType: "text/plain", text: "atalaya_auth_x 1\n" }),
    draining: () => draining,
  });

  beforeEach(async () => {
    [ready, draining] = [true, false];
    answer = () => Promise.resolve({ kind: "deny", status: 403, code: "tenant_denied" });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((done) => server.close(done)));

  it("gives the original request to the decision and its tenant to Envoy", async () => {
    const seen = vi.fn<(...asked: Parameters<Ask>) => void>();
    answer = (...asked) => {
      seen(...asked);
      return Promise.resolve({ kind: "allow", orgId: "tenant-mx", userId: "grafana-mx" } as Decision);
    };
    const response = await fetch(`${url}/authz/loki/api/v1/query?query=secret`, {
      headers: { "x-api-key": "k", "x-atalaya-requested-tenant": "tenant-mx", "x-request-id": "id" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-scope-orgid")).toBe("tenant-mx");
    expect(response.headers.get("x-user-id")).toBe("grafana-mx");
    const asked = { method: "GET", path: "/loki/api/v1/query", authorization: undefined };
    expect(seen.mock.calls).toEqual([[{ ...asked, apiKey: "k", requestedTenant: "tenant-mx" }, "id"]]);
  });

  it.each([
    [{ kind: "deny", status: 401, code: "token_invalid" }, 401, "token_invalid", null, "Bearer"],
    [{ kind: "deny", status: 403, code: "tenant_denied" }, 403, "tenant_denied", null, null],
    [{ kind: "deny", status: 403, code: "tenant_required" }, 403, "tenant_required", null, null],
    [{ kind: "undecided", code: "keys_unavailable" }, 503, "keys_unavailable", "5", null],
  ] as const)("answers %o", async (decision, status, code, retryAfter, authenticate) => {
    answer = () => Promise.resolve(decision);
    const response = await fetch(`${url}/authz/v1/traces`, { method: "POST" });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code });
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(response.headers.get("www-authenticate")).toBe(authenticate);
    expect(response.headers.get("x-scope-orgid")).toBeNull();
  });

  it("answers 503 when the decision itself fails, or cannot be sent", async () => {
    for (const failing of [
      () => Promise.reject(new Error("tenant-mx")),
      () => Promise.resolve({ kind: "allow", orgId: "tenant-mx", userId: "a\nb" } as Decision),
    ]) {
      answer = failing;
      for (draining of [false, true]) {
        const response = await fetch(`${url}/authz/v1/traces`);
        expect([response.status, await response.json()]).toEqual([503, { code: "internal" }]);
        expect(response.headers.get("x-scope-orgid")).toBeNull();
        expect(response.headers.get("connection")).toBe(draining ? "close" : "keep-alive");
      }
    }
  });

  const raw = (path: string, headers: readonly string[]): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const asked = request({ port, host: "127.0.0.1", path, headers, agent: false }, (response) => {
        response.resume();
        response.on("end", () => {
          resolve(response);
        });
      });
      asked.on("error", reject).end();
    });

  it.each(["authorization", "x-api-key", "x-atalaya-requested-tenant"])(
    "takes %s twice for one value that nobody accepts",
    async (name) => {
      const seen: AuthorizationRequest[] = [];
      answer = (asked) => {
        seen.push(asked);
        return Promise.resolve({ kind: "deny", status: 403, code: "tenant_denied" });
      };
      await raw("/authz/v1/traces", ["host", "edge", name, "a", name.toUpperCase(), "b"]);
      expect(Object.values(seen[0] ?? {})).toContain("a, b");
    },
  );

  it("takes as long a query and headers as Envoy does", async () => {
    const headers = ["host", "edge", "authorization", `Bearer ${"x".repeat(16_000)}`];
    const { statusCode } = await raw(`/authz/loki/api/v1/query?query=${"x".repeat(30_000)}`, headers);
    expect(statusCode).toBe(403);
  });

  it("is healthy, ready once it knows the tenants, and has metrics", async () => {
    ready = false;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toBe("atalaya_auth_x 1\n");
    for (const path of ["/authzx", "/", "/metrics/x"])
      expect((await fetch(`${url}${path}`)).status).toBe(404);
  });

  it("sends connections elsewhere while it drains", async () => {
    expect((await fetch(`${url}/health`)).headers.get("connection")).toBe("keep-alive");
    draining = true;
    expect((await fetch(`${url}/authz/x`)).headers.get("connection")).toBe("close");
  });
});

describe("the settings", () => {
  it("name everything that is missing or wrong at once", () => {
    const given = { ATALAYA_LISTEN_PORT: "x", ATALAYA_JWKS_URL: "file:///etc/passwd", ATALAYA_ISSUER: "" };
    expect(() => readSettings(given)).toThrow(
      /PORT: Invalid[\s\S]*ISSUER: Invalid[\s\S]*JWKS_URL: Invalid[\s\S]*AUDIENCE: is not set[\s\S]*DIRECTORY_FILE: is not set[\s\S]*KEYS_FILE: is not set[\s\S]*PEPPER_FILE: is not set/,
    );
  });
});
