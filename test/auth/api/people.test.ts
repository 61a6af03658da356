import { describe, expect, it } from "vitest";
import { decideApi } from "../../../src/auth/api/edge";
import { identify, RIGHTS } from "../../../src/auth/api/identify";
import { allowed, bearer, denied, knowledge, PERSON, undecided } from "../world";
import { ApiWorld, operator, otherPerson, person, program, serviceOf } from "./world";

const READS = ["metrics:read", "logs:read", "traces:read"];
const WRITES = ["metrics:write", "logs:write", "traces:write"];
const mx = { tenant: { id: "mx", org_id: "tenant-mx" } };
const basic = (key: string) => `Basic ${Buffer.from(`anyone:${key}`).toString("base64")}`;

describe("who you are", () => {
  it.each([
    ["an admin", () => person("mx/admin"), { kind: "person", user: PERSON, role: "admin", rights: RIGHTS, scopes: [] }],
    ["an editor", () => person("mx/editor"), { kind: "person", user: PERSON, role: "editor", rights: RIGHTS, scopes: [] }],
    ["a viewer", () => person("mx/viewer"), { kind: "person", user: PERSON, role: "viewer", rights: READS, scopes: [] }],
    ["of two roles, the stronger", () => person("mx/viewer", "mx/editor"), { kind: "person", user: PERSON, role: "editor", rights: RIGHTS, scopes: [] }],
    ["an operator, who is no member", () => operator("mx"), { kind: "person", user: PERSON, rights: [], scopes: [] }],
    ["an agent", () => program("agent-mx", "mx"), { kind: "agent", user: "agent-mx", rights: WRITES, scopes: [] }],
    ["a service", () => serviceOf("keys"), { kind: "service", user: "service-mx-keys", rights: ["logs:read", "logs:write"], scopes: ["api-keys:manage", "logs:*"] }],
    ["a key", () => ({ "x-api-key": "atl_mx_writer" }), { kind: "key", user: "shipper-mx", rights: ["logs:write"], scopes: [] }],
    ["a key as Bearer", () => ({ authorization: "Bearer atl_mx_writer" }), { kind: "key", user: "shipper-mx", rights: ["logs:write"], scopes: [] }],
    ["a key as a password", () => ({ authorization: basic("atl_mx_writer") }), { kind: "key", user: "shipper-mx", rights: ["logs:write"], scopes: [] }],
  ])("is told %s", async (_case, headers, expected) => {
    await using world = await ApiWorld.listen();
    const answer = await world.send("GET", "/api/users/me", { headers: await headers() });
    expect([answer.status, answer.body]).toEqual([200, { ...expected, ...mx }]);
  }); // prettier-ignore

  const refusals: [string, () => Promise<object> | object, number, string][] = [
    ["without a credential", () => ({}), 401, "credential_missing"],
    ["with a scheme of nobody's", () => ({ authorization: "Digest abc" }), 401, "credential_missing"],
    ["with two", async () => ({ ...(await person("mx/admin")), "x-api-key": "atl_mx_reader" }), 401, "credential_ambiguous"],
    ["with a key that nobody made", () => ({ "x-api-key": "atl_mx_nobody" }), 401, "key_invalid"],
    ["with a token that nobody signed", () => ({ authorization: "Bearer a.b.c" }), 401, "token_invalid"],
    ["as a person without an id", async () => ({ authorization: await bearer({ azp: "atalaya-cli", sub: "x", groups: ["/tenants/mx/admin"] }) }), 401, "token_invalid"],
    ["as a person of no tenant", () => person(), 403, "tenant_denied"],
    ["as an admin of a suspended tenant", () => person("co/admin"), 403, "tenant_denied"],
    ["as an agent of a suspended tenant", () => program("agent-co", "co"), 403, "tenant_denied"],
    ["with a key of a suspended tenant", () => ({ "x-api-key": "atl_co_reader" }), 403, "tenant_denied"],
    ["as a service for another tenant", () => program("service-mx-keys", "pe"), 403, "tenant_denied"],
    ["as a client that is nobody's", () => program("grafana", "mx"), 403, "tenant_denied"],
    ["as a service that has groups as well", async () => ({ authorization: await bearer({ azp: "service-mx-keys", tenant_id: "tenant-mx", groups: [] }) }), 403, "tenant_denied"],
    ["as a person who is bound to a tenant as well", async () => ({ authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, tenant_id: "tenant-mx", groups: ["/tenants/mx/admin"] }) }), 403, "tenant_denied"],
    ["as a person of two tenants who names none", () => person("mx/admin", "pe/viewer"), 403, "tenant_required"],
    ["as an operator who names none", async () => ({ authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] }) }), 403, "tenant_required"],
    ["with a token whose key is not known", async () => ({ authorization: await bearer({ azp: "agent-mx", tenant_id: "tenant-mx" }, { kid: "another" }) }), 503, "keys_unavailable"],
  ]; // prettier-ignore
  it.each(refusals)("is not told %s", async (_case, headers, status, code) => {
    await using world = await ApiWorld.listen();
    const answer = await world.send("GET", "/api/users/me", { headers: (await headers()) as Record<string, string> });
    expect([answer.status, answer.body["code"], answer.headers["content-type"]]).toEqual([
      ...[status, code, "application/problem+json"],
    ]);
    expect(answer.headers["www-authenticate"]).toBe(status === 401 ? 'Bearer realm="atalaya"' : undefined);
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "5" : undefined);
    expect(answer.text).not.toMatch(/tenant-mx|agent-mx/);
  }); // prettier-ignore

  it("is not told when the tenants are not known, or something fails inside", async () => {
    await using world = await ApiWorld.listen();
    const headers = await person("mx/admin");
    world.known = { ...world.known, directory: undefined };
    const unknown = await world.send("GET", "/api/users/me", { headers });
    expect([unknown.status, unknown.body["code"]]).toEqual([503, "directory_unavailable"]);
    const failures: unknown[] = [];
    const verify = () => Promise.reject(new Error("tenant-mx"));
    const credentials = { authorization: "Bearer a.b.c", apiKey: undefined, requestedTenant: undefined };
    const known = { ...knowledge, verify, onFailure: (error: unknown) => failures.push(error) };
    expect(await identify(credentials, known)).toEqual({ kind: "undecided", code: "internal" });
    expect(failures).toEqual([new Error("tenant-mx")]);
  });
});

