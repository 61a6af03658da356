import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/auth/decide";
import { DENIALS, type AuthorizationRequest, type DenialCode } from "../../src/auth/decision";
import { parseDirectory, parseKeys } from "../../src/auth/directory";
import { ROUTES } from "../../src/model/routes";
import { bearer, decision, directory, directoryText, keys, keysText, knowledge, PERSON, push, read } from "./world"; // prettier-ignore

const RUNS = { numRuns: 2_000 };
const text = fc.string({ unit: "binary" });
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const ids = ["mx", "pe", "co", "zz"];
/** Mostly what could be meant, sometimes anything. */
const mostly = <T, U>(likely: fc.Arbitrary<T>, other: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 6, arbitrary: likely }, { weight: 1, arbitrary: other });
const organisation = fc.constantFrom(...ids.map((id) => `tenant-${id}`));
const asked = maybe(
  mostly(organisation, fc.oneof(text, fc.constantFrom("tenant-mx|tenant-pe", "", "TENANT-MX"))),
);
const target = {
  method: mostly(fc.constantFrom("GET", "POST"), fc.constantFrom("DELETE", "PUT", "get", "", "PATCH")),
  path: mostly(fc.constantFrom(...ROUTES.map(({ path }) => path.replaceAll(/\{\w+\}/g, "x"))), text),
};
const role = mostly(fc.constantFrom("admin", "viewer"), fc.constantFrom("owner", ""));
const tenantGroup = fc.tuple(fc.constantFrom(...ids), role).map((parts) => `/tenants/${parts.join("/")}`);
const group = mostly(fc.oneof(tenantGroup, fc.constant("/operators")), fc.oneof(text, fc.jsonValue()));
const person = fc.record(
  {
    azp: fc.constant("atalaya-cli"),
    tenant_id: mostly(fc.constant(undefined), fc.oneof(organisation, fc.jsonValue())),
    groups: mostly(fc.array(group, { maxLength: 3 }), fc.jsonValue()),
    sub: mostly(fc.constant(PERSON), fc.jsonValue()),
  },
  { requiredKeys: ["azp"] },
);
const agent = fc.record(
  {
    azp: mostly(fc.constantFrom("agent-mx", "agent-pe", "agent-co", "grafana"), fc.jsonValue()),
    tenant_id: mostly(organisation, fc.jsonValue()),
    groups: mostly(fc.constant(undefined), fc.array(group)),
    sub: fc.jsonValue(),
  },
  { requiredKeys: ["azp", "tenant_id"] },
);
const claims = fc.oneof(person, agent);

