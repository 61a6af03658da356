import { describe, expect, it } from "vitest";
import { clientsCarryOneTenant } from "../../policies/rules/clients-carry-one-tenant";
import type { ResourceRecord } from "../../src/model/recording";
import { files, messages, nothingOf, resource, tenant } from "./builder";

const MX = tenant("mx");
const GOOD = {
  clientId: "agent-mx",
  accessType: "CONFIDENTIAL",
  serviceAccountsEnabled: true,
  standardFlowEnabled: false,
  fullScopeAllowed: false,
  accessTokenLifespan: "300",
};
const client = (inputs: object = {}, parent?: ResourceRecord) =>
  resource(
    "keycloak:openid/client:Client",
    "agent",
    { ...GOOD, ...inputs },
    parent === undefined ? {} : { parent },
  );
const CLIENT = client({}, MX);
const mapper = (inputs: object = {}, of = CLIENT, name = "tenant") =>
  resource(
    "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper",
    name,
    { claimName: "tenant_id", claimValue: "tenant-mx", claimValueType: "String", ...inputs },
    { dependsOn: [of], parent: MX },
  );
const found = (...resources: readonly ResourceRecord[]) =>
  messages(clientsCarryOneTenant, [MX, ...resources]);

describe("clients-carry-one-tenant", () => {
  it("passes a confidential client with its own tenant's claim", () => {
    expect(found(CLIENT, mapper())).toEqual([]);
  });

  it.each([
    ["its tenant is", { state: "suspended", agents: ["agent-mx"] }],
    ["it is itself", { state: "active", agents: [], suspendedAgents: ["agent-mx"] }],
  ])("refuses tokens for an agent that is suspended: %s", (_, entry) => {
    const directory = files("auth", {
      "/var/lib/atalaya/auth/live/tenants.json": { tenants: [{ id: "mx", ...entry, services: [] }] },
    });
    expect(found(directory, CLIENT, mapper())).toEqual([
      "Client agent of tenant mx is suspended and may get tokens.",
    ]);
    const stopped = client({ enabled: false }, MX);
    expect(found(directory, stopped, mapper({}, stopped))).toEqual([]);
  });

  it("leaves clients that are no tenant's to themselves: people log in by those", () => {
    expect(
      found(CLIENT, mapper(), client({ standardFlowEnabled: true, accessTokenLifespan: undefined })),
    ).toEqual([]);
  });

  it.each([
    "standardFlowEnabled",
    "implicitFlowEnabled",
    "directAccessGrantsEnabled",
    "oauth2DeviceAuthorizationGrantEnabled",
    "standardTokenExchangeEnabled",
  ])("refuses another way in: %s", (flow) => {
    expect(found(client({ [flow]: true }, MX), mapper())).toEqual([
      `Client agent has ${flow}: a token without its own secret.`,
    ]);
  });

  it.each<[object, string]>([
    [{ fullScopeAllowed: undefined }, 'fullScopeAllowed "unset, which means true"'],
    [{ fullScopeAllowed: true }, "fullScopeAllowed true"],
    [{ accessType: "PUBLIC" }, 'the access type "PUBLIC"'],
    [
      { accessTokenLifespan: undefined },
      'accessTokenLifespan "unset", which is not between 1 and 300 seconds',
    ],
    [{ accessTokenLifespan: "301" }, 'accessTokenLifespan "301", which is not between 1 and 300 seconds'],
    [{ accessTokenLifespan: "0" }, 'accessTokenLifespan "0", which is not between 1 and 300 seconds'],
    [{ accessTokenLifespan: "-1" }, 'accessTokenLifespan "-1", which is not between 1 and 300 seconds'],
    [{ accessTokenLifespan: "5m" }, 'accessTokenLifespan "5m", which is not between 1 and 300 seconds'],
  ])("refuses %j", (inputs, problem) => {
    expect(found(client(inputs, MX), mapper())).toEqual([`Client agent has ${problem}.`]);
  });

  it("refuses no claim, another tenant's and two of them", () => {
    expect(found(CLIENT)).toEqual(["Client agent of tenant mx has 0 tenant_id claims."]);
    expect(found(CLIENT, mapper({ claimValue: "tenant-pe" }))).toEqual([
      "Client agent of tenant mx has 1 tenant_id claims: tenant-pe.",
    ]);
    expect(found(CLIENT, mapper(), mapper({}, CLIENT, "another"))).toEqual([
      "Client agent of tenant mx has 2 tenant_id claims: tenant-mx, tenant-mx.",
    ]);
  });

  it("refuses a claim that does not reach the token as a string", () => {
    for (const inputs of [{ addToAccessToken: false }, { claimValueType: "JSON" }])
      expect(found(CLIENT, mapper(inputs))).toEqual([
        "Client agent: its tenant_id claim does not reach the access token as a string.",
      ]);
  });

  it("refuses other writers of the claim, and of claims that are Keycloak's own", () => {
    const scope = resource(
      "keycloak:openid/userAttributeProtocolMapper:UserAttributeProtocolMapper",
      "attribute",
      {
        claimName: "tenant_id",
      },
    );
    const generic = resource("keycloak:index/genericProtocolMapper:GenericProtocolMapper", "generic", {
      config: { "claim.name": "azp", "claim.value": "agent-pe" },
    });
    const browser = client();
    expect(found(CLIENT, mapper(), scope, generic, browser, mapper({}, browser, "browser"))).toEqual([
      "browser writes the claim tenant_id, which decides whose data a token reaches.",
      "generic writes the claim azp, which decides whose data a token reaches.",
      "attribute writes the claim tenant_id, which decides whose data a token reaches.",
    ]);
  });

  it("refuses rights in Keycloak itself", () => {
    const role = resource(
      "keycloak:openid/clientServiceAccountRole:ClientServiceAccountRole",
      "admin",
      { role: "realm-admin" },
      { parent: MX },
    );
    expect(found(CLIENT, mapper(), role)).toEqual(["admin gives a client of tenant mx a role in Keycloak."]);
  });

  it("does not pass an environment without tenants' clients", () => {
    expect(found(client())).toEqual([nothingOf("tenant's Keycloak client")]);
  });
});
