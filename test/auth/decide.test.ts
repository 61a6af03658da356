import { createHmac } from "node:crypto";
import fc from "fast-check";
import { SignJWT, createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { KeyFile } from "../../src/model/directory";
import { decide, type Knowledge } from "../../src/auth/decide";
import type { AuthorizationRequest } from "../../src/auth/decision";
import { parseDirectory } from "../../src/auth/directory";
import { KeyRing, newestRing, parsePepper } from "../../src/auth/keys";
import { tokenVerifier } from "../../src/auth/tokens";

const issuer = "http://localhost:8090/realms/observability";
const audience = "atalaya-edge";
const pepper = Buffer.from("a-pepper-of-some-length");
const hash = (key: string): string => createHmac("sha256", pepper).update(key).digest("hex");

const directory = parseDirectory(
  JSON.stringify({
    version: 1,
    tenants: [
      { id: "mx", orgId: "tenant-mx", state: "active", agents: ["agent-mx"], services: [] },
      { id: "pe", orgId: "tenant-pe", state: "active", agents: ["agent-pe"], services: [] },
      { id: "co", orgId: "tenant-co", state: "suspended", agents: ["agent-co"], services: [] },
    ],
  }),
);
const declared = (id: string, orgId: string, secret: string, rights: readonly string[]) => ({
  id,
  orgId,
  hash: hash(secret),
  rights,
});
const keys = new KeyRing(
  {
    version: 1,
    keys: [
      declared("grafana-mx", "tenant-mx", "atl_mx_reader", ["metrics:read", "logs:read", "traces:read"]),
      declared("grafana-co", "tenant-co", "atl_co_reader", ["metrics:read"]),
    ],
  } as unknown as ConstructorParameters<typeof KeyRing>[0],
  pepper,
);

let knowledge: Knowledge;
let sign: (
  claims: JWTPayload,
  options?: { issuer?: string; audience?: string; life?: number; kid?: string },
) => Promise<string>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" }] });
  knowledge = { directory, keys, verify: tokenVerifier({ issuer, audience }, jwks) };
  sign = (claims, options = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: options.kid ?? "k1" })
      .setIssuer(options.issuer ?? issuer)
      .setAudience(options.audience ?? audience)
      .setIssuedAt(now)
      .setExpirationTime(now + (options.life ?? 300))
      .sign(privateKey);
  };
});

const MX = { azp: "agent-mx", tenant_id: "tenant-mx" };
const push = (overrides: Partial<AuthorizationRequest>): AuthorizationRequest => ({
  method: "POST",
  path: "/v1/traces",
  authorization: undefined,
  apiKey: undefined,
  requestedTenant: undefined,
  ...overrides,
});
const bearer = async (...token: Parameters<typeof sign>): Promise<string> => `Bearer ${await sign(...token)}`;
const allowed = { kind: "allow", orgId: "tenant-mx", userId: "agent-mx" };
const denied = (status: number, code: string) => ({ kind: "deny", status, code });

describe("an agent's token", () => {
  it("writes for its own tenant", async () => {
    expect(await decide(push({ authorization: await bearer(MX) }), knowledge)).toEqual(allowed);
  });

  it("may name its own tenant", async () => {
    const request = push({ authorization: await bearer(MX), requestedTenant: "tenant-mx" });
    expect(await decide(request, knowledge)).toEqual(allowed);
  });

  it.each(["tenant-pe", "TENANT-MX", "tenant-mx|tenant-pe", "tenant-mx, tenant-pe", "", " tenant-mx"])(
    "may not ask for %j",
    async (requestedTenant) => {
      const request = push({ authorization: await bearer(MX), requestedTenant });
      expect(await decide(request, knowledge)).toEqual(denied(403, "tenant_denied"));
    },
  );

  it.each([
    ["another tenant's organisation", { azp: "agent-mx", tenant_id: "tenant-pe" }],
    ["an unknown tenant", { azp: "agent-mx", tenant_id: "tenant-zz" }],
    ["a suspended tenant", { azp: "agent-co", tenant_id: "tenant-co" }],
    ["no tenant", { azp: "agent-mx" }],
    ["a list of tenants", { azp: "agent-mx", tenant_id: ["tenant-mx"] }],
    ["a number", { azp: "agent-mx", tenant_id: 7 }],
    ["no client", { tenant_id: "tenant-mx" }],
    ["an object's own property", { azp: "agent-mx", tenant_id: "__proto__" }],
  ])("of %s is refused", async (_case, claims) => {
    expect(await decide(push({ authorization: await bearer(claims) }), knowledge)).toEqual(
      denied(403, "tenant_denied"),
    );
  });

  it.each([
    ["another realm's", { issuer: "http://localhost:8090/realms/other" }],
    ["one with a slash more in its issuer", { issuer: `${issuer}/` }],
    ["one for somebody else", { audience: "account" }],
    ["one that lives a year", { life: 31_536_000 }],
    ["one that ended", { life: -120 }],
  ])("%s is invalid", async (_case, options) => {
    expect(await decide(push({ authorization: await bearer(MX, options) }), knowledge)).toEqual(
      denied(401, "token_invalid"),
    );
  });

  it("reads nothing", async () => {
    const request = push({ method: "GET", path: "/loki/api/v1/query", authorization: await bearer(MX) });
    expect(await decide(request, knowledge)).toEqual(denied(403, "right_missing"));
  });

  it("of another realm is invalid even when its key is unknown", async () => {
    const options = { kid: "k2", issuer: "http://localhost:8090/realms/other" };
    const request = push({ authorization: await bearer(MX, options) });
    expect(await decide(request, knowledge)).toEqual(denied(401, "token_invalid"));
  });

  it("signed by a key that is not known yet is undecided, never refused", async () => {
    const request = push({ authorization: await bearer(MX, { kid: "k2" }) });
    expect(await decide(request, knowledge)).toEqual({ kind: "undecided", code: "keys_unavailable" });
  });
});

