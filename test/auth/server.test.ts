import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuthorizationRequest, Decision } from "../../src/auth/decision";
import { LiveFile } from "../../src/auth/live-file";
import { createAuthServer } from "../../src/auth/server";
import { readSettings } from "../../src/auth/config";

describe("the server", () => {
  let url: string;
  let answer: (request: AuthorizationRequest) => Promise<Decision>;
  let ready = true;
  const server = createAuthServer({ decide: (request) => answer(request), ready: () => ready });

  beforeEach(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((done) => server.close(done)));

  it("gives the original request to the decision and its tenant to Envoy", async () => {
    const seen = vi.fn<(request: AuthorizationRequest) => void>();
    answer = (request) => {
      seen(request);
      return Promise.resolve({ kind: "allow", orgId: "tenant-mx", userId: "grafana-mx" } as Decision);
    };
    const response = await fetch(`${url}/authz/loki/api/v1/query?query=secret`, {
      headers: { "x-api-key": "k", "x-atalaya-requested-tenant": "tenant-mx" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-scope-orgid")).toBe("tenant-mx");
    expect(response.headers.get("x-user-id")).toBe("grafana-mx");
    expect(seen.mock.calls).toEqual([
      [
        {
          method: "GET",
          path: "/loki/api/v1/query",
          authorization: undefined,
          apiKey: "k",
          requestedTenant: "tenant-mx",
        },
      ],
    ]);
  });

  it.each([
    [{ kind: "deny", status: 401, code: "token_invalid" }, 401, "token_invalid", null],
    [{ kind: "deny", status: 403, code: "tenant_denied" }, 403, "tenant_denied", null],
    [{ kind: "undecided", code: "keys_unavailable" }, 503, "keys_unavailable", "5"],
  ] as const)("answers %o", async (decision, status, code, retryAfter) => {
    answer = () => Promise.resolve(decision);
    const response = await fetch(`${url}/authz/v1/traces`, { method: "POST" });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code });
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(response.headers.get("x-scope-orgid")).toBeNull();
  });

  it("answers 503 when the decision itself fails", async () => {
    answer = () => Promise.reject(new Error("tenant-mx"));
    const response = await fetch(`${url}/authz/v1/traces`);
    expect([response.status, await response.json()]).toEqual([503, { code: "internal" }]);
  });

  it("is healthy, and ready once it knows the tenants", async () => {
    ready = false;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect((await fetch(`${url}/authzx`)).status).toBe(404);
  });
});

describe("a live file", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("follows a rename and keeps the last good version", async () => {
    const path = join(directory, "tenants.json");
    const replace = (text: string): void => {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    };
    const report = vi.fn<(problem: string) => void>();
    const file = new LiveFile<unknown>(path, JSON.parse, report);
    expect(file.value).toBeUndefined();
    file.watch();
    replace("1");
    await vi.waitFor(() => {
      expect(file.value).toBe(1);
    }, 3_000);
    replace("{");
    await vi.waitFor(() => {
      expect(report).toHaveBeenCalledTimes(2);
    }, 3_000);
    expect(file.value).toBe(1);
    replace("2");
    await vi.waitFor(() => {
      expect(file.value).toBe(2);
    }, 3_000);
    file.close();
  });
});

describe("the settings", () => {
  it("name everything that is missing at once", () => {
    expect(() => readSettings({ ATALAYA_LISTEN_PORT: "x" })).toThrow(
      /ATALAYA_LISTEN_PORT[\s\S]*ATALAYA_ISSUER[\s\S]*ATALAYA_JWKS_URL[\s\S]*ATALAYA_AUDIENCE[\s\S]*ATALAYA_DIRECTORY_FILE[\s\S]*ATALAYA_KEYS_FILE[\s\S]*ATALAYA_PEPPER_FILE/,
    );
  });
});