describe("the tenant", () => {
  const asked = (tenant: string) => ({ "x-atalaya-requested-tenant": tenant });

  it("is the one that a person of two names", async () => {
    await using world = await ApiWorld.listen();
    const both = await person("mx/admin", "pe/viewer");
    for (const [tenant, role] of [["mx", "admin"], ["pe", "viewer"]] as const) {
      const headers = { ...both, ...asked(`tenant-${tenant}`) };
      const { body } = await world.send("GET", "/api/users/me", { headers });
      expect([body["tenant"], body["role"]]).toEqual([{ id: tenant, org_id: `tenant-${tenant}` }, role]);
    }
  }); // prettier-ignore

  it.each(["tenant-pe", "TENANT-MX", "tenant-mx|tenant-pe", "tenant-mx,tenant-pe", "", "__proto__"])(
    "is nobody's choice but by the credential: %j",
    async (tenant) => {
      await using world = await ApiWorld.listen();
      for (const credential of [
        await person("mx/admin"),
        await program("agent-mx", "mx"),
        await serviceOf("keys"),
        { "x-api-key": "atl_mx_reader" },
      ]) {
        const answer = await world.send("GET", "/api/users/me", { headers: { ...credential, ...asked(tenant) } });
        expect([answer.status, answer.body["code"]]).toEqual([403, "tenant_denied"]);
      }
    },
  ); // prettier-ignore

  it("is not what X-Scope-OrgID says here, nor the user x-user-id: both are the edge's to judge", async () => {
    await using world = await ApiWorld.listen();
    const forged = { "x-scope-orgid": "tenant-pe", "x-user-id": "somebody" };
    const admin = { ...(await person("mx/admin")), ...forged };
    await world.send("POST", "/api/data", { headers: admin, json: { key: "a", value: 1 } });
    expect([...world.data.entries.keys()]).toEqual(["tenant-mx a"]);
    expect(world.events.map(({ tenant, user }) => [tenant, user])).toEqual([["tenant-mx", PERSON]]);
  });

  it("of another one's data and keys is not there", async () => {
    await using world = await ApiWorld.listen();
    const [mine, theirs] = [await person("mx/admin"), await otherPerson("pe/admin")];
    const key = { json: { label: "one", rights: ["logs:read"] } };
    const { body } = await world.send("POST", "/api/api-keys", { headers: theirs, ...key });
    await world.send("PUT", "/api/data/a", { headers: theirs, json: { value: 1 } });
    const id = String(body["id"]);
    const tried = [
      ["GET", `/api/api-keys/${id}`, {}],
      ["DELETE", `/api/api-keys/${id}`, {}],
      ["POST", `/api/api-keys/${id}/rotate`, { json: {} }],
      ["GET", "/api/data/a", {}],
      ["DELETE", "/api/data/a", {}],
    ] as const;
    for (const [method, path, sent] of tried)
      expect((await world.send(method, path, { headers: mine, ...sent })).body["code"]).toBe("not_found");
    for (const list of ["/api/api-keys", "/api/data"])
      expect((await world.send("GET", list, { headers: mine })).body).toEqual({ items: [] });
    expect([world.keys.records.size, world.data.entries.size]).toEqual([1, 1]);
  });

  it("of two credentials of one kind is nobody's", async () => {
    await using world = await ApiWorld.listen();
    const [mx, pe] = [await program("agent-mx", "mx"), await program("agent-pe", "pe")];
    const twice = ["authorization", mx.authorization, "authorization", pe.authorization];
    const answer = await world.send("GET", "/api/users/me", { headers: twice });
    expect([answer.status, answer.body["code"]]).toEqual([401, "credential_missing"]);
    const keys = ["x-api-key", "atl_mx_reader", "X-API-Key", "atl_mx_writer"];
    expect((await world.send("GET", "/api/users/me", { headers: keys })).body["code"]).toBe("key_invalid");
  });
});