describe("whatever is asked", () => {
  it("nothing without a good credential is allowed, and nothing throws", async () => {
    const request = fc.record({
      ...target,
      authorization: fc.oneof(
        maybe(text),
        text.map((value) => `Bearer ${value}`),
        text.map((value) => `Bearer atl_${value}`),
        text.map((value) => `Basic ${Buffer.from(value).toString("base64")}`),
      ),
      apiKey: maybe(text),
      requestedTenant: asked,
    });
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        expect((await decision(given)).kind).toBe("deny");
      }),
      RUNS,
    );
  });

  it("a token allows only a tenant that is its own, active, and the one that was asked for", async () => {
    let allows = 0;
    await fc.assert(
      fc.asyncProperty(fc.record(target), claims, asked, async (at, said, requestedTenant) => {
        const verify = () => Promise.resolve({ kind: "valid", claims: said } as const);
        const request: AuthorizationRequest = {
          ...push({ authorization: "Bearer a.b.c", requestedTenant }),
          ...at,
        };
        const { decision: made, ...found } = await decide(request, { directory, keys, verify });
        if (made.kind !== "allow") return;
        allows++;
        const tenant = directory.get(made.orgId);
        expect(tenant?.state).toBe("active");
        expect([undefined, made.orgId]).toContain(requestedTenant);
        expect([found.user, found.tenant]).toEqual([made.userId, made.orgId]);
        // Said here in other words than in the code.
        const groups = Array.isArray(said.groups) ? said.groups : [];
        const mine = ["admin", "editor", "viewer"].some((role) =>
          groups.includes(`/tenants/${tenant?.id ?? ""}/${role}`),
        );
        const asPerson = mine || (groups.includes("/operators") && requestedTenant === made.orgId);
        const onApi = found.routes.every(({ right }) => "api" in right);
        const services = onApi ? (tenant?.services ?? []).map(({ clientId }) => clientId) : [];
        const programs: readonly unknown[] = [...(tenant?.agents ?? []), ...services];
        const asProgram = said.tenant_id === made.orgId && programs.includes(said.azp);
        expect(said.azp === "atalaya-cli" ? [asPerson, made.userId] : [asProgram, made.userId]).toEqual([true, said.azp === "atalaya-cli" ? PERSON : said.azp]); // prettier-ignore
        // What may be done there, the tenant API says per operation.
        if (onApi) return;
        expect(
          found.routes.some(({ right }) => "signal" in right && (right.verb === "write") === asProgram),
        ).toBe(true);
      }),
      { numRuns: 10_000 },
    );
    // Or it would have shown nothing.
    expect(allows).toBeGreaterThan(50);
  }, 30_000);

  it("a key allows only its own tenant", async () => {
    const apiKey = fc.oneof(fc.constantFrom("atl_mx_reader", "atl_mx_writer", "atl_co_reader"), text);
    await fc.assert(
      fc.asyncProperty(fc.record(target), apiKey, asked, async (at, key, requestedTenant) => {
        const made = await decision({ ...push({ apiKey: key, requestedTenant }), ...at });
        if (made.kind === "allow")
          expect([made.orgId, key.startsWith("atl_mx_")]).toEqual(["tenant-mx", true]);
      }),
      RUNS,
    );
  });

  it("a verifier that fails in any way is no decision", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (thrown) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        const verify = () => Promise.reject(thrown);
        const made = await decision(push({ authorization: "Bearer a.b.c" }), { directory, keys, verify });
        expect(made).toEqual({ kind: "undecided", code: "internal" });
      }),
    );
  });
});

describe("every code of a denial", () => {
  it("is reached, with its status", async () => {
    const mx = { azp: "agent-mx", tenant_id: "tenant-mx" };
    const operator = { azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] };
    const requests: Record<DenialCode, AuthorizationRequest> = {
      credential_missing: push(),
      credential_ambiguous: push({ apiKey: "x", authorization: "y" }),
      token_invalid: push({ authorization: "Bearer a.b.c" }),
      key_invalid: push({ apiKey: "atl_nobody" }),
      tenant_denied: push({ authorization: await bearer({ ...mx, azp: "agent-pe" }) }),
      tenant_required: read({ authorization: await bearer(operator) }),
      right_missing: read({ authorization: await bearer(mx) }),
      route_unknown: push({ path: "/config" }),
    };
    for (const [code, request] of Object.entries(requests))
      expect(await decision(request)).toEqual({ kind: "deny", status: DENIALS[code as DenialCode], code });
  });
});

describe("the live files", () => {
  it.each([
    ["an organisation that is not the tenant's", { id: "mx", orgId: "tenant-pe" }],
    ["a tenant in capitals", { id: "MX", orgId: "tenant-MX" }],
    ["an unknown state", { state: "open" }],
    ["an agent whose name is no header", { agents: ["agent\n"] }],
  ])("with %s are refused, and their text is not quoted", (_case, changed) => {
    const tenant = { id: "mx", orgId: "tenant-mx", state: "active", agents: [], services: [], ...changed };
    const parse = () => parseDirectory(JSON.stringify({ version: 1, tenants: [tenant] }));
    expect(parse).toThrow(/^tenants\.0/);
    expect(() => parseDirectory("atl_secret")).toThrow("it is not JSON");
    expect(knowledge.directory?.size).toBe(3);
  });

  it("in which something stands twice are refused: which of the two counts is nobody's to guess", () => {
    const { tenants } = JSON.parse(directoryText) as { readonly tenants: readonly object[] };
    const twice = JSON.stringify({ version: 1, tenants: [...tenants, tenants[0]] });
    expect(() => parseDirectory(twice)).toThrow("an entry stands twice");
    const file = JSON.parse(keysText) as { readonly keys: readonly object[] };
    const other = { ...file.keys[0], id: "grafana-pe", orgId: "tenant-pe" };
    const both = JSON.stringify({ version: 1, keys: [...file.keys, other] });
    expect(() => parseKeys(both)).toThrow("an entry stands twice");
  });
});
