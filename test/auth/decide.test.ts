import { describe, expect, it, vi } from "vitest";
import { KeyRing, newestRing, parsePepper } from "../../src/auth/keys";
import { parseKeys } from "../../src/auth/directory";
import { decide } from "../../src/auth/decide";
import type { KeyFile } from "../../src/model/directory";
import type { AuthorizationRequest } from "../../src/auth/decision";
import { allowed, bearer, decision, denied, issuer, keysText, knowledge, pepper, push, read, undecided } from "./world"; // prettier-ignore

const MX = { azp: "agent-mx", tenant_id: "tenant-mx" };
const now = (): number => Math.floor(Date.now() / 1_000);

describe("an agent's token", () => {
  it("writes for its own tenant", async () => {
    expect(await decision(push({ authorization: await bearer(MX) }))).toEqual(
      allowed("tenant-mx", "agent-mx"),
    );
  });

  it("may name its own tenant", async () => {
    const request = push({ authorization: await bearer(MX), requestedTenant: "tenant-mx" });
    expect(await decision(request)).toEqual(allowed("tenant-mx", "agent-mx"));
  });

  it.each(["tenant-pe", "TENANT-MX", "tenant-mx|tenant-pe", "tenant-mx, tenant-pe", "", " tenant-mx"])(
    "may not ask for %j",
    async (requestedTenant) => {
      const request = push({ authorization: await bearer(MX), requestedTenant });
      expect(await decision(request)).toEqual(denied(403, "tenant_denied"));
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
    ["Grafana, about a person", { azp: "grafana", groups: ["/tenants/mx/admin"] }],
    ["an agent that has groups as well", { ...MX, groups: ["/tenants/mx/admin"] }],
    ["an agent that has no groups in a list", { ...MX, groups: [] }],
    ["an agent that has null for groups", { ...MX, groups: null }],
  ])("of %s is refused", async (_case, claims) => {
    for (const make of [push, read])
      expect(await decision(make({ authorization: await bearer(claims) }))).toEqual(
        denied(403, "tenant_denied"),
      );
  });

  it.each([
    ["another realm's", { iss: "http://localhost:8090/realms/other" }],
    ["one with a slash more in its issuer", { iss: `${issuer}/` }],
    ["one for somebody else", { aud: "account" }],
    ["one that lives a year", { exp: now() + 31_536_000 }],
    ["one that ended", { iat: now() - 420, exp: now() - 120 }],
  ])("%s is invalid", async (_case, claims) => {
    expect(await decision(push({ authorization: await bearer({ ...MX, ...claims }) }))).toEqual(
      denied(401, "token_invalid"),
    );
  });

  it("reads nothing", async () => {
    expect(await decision(read({ authorization: await bearer(MX) }))).toEqual(denied(403, "right_missing"));
  });

  it("of another realm is invalid even when its key is unknown", async () => {
    const authorization = await bearer(
      { ...MX, iss: "http://localhost:8090/realms/other" },
      { kid: "another" },
    );
    expect(await decision(push({ authorization }))).toEqual(denied(401, "token_invalid"));
  });

  it("signed by a key that is not known yet is undecided, never refused", async () => {
    const authorization = await bearer(MX, { kid: "another" });
    expect(await decision(push({ authorization }))).toEqual(undecided("keys_unavailable"));
  });
});

describe("a declared key", () => {
  const basic = `Basic ${Buffer.from("anyone:atl_mx_reader").toString("base64")}`;

  it.each([
    ["X-API-Key", { apiKey: "atl_mx_reader" }],
    ["Bearer", { authorization: "Bearer atl_mx_reader" }],
    ["basic authentication", { authorization: basic }],
  ])("reads by %s", async (_case, credential) => {
    expect(await decision(read(credential))).toEqual(allowed("tenant-mx", "grafana-mx"));
  });

  it("writes what it has a right to, and no other signal", async () => {
    const apiKey = "atl_mx_writer";
    expect(await decision(push({ path: "/v1/logs", apiKey }))).toEqual(allowed("tenant-mx", "shipper-mx"));
    expect(await decision(push({ path: "/v1/traces", apiKey }))).toEqual(denied(403, "right_missing"));
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
      "in the form of a token is a key",
      read({ authorization: "Bearer atl_a.b.c" }),
      denied(401, "key_invalid"),
    ],
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
  ] satisfies [string, AuthorizationRequest, object][])("%s", async (_case, request, expected) => {
    expect(await decision(request)).toEqual(expected);
  });
});

