import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/auth/decide";
import type { AuthorizationRequest, Decision } from "../../src/auth/decision";
import { parseDirectory } from "../../src/auth/directory";
import { routeMatch } from "../../src/model/match";
import { ROUTES } from "../../src/model/routes";
import { extraRoutes } from "../../src/model/upstreams";
import { allowed, bearer, denied, directoryText, keys, knowledge, PERSON, push } from "./world";

const UPSTREAMS = [
  { name: "orders", path: "/orders", methods: { GET: "orders:read", POST: "orders:write" } },
  { name: "ai", path: "/ai/v1", methods: { POST: "ai-services:chat", DELETE: "ai-services:*" } },
] as const;
const match = routeMatch([...ROUTES, ...extraRoutes(UPSTREAMS)]);

interface Listed {
  services: { clientId: string; scopes: readonly string[] }[];
}
/** The directory in which mx's service has these scopes. */
function directoryWith(scopes: readonly string[]) {
  const file = JSON.parse(directoryText) as { readonly tenants: readonly Listed[] };
  for (const { services } of file.tenants) for (const service of services) Object.assign(service, { scopes });
  return parseDirectory(JSON.stringify(file));
}

const SHOP = { azp: "service-mx-shop", tenant_id: "tenant-mx" };
const token = (scope: string, claims: object = {}) => bearer({ ...SHOP, scope, ...claims });
const ask = async (
  method: string,
  path: string,
  given: Partial<AuthorizationRequest>,
  scopes: readonly string[] = ["orders:read"],
): Promise<Decision> =>
  (await decide({ ...push(given), method, path }, { ...knowledge, directory: directoryWith(scopes), match }))
    .decision;
const asService = (authorization: string) => ({ serviceToken: authorization.replace("Bearer ", "") });

const ORDERS = allowed("tenant-mx", "service-mx-shop");
const MISSING = denied(403, "right_missing");
const DENIED = denied(403, "tenant_denied");