describe("the edge", () => {
  const asked = { method: "GET", path: "/api/data", authorization: undefined, apiKey: undefined, requestedTenant: undefined }; // prettier-ignore

  it("lets pass whoever is somebody, for his own tenant", async () => {
    const key = await decideApi({ ...asked, apiKey: "atl_mx_reader" }, knowledge);
    expect(key).toEqual({ decision: allowed("tenant-mx", "grafana-mx"), credential: "key", user: "grafana-mx", tenant: "tenant-mx" }); // prettier-ignore
    const service = { authorization: await bearer({ azp: "service-mx-shop", tenant_id: "tenant-mx" }) };
    expect(await decideApi({ ...asked, ...service }, knowledge)).toEqual({ decision: allowed("tenant-mx", "service-mx-shop"), credential: "service", user: "service-mx-shop", tenant: "tenant-mx" }); // prettier-ignore
  });

  it("refuses nobody else than the API does, and by the same codes", async () => {
    expect(await decideApi(asked, knowledge)).toEqual({ decision: denied(401, "credential_missing"), credential: "none" }); // prettier-ignore
    const other = { ...asked, apiKey: "atl_mx_reader", requestedTenant: "tenant-pe" };
    const who = { credential: "key", user: "grafana-mx", tenant: "tenant-mx" };
    expect(await decideApi(other, knowledge)).toEqual({ decision: denied(403, "tenant_denied"), ...who });
    const service = { authorization: await bearer({ azp: "service-mx-shop", tenant_id: "tenant-mx" }) };
    expect(await decideApi({ ...asked, ...service, requestedTenant: "tenant-pe" }, knowledge)).toEqual({ decision: denied(403, "tenant_denied"), credential: "service", user: "service-mx-shop", tenant: "tenant-mx" }); // prettier-ignore
    const person = {
      authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/tenants/mx/viewer"] }),
    };
    expect(await decideApi({ ...asked, ...person, requestedTenant: "tenant-pe" }, knowledge)).toEqual({ decision: denied(403, "tenant_denied"), credential: "person", user: PERSON }); // prettier-ignore
    const unknown = { ...knowledge, directory: undefined };
    expect((await decideApi(other, unknown)).decision).toEqual(undecided("directory_unavailable"));
  });
});
