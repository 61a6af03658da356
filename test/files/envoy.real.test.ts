import { decodeJwt, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UNTRUSTED_HEADERS } from "../../src/model/headers";
import { rate } from "../../src/model/units";
import { tenant } from "../render/input";
import { loopback, run, server } from "../servers";
import { ALLOW, Edge, KEY, LOGS, PERSON, READ, refused } from "./envoy-edge";
import type { Claims } from "./realm";
import type { Answer } from "./recorders";

const slow = tenant("slow");
const TENANTS = [
  tenant("co"),
  tenant("mx"),
  tenant("pe", { state: "suspended" }),
  { ...slow, limits: { ...slow.limits, edge: { requests: rate("1/s"), burst: 3 } } },
];

const seconds = (from: number): number => Math.floor(Date.now() / 1000) + from;

let edge: Edge;
beforeAll(async () => (edge = await Edge.start(TENANTS)));
afterAll(() => edge.stop());
beforeEach(() => {
  edge.auth.answer = () => ALLOW;
  edge.reached();
  edge.auth.received.length = 0;
});

describe("what was rendered", () => {
  it("is valid, without a warning", async () => {
    const file = `${edge.input.topology.services.envoy.directories.config}/bootstrap.yaml`;
    const { code, stdout, stderr } = await run(server("envoy").bin, [
      "--mode",
      "validate",
      "-l",
      "warning",
      "-c",
      file,
    ]);
    expect({ code, said: `${stdout}${stderr}`.replace(/configuration '.*' OK\n/, "") }).toEqual({
      code: 0,
      said: "",
    });
  });

  it("was loaded: certificate, bindings, limits", async () => {
    for (const list of ["atalaya_bindings", "atalaya_tenant_limits"]) {
      const name = `envoy_extension_config_discovery_http_filter_${list}`;
      expect(await edge.counter(`${name}_update_success`), list).toBeGreaterThanOrEqual(1);
      expect(await edge.counter(`${name}_update_rejected`), list).toBe(0);
      expect(await edge.counter(`${name}_config_fail`), list).toBe(0);
    }
    expect(await edge.counter("envoy_sds_update_success")).toBeGreaterThanOrEqual(1);
    expect(await edge.counter("envoy_sds_update_rejected")).toBe(0);
    expect(
      edge.running
        .output()
        .split("\n")
        .filter((line) => /\]\[(warning|error|critical)\]/.test(line)),
    ).toEqual([]);
  });
});