describe("a service's token", () => {
  it("opens what its scope says, as Bearer and as X-Service-Token", async () => {
    const authorization = await token("email orders:read");
    for (const given of [{ authorization }, asService(authorization)]) {
      expect(await ask("GET", "/orders", given)).toEqual(ORDERS);
      expect(await ask("GET", "/orders/7/items", given)).toEqual(ORDERS);
      expect(await ask("POST", "/orders", given)).toEqual(MISSING);
      expect(await ask("POST", "/ai/v1/chat", given)).toEqual(MISSING);
      expect(await ask("PUT", "/orders", given)).toEqual(denied(403, "route_unknown"));
      expect(await ask("GET", "/ordersx", given)).toEqual(denied(403, "route_unknown"));
      expect(await ask("GET", "/ai", given)).toEqual(denied(403, "route_unknown"));
    }
  });

  it("with a wildcard opens all of one thing; what wants all of it takes nothing less", async () => {
    const all = ["ai-services:*"];
    const authorization = await token("ai-services:*");
    expect(await ask("POST", "/ai/v1/chat", { authorization }, all)).toEqual(ORDERS);
    expect(await ask("DELETE", "/ai/v1/models", { authorization }, all)).toEqual(ORDERS);
    expect(await ask("GET", "/orders", { authorization }, all)).toEqual(MISSING);
    const one = await token("ai-services:chat");
    expect(await ask("POST", "/ai/v1/chat", { authorization: one }, ["ai-services:chat"])).toEqual(ORDERS);
    expect(await ask("DELETE", "/ai/v1/models", { authorization: one }, ["ai-services:chat"])).toEqual(
      MISSING,
    );
  });

  it("is worth no more than the list and the token both say", async () => {
    expect(await ask("GET", "/orders", { authorization: await token("email") })).toEqual(MISSING);
    expect(await ask("GET", "/orders", { authorization: await bearer(SHOP) })).toEqual(MISSING);
    const taken = await token("orders:read");
    expect(await ask("GET", "/orders", { authorization: taken }, [])).toEqual(MISSING);
    expect(await ask("GET", "/orders", { authorization: taken }, ["orders:*"])).toEqual(MISSING);
    for (const scope of [["orders:read"], 7, { "orders:read": true }, "orders:read,x", "ORDERS:READ"])
      expect(await ask("GET", "/orders", { authorization: await bearer({ ...SHOP, scope }) })).toEqual(
        MISSING,
      );
  });

  it("is of its own tenant alone", async () => {
    for (const claims of [
      { tenant_id: "tenant-pe" },
      { tenant_id: "tenant-co", azp: "service-co-shop" },
      { tenant_id: ["tenant-mx"] },
      { azp: "service-pe-shop" },
      { groups: ["/operators"] },
    ])
      expect(await ask("GET", "/orders", { authorization: await token("orders:read", claims) })).toEqual(
        DENIED,
      );
    const authorization = await token("orders:read");
    for (const requestedTenant of ["tenant-pe", "tenant-mx|tenant-pe", "TENANT-MX", ""])
      expect(await ask("GET", "/orders", { authorization, requestedTenant })).toEqual(DENIED);
    expect(await ask("GET", "/orders", { authorization, requestedTenant: "tenant-mx" })).toEqual(ORDERS);
  });

  it("reads telemetry where its scope says so, and writes none", async () => {
    const scopes = ["metrics:read", "logs:*"];
    const authorization = await token(scopes.join(" "));
    expect(await ask("GET", "/prometheus/api/v1/query", { authorization }, scopes)).toEqual(ORDERS);
    expect(await ask("GET", "/loki/api/v1/query", { authorization }, scopes)).toEqual(ORDERS);
    expect(await ask("GET", "/tempo/api/search", { authorization }, scopes)).toEqual(MISSING);
    // As Envoy says of it, which knows agents alone.
    expect(await ask("POST", "/v1/logs", { authorization }, scopes)).toEqual(DENIED);
    expect(await ask("POST", "/v1/logs", asService(authorization), scopes)).toEqual(DENIED);
  });

  it("beside any other credential is nobody's", async () => {
    const authorization = await token("orders:read");
    const { serviceToken } = asService(authorization);
    const ambiguous = denied(401, "credential_ambiguous");
    for (const other of [{ authorization }, { authorization: "" }, { apiKey: "atl_mx_reader" }, { authorization: "Basic eDp5" }])
      expect(await ask("GET", "/orders", { serviceToken, ...other })).toEqual(ambiguous);
    expect(await ask("GET", "/orders", { serviceToken: `${serviceToken}, ${serviceToken}` })).toEqual(denied(401, "token_invalid"));
    expect(await ask("GET", "/orders", { serviceToken: "" })).toEqual(denied(401, "token_invalid"));
    expect(await ask("GET", "/orders", { serviceToken: "atl_mx_reader" })).toEqual(denied(401, "token_invalid"));
    expect(await ask("GET", "/orders", {})).toEqual(denied(401, "credential_missing"));
  }); // prettier-ignore

  it("is all that X-Service-Token takes", async () => {
    const agent = await bearer({ azp: "agent-mx", tenant_id: "tenant-mx" });
    const person = await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/tenants/mx/admin"] });
    for (const other of [agent, person])
      for (const path of ["/orders", "/prometheus/api/v1/query", "/api/data"])
        expect(await ask("GET", path, asService(other))).toEqual(DENIED);
    expect(await ask("POST", "/v1/logs", asService(agent))).toEqual(DENIED);
  });
});

describe("an upstream of the environment's own", () => {
  it("is closed to agents, people and keys", async () => {
    const authorization = await bearer({ azp: "agent-mx", tenant_id: "tenant-mx", scope: "orders:read" });
    expect(await ask("GET", "/orders", { authorization })).toEqual(MISSING);
    for (const groups of [["/tenants/mx/admin"], ["/operators"]]) {
      const person = await bearer({ azp: "atalaya-cli", sub: PERSON, groups, scope: "orders:read" });
      expect(await ask("GET", "/orders", { authorization: person })).toEqual(MISSING);
    }
    expect(await ask("GET", "/orders", { apiKey: "atl_mx_reader" })).toEqual(MISSING);
  });

  it("opens by nothing but both saying exactly its scope, or all of its kind", async () => {
    const scope = fc.constantFrom("orders:read", "orders:write", "orders:*", "order:read", "orders:", "*:*", "*", "orders:readx"); // prettier-ignore
    const claims = (said: readonly string[]) => () =>
      Promise.resolve({ kind: "valid", claims: { ...SHOP, scope: said.join(" ") } } as const);
    let allows = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(scope), fc.array(scope), async (listed, said) => {
        const known = { directory: directoryWith(listed), keys, match, verify: claims(said) };
        const request = { ...push({ authorization: "Bearer a.b.c" }), method: "GET", path: "/orders" };
        const { decision } = await decide(request, known);
        const both = listed.filter((one) => said.includes(one));
        const expected = both.includes("orders:read") || both.includes("orders:*");
        if (expected) allows++;
        expect(decision).toEqual(expected ? ORDERS : MISSING);
      }),
      { numRuns: 500 },
    );
    expect(allows).toBeGreaterThan(50);
  });
});
