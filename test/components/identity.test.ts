import { describe, expect, it } from "vitest";
import type { Recording } from "../../src/model/recording";
import { MX, only, PE, recordEnvironment } from "./environment";

const of = ({ resources }: Recording, suffix: string) =>
  resources.filter(({ type }) => type.endsWith(suffix));
const SHOP = { ...MX, services: [{ name: "shop", scopes: ["orders:read", "ai-services:*"] }] };

describe("a program's client", () => {
  it("gets tokens by its own secret and in no other way, for five minutes", async () => {
    const recording = await recordEnvironment([MX]);
    expect(only(recording, "keycloak:Client agent-mx-client").inputs).toEqual({
      realmId: "observability",
      clientId: "agent-mx",
      name: "agent-mx",
      description: "Program of tenant mx",
      enabled: true,
      accessType: "CONFIDENTIAL",
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      useRefreshTokens: false,
      useRefreshTokensClientCredentials: false,
      fullScopeAllowed: false,
      accessTokenLifespan: "300",
    });
  });

  it("says its tenant's organisation and the edge in the access token, and nothing else", async () => {
    const recording = await recordEnvironment([MX]);
    expect(only(recording, "keycloak:HardcodedClaimProtocolMapper agent-mx-tenant").inputs).toMatchObject({
      claimName: "tenant_id",
      claimValue: "tenant-mx",
      claimValueType: "String",
      addToAccessToken: true,
    });
    expect(only(recording, "keycloak:AudienceProtocolMapper agent-mx-audience").inputs).toMatchObject({
      includedCustomAudience: "atalaya-edge",
      addToAccessToken: true,
      addToIdToken: false,
    });
    expect(
      only(recording, "keycloak:ClientDefaultScopes agent-mx-default-scopes").inputs["defaultScopes"],
    ).toEqual(["basic", "service_account"]);
  });

  it("of a service has the scopes that were declared, each of which exists once", async () => {
    const recording = await recordEnvironment([
      SHOP,
      { ...PE, services: [{ name: "shop", scopes: ["orders:read"] }] },
    ]);
    const scopes = only(recording, "keycloak:ClientDefaultScopes service-mx-shop-default-scopes");
    expect(scopes.inputs["defaultScopes"]).toEqual([
      "ai-services:*",
      "basic",
      "orders:read",
      "service_account",
    ]);
    expect(of(recording, ":ClientScope").map(({ inputs }) => inputs["name"])).toEqual([
      "ai-services:*",
      "orders:read",
    ]);
  });

  it("is refused tokens while its tenant is suspended", async () => {
    const recording = await recordEnvironment([{ ...SHOP, state: "suspended" }, PE]);
    const enabled = of(recording, "openid/client:Client").map(({ name, inputs }) => [
      name,
      inputs["enabled"],
    ]);
    expect(Object.fromEntries(enabled)).toEqual({
      "agent-mx-client": false,
      "agent-pe-client": true,
      "realm-grafana": undefined,
      "service-mx-shop-client": false,
    });
  });
});

describe("an agent that is suspended itself", () => {
  it("is refused tokens, and its tenant's other programs are not", async () => {
    const recording = await recordEnvironment([
      {
        ...SHOP,
        agents: [
          { id: "agent-mx", state: "active" },
          { id: "plant", state: "suspended" },
        ],
      },
    ]);
    const enabled = of(recording, "openid/client:Client").map(({ name, inputs }) => [
      name,
      inputs["enabled"],
    ]);
    expect(Object.fromEntries(enabled)).toEqual({
      "agent-mx-client": true,
      "plant-client": false,
      "realm-grafana": undefined,
      "service-mx-shop-client": true,
    });
  });
});

describe("people", () => {
  it("belong to groups by tenant and role", async () => {
    const recording = await recordEnvironment([MX]);
    const groups = new Map(of(recording, "group:Group").map((group) => [group.name, group]));
    const path = (name: string): string => {
      const inputs = groups.get(name)?.inputs ?? {};
      const parent = [...groups.keys()].find((other) => String(inputs["parentId"]).includes(`:${other}:`));
      return `${parent === undefined ? "" : path(parent)}/${String(inputs["name"])}`;
    };
    expect([...groups.keys()].map(path).sort()).toEqual([
      "/operators",
      "/tenants",
      "/tenants/mx",
      "/tenants/mx/admin",
      "/tenants/mx/editor",
      "/tenants/mx/viewer",
    ]);
  });

  it("log in to Grafana at one exact address, with PKCE, and Grafana is told their groups", async () => {
    const recording = await recordEnvironment([MX]);
    expect(only(recording, "keycloak:Client realm-grafana").inputs).toMatchObject({
      clientId: "grafana",
      accessType: "CONFIDENTIAL",
      standardFlowEnabled: true,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      serviceAccountsEnabled: false,
      fullScopeAllowed: false,
      pkceCodeChallengeMethod: "S256",
      validRedirectUris: ["http://localhost:3000/login/generic_oauth"],
      webOrigins: [],
    });
    expect(
      only(recording, "keycloak:GroupMembershipProtocolMapper realm-grafana-groups").inputs,
    ).toMatchObject({
      claimName: "groups",
      fullPath: true,
    });
  });

  it("are not let in by guessing", async () => {
    const { inputs } = only(await recordEnvironment([]), "keycloak:Realm realm");
    expect(inputs).toMatchObject({
      registrationAllowed: false,
      sslRequired: "external",
      accessTokenLifespan: "5m0s",
      securityDefenses: { bruteForceDetection: { maxLoginFailures: 10 } },
    });
  });
});

describe("Keycloak", () => {
  it("says the public address in every token, and answers inside under its own name", async () => {
    const { inputs } = only(await recordEnvironment([]), "docker:Container keycloak-container");
    expect(inputs["envs"]).toEqual(
      expect.arrayContaining(["KC_HOSTNAME=http://localhost:8090", "KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true"]),
    );
    expect(inputs["command"]).toEqual([
      "--config-file=/var/lib/atalaya/keycloak/secrets/keycloak.conf",
      "start",
    ]);
  });

  it("is configured at a literal address and without logging in first", async () => {
    const { inputs } = only(await recordEnvironment([]), "pulumi:providers:keycloak keycloak-provider");
    expect(inputs).toMatchObject({ url: "http://localhost:8090", initialLogin: "false" });
  });
});
