import { createHmac } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyStoreOptions } from "../../src/auth/key-store";
import { openLog, type Log } from "../../src/auth/log";
import { createAuthService, type AuthService } from "../../src/auth/service";
import { audience, directoryText, FakeKeycloak, issuer, jwksText, keysText, pepper, PERSON, Signer } from "./world"; // prettier-ignore

const [k1, k2] = [new Signer("k1"), new Signer("k2")];
const MX = { azp: "agent-mx", tenant_id: "tenant-mx" };
const viewer = { azp: "atalaya-cli", sub: PERSON, groups: ["/tenants/mx/viewer"] };

describe("the service", () => {
  let directory: string;
  let keycloak: FakeKeycloak;
  let log: Log;
  let service: AuthService | undefined;
  let url = "";
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "atalaya-"));
    keycloak = await FakeKeycloak.listen(jwksText(k1));
    log = openLog(openSync(join(directory, "log"), "a"));
    for (const [name, text] of [["tenants", directoryText], ["keys", keysText], ["pepper", pepper]] as const) put(name, text); // prettier-ignore
  });
  afterEach(async () => {
    await service?.drain(100);
    service = undefined;
    await log.close();
    await keycloak[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  const put = (name: string, text: string): void => {
    writeFileSync(join(directory, `${name}.tmp`), text);
    renameSync(join(directory, `${name}.tmp`), join(directory, name));
  };
  const logged = (): string => readFileSync(join(directory, "log"), "utf8");
  const logs = (text: string) =>
    vi.waitFor(() => {
      expect(logged()).toContain(text);
    }, 3_000);
  function made(port = 0, waits: KeyStoreOptions["waits"] = {}): AuthService {
    const at = (name: string): string => join(directory, name);
    const files = { directoryFile: at("tenants"), keysFile: at("keys"), pepperFile: at("pepper") };
    const urls = { jwksUrl: keycloak.url, tokenUrl: keycloak.url };
    const rest = { passwordGrant: false, upstreams: [] };
    const settings = { host: "127.0.0.1", port, issuer, audience, ...urls, ...rest, ...files };
    return (service = createAuthService(settings, log, waits));
  }
  async function start(waits: KeyStoreOptions["waits"] = {}): Promise<void> {
    const { port } = await made(0, waits).start();
    url = `http://127.0.0.1:${port}`;
  }
  async function ask(path: string, headers: Record<string, string>, method = "GET"): Promise<string> {
    const response = await fetch(`${url}/authz${path}`, { method, headers });
    const { code } = (await response.json()) as { readonly code?: string };
    return `${response.status} ${code ?? response.headers.get("x-scope-orgid") ?? ""}`;
  }
  const as = async (claims: object, by = k1) => ({
    authorization: `Bearer ${await by.sign({ ...claims })}`,
  });
  const QUERY = "/prometheus/api/v1/query?query=secret_metric";
  const metric = async (line: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length + 1),
    );
  };

  it("decides on people, agents and keys by Keycloak's keys and the live files", async () => {
    await start();
    expect(await ask(QUERY, await as(viewer))).toBe("200 tenant-mx");
    expect(await ask("/v1/logs", await as(viewer), "POST")).toBe("403 right_missing");
    expect(await ask("/v1/logs", await as(MX), "POST")).toBe("200 tenant-mx");
    expect(await ask(QUERY, { "x-api-key": "atl_mx_reader" })).toBe("200 tenant-mx");
    const operator = await as({ ...viewer, groups: ["/operators"] });
    expect(await ask(QUERY, operator)).toBe("403 tenant_required");
    expect(await ask(QUERY, { ...operator, "x-atalaya-requested-tenant": "tenant-pe" })).toBe(
      "200 tenant-pe",
    );
  });

  it("asks the directory each time, also of a token that it knows", async () => {
    await start();
    const headers = await as(viewer);
    expect(await ask(QUERY, headers)).toBe("200 tenant-mx");
    put("tenants", directoryText.replace('"active"', '"suspended"'));
    await vi.waitFor(async () => {
      expect(await ask(QUERY, headers)).toBe("403 tenant_denied");
    }, 3_000);
    put("tenants", "{");
    await logs("the last good version stays: it is not JSON");
    expect(await ask(QUERY, headers)).toBe("403 tenant_denied");
    expect(await metric('atalaya_auth_live_file_refusals_total{file="tenants"}')).toBe(1);
    expect(await metric("atalaya_auth_token_cache_entries")).toBe(1);
    expect(await metric('atalaya_auth_token_cache_lookups_total{result="hit"}')).toBeGreaterThan(1);
  });

  it("goes on while Keycloak is down, and says how old its keys are", async () => {
    await start({ interval: 30, retry: 30 });
    const headers = await as(viewer);
    expect(await ask(QUERY, headers)).toBe("200 tenant-mx");
    keycloak.respond = (response) => response.destroy();
    await vi.waitFor(async () => {
      expect(await metric('atalaya_auth_jwks_fetches_total{result="failed"}')).toBeGreaterThan(2);
    });
    expect(await ask(QUERY, await as({ ...viewer, jti: "new" }))).toBe("200 tenant-mx");
    expect(await metric("atalaya_auth_jwks_age_seconds")).toBeGreaterThan(0.05);
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, status: "ready", missing: [], keys_age_seconds: expect.any(Number) as number },
    ]);
  });

  it("answers 503 while it never had keys, and decides on API keys all the same", async () => {
    keycloak.respond = (response) => response.writeHead(500).end();
    await start({ retry: 60_000 });
    expect(await ask(QUERY, await as(viewer))).toBe("503 keys_unavailable");
    expect(await ask(QUERY, { "x-api-key": "atl_mx_reader" })).toBe("200 tenant-mx");
    expect(await metric("atalaya_auth_jwks_age_seconds")).toBe(NaN);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^atalaya_auth_jwks_age_seconds \+Inf$/m);
    expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ ready: true, keys_age_seconds: null });
  });

  it("lets in a new key's tokens, refuses a removed one's, and a flood of unknown kids costs one fetch", async () => {
    await start({ cooldown: 2_000 });
    const old = await as(viewer);
    expect(await ask(QUERY, old)).toBe("200 tenant-mx");
    keycloak.text = jwksText(k2);
    expect(await ask(QUERY, await as(viewer, k2))).toBe("200 tenant-mx");
    // Verified before, by a key that is no more.
    expect(await ask(QUERY, old)).toBe("503 keys_unavailable");
    const unknown = await as(viewer, new Signer("k3"));
    const flood = await Promise.all(Array.from({ length: 50 }, () => ask(QUERY, unknown)));
    expect(new Set(flood)).toEqual(new Set(["503 keys_unavailable"]));
    expect(keycloak.requests).toBe(2);
    await new Promise((done) => setTimeout(done, 2_050));
    expect(await ask(QUERY, old)).toBe("401 token_invalid");
    expect(keycloak.requests).toBe(3);
    expect(await ask(QUERY, await as(viewer, k2))).toBe("200 tenant-mx");
  });

  it("counts decisions, without a name, and logs none of its callers' secrets", async () => {
    await start();
    const headers = await as(viewer);
    const { authorization } = headers;
    for (let n = 0; n < 3; n++) await ask(QUERY, headers);
    await ask(QUERY, { "x-api-key": "atl_nobody", "x-atalaya-requested-tenant": 'x"\\u0000' });
    await ask(QUERY, { authorization: `Basic ${Buffer.from("user:atl_mx_reader").toString("base64")}` });
    await ask(`/${authorization.slice(7)}/atl_mx_reader`, { "x-request-id": authorization });
    await ask(QUERY, {});
    const text = await (await fetch(`${url}/metrics`)).text();
    const decisions = text.split("\n").filter((line) => line.startsWith("atalaya_auth_decisions_total{"));
    expect(decisions.sort()).toEqual([
      'atalaya_auth_decisions_total{outcome="allow",code="",credential="key"} 1',
      'atalaya_auth_decisions_total{outcome="allow",code="",credential="person"} 3',
      'atalaya_auth_decisions_total{outcome="deny",code="credential_missing",credential="none"} 1',
      'atalaya_auth_decisions_total{outcome="deny",code="key_invalid",credential="key"} 1',
      'atalaya_auth_decisions_total{outcome="deny",code="route_unknown",credential="none"} 1',
    ]);
    expect(text).not.toMatch(/tenant-mx|agent-mx|5f1c2a34/);
    for (const line of text.split("\n")) expect(line).toMatch(/^(#.*|atalaya_auth_.*|)$/);
    expect(await metric("atalaya_auth_decision_duration_seconds_count")).toBe(7);
    await service?.drain();
    service = undefined;
    await log.close();
    const lines = logged();
    for (const secret of ["atl_mx", "atl_nobody", "eyJ", "secret_metric", "Basic", pepper])
      expect(lines).not.toContain(secret);
    const audit = lines.trimEnd().split("\n").map((line) => JSON.parse(line) as { audit?: string; outcome?: string }); // prettier-ignore
    expect(audit.flatMap(({ audit: kind, outcome }) => (kind === "decision" ? [outcome] : []))).toEqual([
      ...["allow", "deny", "allow", "deny", "deny"],
    ]);
  });

  it.each([
    ["keys", "pepper"],
    ["pepper", "keys"],
  ] as const)("refuses no key while its %s are new and its %s is old", async (first, second) => {
    await start();
    const key = { "x-api-key": "atl_mx_reader" };
    const another = "another-pepper-of-a-length";
    const hash = createHmac("sha256", another).update("atl_mx_reader").digest("hex");
    const declared = { id: "grafana-mx", orgId: "tenant-mx", hash, rights: ["metrics:read"] };
    const texts = { keys: JSON.stringify({ version: 1, keys: [declared] }), pepper: another };
    expect(await ask(QUERY, key)).toBe("200 tenant-mx");
    put(first, texts[first]);
    await vi.waitFor(async () => {
      expect(await ask(QUERY, key)).toBe("503 keys_unavailable");
    }, 3_000);
    put(second, texts[second]);
    await vi.waitFor(async () => {
      const answer = await ask(QUERY, key);
      expect(answer).not.toMatch(/^40/);
      expect(answer).toBe("200 tenant-mx");
    }, 3_000);
  });

  it("waits for a live file that is not there yet", async () => {
    rmSync(join(directory, "tenants"));
    await start();
    await logs("cannot read");
    const waiting = await fetch(`${url}/ready`);
    expect([waiting.status, await waiting.json()]).toMatchObject([503, { missing: ["tenants"] }]);
    expect(await ask(QUERY, { "x-api-key": "atl_mx_reader" })).toBe("503 directory_unavailable");
    put("tenants", directoryText);
    await vi.waitFor(async () => {
      expect(await ask(QUERY, { "x-api-key": "atl_mx_reader" })).toBe("200 tenant-mx");
    }, 3_000);
  });

  it("says at once all that is wrong at its start, and leaves nothing running", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as AddressInfo;
    put("tenants", "{");
    put("pepper", "short");
    await expect(made(port).start()).rejects.toThrow(
      /tenants is refused: it is not JSON\n.*pepper is refused: fewer than 22 characters\ncannot listen on 127\.0\.0\.1:\d+: somebody else/,
    );
    service = undefined;
    await new Promise((done) => setTimeout(done, 50));
    expect(keycloak.requests).toBe(0);
    await new Promise((done) => other.close(done));
    await expect(made(port).start()).rejects.toThrow(/^\S+tenants is refused[^\n]*\n\S+pepper is refused/);
    service = undefined;
    // Not listening any more.
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });

  it("finishes what is in flight when it ends, and takes nothing new", async () => {
    await start();
    keycloak.respond = (response) => void setTimeout(() => response.end(jwksText(k1, k2)), 300);
    const { port } = new URL(url);
    const idle = connect(Number(port), "127.0.0.1");
    let said = "";
    idle.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise((done) => idle.on("close", done));
    await new Promise((done) => idle.on("connect", done));
    const { authorization } = await as(viewer, k2);
    const slow = fetch(`${url}/authz${QUERY}`, { headers: { authorization } });
    await new Promise((done) => setTimeout(done, 100));
    const began = performance.now();
    const drained = service?.drain();
    await expect(fetch(`${url}/ready`)).rejects.toThrow();
    idle.write("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
    const response = await slow;
    expect(said).toMatch(/^HTTP\/1\.1 503[^]*connection: close[^]*"draining"/);
    expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
    await Promise.all([drained, ended]);
    service = undefined;
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it("is not held up by connections that never ask for anything", async () => {
    await start();
    const idle = connect(Number(new URL(url).port), "127.0.0.1");
    await new Promise((done) => idle.on("connect", done));
    const began = performance.now();
    await service?.drain();
    service = undefined;
    expect(performance.now() - began).toBeLessThan(500);
    idle.destroy();
  });

  it("does not wait for ever for it", async () => {
    await start();
    keycloak.respond = () => undefined;
    const headers = await as(viewer, k2);
    const slow = ask(QUERY, headers).catch(() => "cut");
    await new Promise((done) => setTimeout(done, 100));
    const began = performance.now();
    await service?.drain(100);
    service = undefined;
    expect(performance.now() - began).toBeLessThan(500);
    expect(await slow).toBe("cut");
    await logs("still in flight after 100 ms");
  });
});