describe("the key ring", () => {
  it("is made of the newest keys and the newest pepper, and again only when one of them changes", () => {
    const files: { keys: { value: KeyFile | undefined }; pepper: { value: Buffer | undefined } } = {
      keys: { value: parseKeys(keysText) },
      pepper: { value: undefined },
    };
    const ring = newestRing(files.keys, files.pepper);
    expect(ring()).toBeUndefined();
    files.pepper.value = parsePepper("another-pepper-of-a-length");
    expect(ring()?.find("atl_mx_reader")).toBeUndefined();
    files.pepper.value = parsePepper(`${pepper}\n`);
    expect(ring()?.find("atl_mx_reader")?.id).toBe("grafana-mx");
    expect(ring()).toBe(ring());
  });

  it("is not settled while it may be half of a change, nor while a file of it is not in force", () => {
    let clock = 0;
    const files: Record<"keys", { value: KeyFile; problem?: string }> & { pepper: { value: Buffer } } = {
      keys: { value: parseKeys(keysText) },
      pepper: { value: parsePepper(pepper) },
    };
    const ring = newestRing(files.keys, files.pepper, () => clock);
    const settled = () => ring()?.settled();
    expect(settled()).toBe(true);
    const hashed = parseKeys(keysText).keys.map((key, n) => ({ ...key, hash: `${n}`.repeat(64) }));
    const others: KeyFile = { version: 1, keys: hashed };
    for (const change of [
      () => (files.pepper.value = parsePepper("another-pepper-of-a-length")),
      () => (files.keys.value = others),
      () => (files.keys.value = { version: 1, keys: [] }),
    ]) {
      change();
      expect(settled()).toBe(false);
      clock += 2_999;
      expect(settled()).toBe(false);
      clock += 1;
      expect(settled()).toBe(true);
    }
    // From none to some, and some that come or go beside others: nothing that a new pepper does.
    for (const keys of [others.keys, others.keys.slice(1), others.keys]) {
      files.keys.value = { version: 1, keys };
      expect(settled()).toBe(true);
    }
    files.keys.problem = "is refused";
    expect(settled()).toBe(false);
  });

  it("takes no short pepper", () => {
    expect(() => parsePepper("short")).toThrow(/fewer than 22 characters/);
  });
});

describe("what cannot be decided", () => {
  it("is never allowed nor refused", async () => {
    const request = push({ apiKey: "atl_mx_reader" });
    expect(await decision(request, { ...knowledge, directory: undefined })).toEqual(
      undecided("directory_unavailable"),
    );
    expect(await decision(request, { ...knowledge, keys: undefined })).toEqual(undecided("keys_unavailable"));
    const unsettled = new KeyRing(parseKeys(keysText), Buffer.from(pepper), () => false);
    const nobody = push({ apiKey: "atl_nobody" });
    expect(await decision(nobody, { ...knowledge, keys: unsettled })).toEqual(undecided("keys_unavailable"));
    expect(await decision(request, { ...knowledge, keys: unsettled })).toEqual(denied(403, "right_missing"));
    const onFailure = vi.fn<(error: unknown) => void>();
    const broken = { ...knowledge, verify: () => Promise.reject(new Error("tenant-mx")), onFailure };
    expect(await decision(push({ authorization: "Bearer a.b.c" }), broken)).toEqual(undecided("internal"));
    expect(onFailure.mock.calls).toEqual([[new Error("tenant-mx")]]);
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
  ])("%s is refused", async (_case, request, expected) => {
    expect(await decision(request)).toEqual(expected);
  });
});

describe("the tenant API", () => {
  const PERSON = "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a";
  const person = (groups: readonly string[]) => bearer({ azp: "atalaya-cli", sub: PERSON, groups });
  it.each([
    ["a key", () => ({ apiKey: "atl_mx_reader" }), "grafana-mx"],
    ["an agent", async () => ({ authorization: await bearer(MX) }), "agent-mx"],
    ["a person", async () => ({ authorization: await person(["/tenants/mx/viewer"]) }), PERSON],
    [
      "an operator",
      async () => ({ authorization: await person(["/operators"]), requestedTenant: "tenant-mx" }),
      PERSON,
    ],
  ])("is open to %s: what he may do there, it says itself", async (_case, credential, user) => {
    for (const path of ["/api", "/api/data", "/api/token"])
      expect(await decision(push({ path, ...(await credential()) }))).toEqual(allowed("tenant-mx", user));
  });

  it.each<[string, Partial<AuthorizationRequest>, object]>([
    ["nobody", {}, denied(401, "credential_missing")],
    ["a key that nobody has", { apiKey: "atl_nobody" }, denied(401, "key_invalid")],
    ["a key of a suspended tenant", { apiKey: "atl_co_reader" }, denied(403, "tenant_denied")],
    [
      "a key that asks for another tenant",
      { apiKey: "atl_mx_reader", requestedTenant: "tenant-pe" },
      denied(403, "tenant_denied"),
    ],
  ])("is closed to %s", async (_case, credential, expected) => {
    for (const path of ["/api", "/api/data", "/api/token"])
      expect(await decision(push({ path, ...credential }))).toEqual(expected);
  });
});

describe("a judgement", () => {
  it("says what was verified, and of what was not, nothing", async () => {
    const agent = await decide(
      push({ authorization: await bearer(MX), requestedTenant: "tenant-pe" }),
      knowledge,
    );
    expect(agent).toMatchObject({ credential: "agent", user: "agent-mx", tenant: "tenant-mx" });
    expect(agent.routes.map(({ id }) => id)).toEqual(["otlp-http-traces-key", "otlp-http-traces"]);
    const claimed = await decide(
      push({ authorization: await bearer({ ...MX, azp: "agent-pe" }) }),
      knowledge,
    );
    expect(Object.keys(claimed).sort()).toEqual(["credential", "decision", "routes"]);
    expect(claimed.credential).toBe("token");
    const key = await decide(read({ apiKey: "atl_co_reader" }), knowledge);
    expect([key.credential, key.user, key.tenant]).toEqual(["key", "grafana-co", undefined]);
  });
});