describe("an agent's token", () => {
  it("brings its own tenant, and goes no further", async () => {
    expect((await edge.write(LOGS, await edge.bearer())).status).toBe(200);
    const [request] = edge.reached();
    expect(request).toMatchObject({ method: "POST", path: LOGS, body: "{}" });
    expect(request?.headers["x-scope-orgid"]).toBe("tenant-mx");
    expect(Object.keys(request?.headers ?? {})).not.toContain("authorization");
    expect(edge.auth.received).toEqual([]);
  });

  it("wins over every header that a client could set", async () => {
    const forged = {
      ...(await edge.bearer()),
      "X-Scope-OrgID": ["tenant-co", "tenant-pe"],
      "x-user-id": "root",
      "x-prom-label-policy": "tenant-co",
      "x-atalaya-binding": "agent-co|tenant-co",
      "x-atalaya-requested-tenant": "tenant-co",
      "x-envoy-upstream-rq-timeout-ms": "1",
      "x-envoy-original-path": "/x",
    };
    expect((await edge.write(LOGS, forged)).status).toBe(200);
    const [request, ...others] = edge.reached();
    expect(others).toEqual([]);
    const ours = Object.entries(request?.headers ?? {}).filter(([name]) =>
      /^x-(?!forwarded|request-id|envoy-)/.test(name),
    );
    expect(ours).toEqual([["x-scope-orgid", "tenant-mx"]]);
    expect(JSON.stringify(request?.headers)).not.toMatch(/tenant-(co|pe)|rq-timeout-ms":"1"|original-path/);
  });

  it.each<[string, Claims, string]>([
    ["another tenant", { tenant_id: "tenant-co" }, "403 tenant_denied"],
    ["another client", { azp: "agent-co" }, "403 tenant_denied"],
    ["a suspended tenant", { azp: "agent-pe", tenant_id: "tenant-pe" }, "403 tenant_denied"],
    ["an unknown tenant", { azp: "agent-zz", tenant_id: "tenant-zz" }, "403 tenant_denied"],
    ["the list's placeholder", { azp: "no client", tenant_id: "no tenant" }, "403 tenant_denied"],
    ["no tenant", { tenant_id: undefined }, "403 tenant_denied"],
    ["neither", { tenant_id: undefined, azp: undefined }, "403 tenant_denied"],
    ["an empty tenant", { tenant_id: "" }, "403 tenant_denied"],
    ["several tenants", { tenant_id: "tenant-mx|tenant-co" }, "403 tenant_denied"],
    ["a list of tenants", { tenant_id: ["tenant-mx"] }, "403 tenant_denied"],
    ["a number", { tenant_id: 5 }, "403 tenant_denied"],
    ["a line break", { tenant_id: "tenant-mx\r\nx: y" }, "403 tenant_denied"],
    ["a shifted border", { azp: "agent-mx|tenant-mx", tenant_id: "" }, "403 tenant_denied"],
    ["other letter case", { tenant_id: "Tenant-mx" }, "403 tenant_denied"],
    ["another audience", { aud: "account" }, "401 token_invalid"],
    ["no audience", { aud: undefined }, "401 token_invalid"],
    ["another issuer", { iss: "http://localhost:8090/realms/master" }, "401 token_invalid"],
    [
      "a trailing slash in the issuer",
      { iss: "http://localhost:8090/realms/observability/" },
      "401 token_invalid",
    ],
    ["expired", { exp: seconds(-100) }, "401 token_invalid"],
    ["no expiry", { exp: undefined }, "401 token_invalid"],
    ["years to live", { exp: seconds(1e8) }, "401 token_invalid"],
    ["not valid yet", { nbf: seconds(1_000) }, "401 token_invalid"],
    ["issued in the future", { iat: seconds(200), exp: seconds(500) }, "401 token_invalid"],
    ["issued after it expires", { iat: seconds(3_600), exp: seconds(300) }, "401 token_invalid"],
    ["issued at no time", { iat: undefined }, "401 token_invalid"],
    ["issued long ago for long", { iat: seconds(-100_000), exp: seconds(300) }, "401 token_invalid"],
    ["eleven minutes to live", { iat: seconds(-30), exp: seconds(630) }, "401 token_invalid"],
  ])("is refused with %s", async (_, claims, expected) => {
    await refused(edge, edge.write(LOGS, await edge.bearer(claims)), expected);
  });

  it.each<[string, Claims]>([
    ["a clock that goes ahead of ours by less than a minute", { iat: seconds(40), exp: seconds(340) }],
    ["the longest life there is", { iat: seconds(-200), exp: seconds(400) }],
  ])("is taken with %s", async (_, claims) => {
    expect((await edge.write(LOGS, await edge.bearer(claims))).status).toBe(200);
    edge.reached();
  });

  it.each(["1", true, null, {}])("is refused with the time of issue %j", async (iat) => {
    await refused(edge, edge.write(LOGS, await edge.bearer({ iat })), "401 token_invalid");
  });

  it("is refused with a wrong signature, algorithm or place; an unknown key cannot be decided", async () => {
    const token = await edge.realm.sign({});
    const [header = "", payload = ""] = token.split(".");
    const other = await generateKeyPair("RS256");
    const spki = new TextEncoder().encode(await exportSPKI(other.publicKey));
    const hmac = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: "HS256", kid: "key-1" })
      .sign(spki);
    const none = `${Buffer.from('{"alg":"none","kid":"key-1"}').toString("base64url")}.${payload}.`;
    await refused(
      edge,
      edge.write(LOGS, await edge.bearer({}, "key-1", other.privateKey)),
      "401 token_invalid",
    );
    await refused(
      edge,
      edge.write(LOGS, { authorization: `Bearer ${header}.${payload}.` }),
      "401 token_invalid",
    );
    await refused(edge, edge.write(LOGS, { authorization: `Bearer ${hmac}` }), "401 token_invalid");
    await refused(edge, edge.write(LOGS, { authorization: `Bearer ${none}` }), "401 token_invalid");
    await refused(edge, edge.write(LOGS, { authorization: `bearer ${token}` }), "401 credential_missing");
    await refused(
      edge,
      edge.write(LOGS, { authorization: [`Bearer ${token}`, `Bearer ${token}`] }),
      "401 token_invalid",
    );
    await refused(edge, edge.write(`${LOGS}?access_token=${token}`), "401 credential_missing");
    await refused(edge, edge.write(LOGS), "401 credential_missing");
    await refused(edge, edge.write(LOGS, await edge.bearer({}, "key-2")), "503 keys_unavailable");
  });

  it("with an unknown key makes nobody ask Keycloak", async () => {
    const asked = edge.keycloak.received.length;
    const token = await edge.bearer({}, "key-2");
    const answers = await Promise.all(Array.from({ length: 20 }, () => edge.write(LOGS, token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(edge.keycloak.received).toHaveLength(asked);
  });

  it("gives a request an id of our own", async () => {
    const { headers } = await edge.write(LOGS, { ...(await edge.bearer()), "x-request-id": "mine" });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(edge.reached()[0]?.headers["x-request-id"]).toBe(headers["x-request-id"]);
  });

  it("brings no header along that a backend could believe", async () => {
    const untrusted = Object.fromEntries(UNTRUSTED_HEADERS.map((name) => [name, "7"]));
    const kept = { "x-loki-response-encoding-flags": "categorize-labels", "x-mine": "1" };
    for (const answer of [
      edge.write(LOGS, { ...(await edge.bearer()), ...untrusted, ...kept }),
      edge.ask("query", READ, { headers: { ...PERSON, ...untrusted, ...kept } }),
    ])
      expect((await answer).status).toBe(200);
    const reached = edge.reached();
    expect(reached).toHaveLength(2);
    for (const { headers } of reached) {
      expect(headers).toMatchObject(kept);
      expect(UNTRUSTED_HEADERS.filter((name) => name in headers)).toEqual([]);
    }
  });

  it("is refused in a header with an underscore", async () => {
    await refused(
      edge,
      edge.write(LOGS, { ...(await edge.bearer()), X_Scope_OrgID: "tenant-co" }),
      "400 request_refused",
    );
  });
});

describe("the auth service", () => {
  it("judges the tenant that was asked for, and its answer is what reaches the backend", async () => {
    const headers = {
      ...PERSON,
      "x-scope-orgid": "tenant-co",
      "x-atalaya-requested-tenant": "tenant-pe",
      "x-service-token": "s",
    };
    expect((await edge.ask("query", `${READ}?query=x`, { headers })).status).toBe(200);
    const [asked] = edge.auth.received;
    expect(asked).toMatchObject({ method: "GET", path: `/authz${READ}?query=x` });
    expect(asked?.headers).toMatchObject({
      ...PERSON,
      "x-atalaya-requested-tenant": "tenant-co",
      "x-service-token": "s",
    });
    expect(asked?.headers).not.toHaveProperty("x-scope-orgid");
    const [request] = edge.reached();
    expect(request?.headers).toMatchObject({ "x-scope-orgid": "tenant-mx", "x-user-id": "someone" });
    for (const gone of ["authorization", "x-service-token", "x-atalaya-requested-tenant"])
      expect(request?.headers).not.toHaveProperty(gone);
  });

  it("is not told of a tenant that nobody asked for", async () => {
    const headers = { ...PERSON, "x-atalaya-requested-tenant": "tenant-pe" };
    await edge.ask("query", READ, { headers });
    expect(edge.auth.received[0]?.headers).not.toHaveProperty("x-atalaya-requested-tenant");
    edge.reached();
  });

  it.each<Record<string, string>>([
    KEY,
    { authorization: "Bearer atl_k" },
    { authorization: "Basic azprZXk=" },
  ])("decides a write with %o", async (credential) => {
    expect((await edge.write(LOGS, credential)).status).toBe(200);
    expect(edge.auth.received).toHaveLength(1);
    const [request] = edge.reached();
    expect(request?.headers["x-scope-orgid"]).toBe("tenant-mx");
    expect(Object.keys(request?.headers ?? {})).not.toEqual(expect.arrayContaining(["authorization"]));
    expect(Object.keys(request?.headers ?? {})).not.toEqual(expect.arrayContaining(["x-api-key"]));
  });

  const tenantIs = (value: string): Answer => ({ headers: { "x-scope-orgid": value } });
  it.each<[string, Answer, string]>([
    ["yes without a tenant", {}, "503 tenant_undecided"],
    ["yes with an empty tenant", tenantIs(""), "503 tenant_undecided"],
    ["yes with several", tenantIs("tenant-mx|tenant-co"), "503 tenant_undecided"],
    ["yes with a list", tenantIs("tenant-mx,tenant-co"), "503 tenant_undecided"],
    ["yes with other letter case", tenantIs("TENANT-MX"), "503 tenant_undecided"],
    ["yes with a path", tenantIs("tenant-mx/.."), "503 tenant_undecided"],
    ["yes with another status", { ...ALLOW, status: 204 }, "503 authorization_unavailable"],
    ["no", { status: 403, body: '{"code":"right_missing"}' }, "403 right_missing"],
    [
      "who",
      { status: 401, headers: { "x-scope-orgid": "tenant-mx" }, body: '{"code":"key_invalid"}' },
      "401 key_invalid",
    ],
    ["what", { status: 404, body: "no such page" }, "503 authorization_unavailable"],
    ["an error", { status: 500, body: "tenant-mx" }, "503 authorization_unavailable"],
    ["cannot say", { status: 503, body: '{"code":"keys_unavailable"}' }, "503 authorization_unavailable"],
    ["nothing", { reset: true }, "503 authorization_unavailable"],
    ["nothing for long", { hang: true }, "503 authorization_unavailable"],
  ])("that answers %s", async (_, answer, expected) => {
    edge.auth.answer = () => answer;
    await refused(edge, edge.write(LOGS, { ...KEY, "x-scope-orgid": "tenant-mx" }), expected);
  });

  it("never lets two tenants through at once", async () => {
    edge.auth.answer = () => ({ headers: { "x-scope-orgid": ["tenant-mx", "tenant-co"] } });
    await edge.write(LOGS, KEY);
    for (const { headers } of edge.reached()) expect(headers["x-scope-orgid"]).toMatch(/^tenant-[a-z]+$/);
  });

  it("gets the credentials on its tenant API, and nobody else does", async () => {
    await edge.ask("otlpHttp", "/api/keys", { headers: PERSON });
    expect(edge.auth.received.map(({ path }) => path)).toEqual(["/authz/api/keys", "/api/keys"]);
    expect(edge.auth.received[1]?.headers).toMatchObject({ ...PERSON, "x-scope-orgid": "tenant-mx" });
  });
});

describe("limits", () => {
  it("hold a tenant back alone", async () => {
    const token = await edge.bearer({ azp: "agent-slow", tenant_id: "tenant-slow" });
    const answers = await Promise.all(Array.from({ length: 8 }, () => edge.write(LOGS, token)));
    const held = answers.filter(({ status }) => status === 429);
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(held.length).toBeLessThanOrEqual(5);
    expect(held[0]?.headers["retry-after"]).toBe("1");
    expect((await edge.write(LOGS, await edge.bearer())).status).toBe(200);
    edge.reached();
  });

  it("cannot be moved by X-Forwarded-For: the source is the connection's", async () => {
    await edge.write(LOGS, { ...(await edge.bearer()), "x-forwarded-for": "203.0.113.9" });
    expect(edge.reached()[0]?.headers["x-envoy-external-address"]).toBe(loopback);
  });
});

describe("the access log", () => {
  it("says who did what, without credentials and queries", async () => {
    const { authorization } = await edge.bearer();
    await edge.write(`${LOGS}?secret=s3cr3t`, { authorization, "x-scope-orgid": "tenant-co" });
    await edge.write("/prometheus/api/v1/push", await edge.bearer({ tenant_id: "tenant-co" }));
    await edge.running.stop();
    const output = edge.running.output();
    expect(output).not.toContain("s3cr3t");
    expect(output).not.toContain(authorization.split(".")[1]);
    const lines = output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-2)).toMatchObject({
      client: "agent-mx", details: "via_upstream", listener: "otlpHttp", method: "POST", path: LOGS, route: "otlp-http-logs",
      source: loopback, status: 200, tenant: "tenant-mx", upstream: "collectorHttp", verifier: "agentJwt",
    }); // prettier-ignore
    expect(lines.at(-1)).toMatchObject({
      claimed_tenant: "tenant-co",
      client: "agent-mx",
      details: "rbac_access_denied_matched_policy[client_not_bound]",
      status: 403,
    });
    expect(lines.at(-1)).not.toHaveProperty("tenant");
  });
});