describe("a declared key", () => {
  const read = (overrides: Partial<AuthorizationRequest>) =>
    push({ method: "GET", path: "/prometheus/api/v1/query", ...overrides });
  const basic = `Basic ${Buffer.from("anyone:atl_mx_reader").toString("base64")}`;

  it.each([
    ["X-API-Key", { apiKey: "atl_mx_reader" }],
    ["Bearer", { authorization: "Bearer atl_mx_reader" }],
    ["basic authentication", { authorization: basic }],
  ])("reads by %s", async (_case, credential) => {
    expect(await decide(read(credential), knowledge)).toEqual({
      kind: "allow",
      orgId: "tenant-mx",
      userId: "grafana-mx",
    });
  });

  it.each([
    ["writes nothing it has no right to", push({ apiKey: "atl_mx_reader" }), denied(403, "right_missing")],
    ["of a suspended tenant is refused", read({ apiKey: "atl_co_reader" }), denied(403, "tenant_denied")],
    [
      "may not ask for another tenant",
      read({ apiKey: "atl_mx_reader", requestedTenant: "tenant-pe" }),
      denied(403, "tenant_denied"),
    ],
    ["nobody declared is invalid", read({ apiKey: "atl_mx_readeR" }), denied(401, "key_invalid")],
    [
      "sent beside a token is nobody's",
      read({ apiKey: "atl_mx_reader", authorization: "Bearer x.y.z" }),
      denied(401, "credential_ambiguous"),
    ],
    [
      "joined with a second header is nobody's",
      read({ authorization: `${basic}, Bearer x.y.z` }),
      denied(401, "credential_missing"),
    ],
    [
      "joined without a space is nobody's",
      read({ authorization: `${basic},Bearer` }),
      denied(401, "credential_ambiguous"),
    ],
    [
      "in sloppy base64 is nobody's",
      read({ authorization: `${basic.replace(/=*$/, "")}=x` }),
      denied(401, "credential_ambiguous"),
    ],
    [
      "does not open the tenant API yet",
      push({ path: "/api/data", apiKey: "atl_mx_reader" }),
      denied(403, "right_missing"),
    ],
  ])("%s", async (_case, request, decision) => {
    expect(await decide(request, knowledge)).toEqual(decision);
  });
});

describe("the key ring", () => {
  it("is made of the newest keys and the newest pepper, and again only when one of them changes", () => {
    const file = {
      version: 1,
      keys: [declared("k", "tenant-mx", "atl_mx_reader", [])],
    } as unknown as KeyFile;
    const files: { keys: { value: KeyFile | undefined }; pepper: { value: Buffer | undefined } } = {
      keys: { value: file },
      pepper: { value: undefined },
    };
    const ring = newestRing(files.keys, files.pepper);
    expect(ring()).toBeUndefined();
    files.pepper.value = parsePepper("another-pepper-of-a-length");
    expect(ring()?.find("atl_mx_reader")).toBeUndefined();
    files.pepper.value = parsePepper(`${pepper.toString()}\n`);
    expect(ring()?.find("atl_mx_reader")?.id).toBe("k");
    expect(ring()).toBe(ring());
  });

  it("takes no short pepper", () => {
    expect(() => parsePepper("short")).toThrow(/fewer than 22 characters/);
  });
});

describe("what cannot be decided", () => {
  it("is never allowed nor refused", async () => {
    const request = push({ apiKey: "atl_mx_reader" });
    expect(await decide(request, { ...knowledge, directory: undefined })).toEqual({
      kind: "undecided",
      code: "directory_unavailable",
    });
    expect(await decide(request, { ...knowledge, keys: undefined })).toEqual({
      kind: "undecided",
      code: "keys_unavailable",
    });
  });
});

describe("anything else", () => {
  it.each([
    ["no credential", push({}), denied(401, "credential_missing")],
    ["an empty one", push({ authorization: "" }), denied(401, "credential_missing")],
    ["another scheme", push({ authorization: "Digest abc" }), denied(401, "credential_missing")],
    [
      "a path outside the table",
      push({ path: "/loki/api/v1/delete", apiKey: "atl_mx_reader" }),
      denied(403, "route_unknown"),
    ],
    [
      "a method outside the table",
      push({ method: "DELETE", path: "/v1/traces" }),
      denied(403, "route_unknown"),
    ],
  ])("%s is refused", async (_case, request, decision) => {
    expect(await decide(request, knowledge)).toEqual(decision);
  });

  it("whatever is sent without a good credential is never allowed", async () => {
    const text = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
    const request = fc.record({
      method: fc.constantFrom("GET", "POST", "DELETE", "get"),
      path: fc.oneof(fc.string(), fc.constantFrom("/v1/traces", "/loki/api/v1/query")),
      authorization: fc.oneof(
        text,
        text.map((value) => `Bearer ${value ?? ""}`),
        text.map((value) => `Basic ${value ?? ""}`),
      ),
      apiKey: text,
      requestedTenant: text,
    });
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        expect((await decide(given, knowledge)).kind).not.toBe("allow");
      }),
    );
  });
});
