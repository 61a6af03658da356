import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Admin } from "../../src/client/keycloak-admin";
import { startKeycloak } from "../../src/lab/keycloak/server";
import { EDGE_AUDIENCE, GRAFANA_CLIENT, REALM } from "../../src/model/names";
import type { Recording } from "../../src/model/recording";
import type { Tenant } from "../../src/model/tenant";
import { DIRECTORY, RealKeycloak, START, recordDev, shipped } from "./keycloak";
import { claimsOf } from "./login";

const AGENT = "agent-mx";

describe("a real Keycloak, told what the program declares", () => {
  let real: RealKeycloak;
  let recording: Recording;

  beforeAll(async () => {
    recording = await recordDev();
    real = await RealKeycloak.start();
    // In the other order that the dependencies allow: what comes of it must be the same.
    await real.apply({ ...recording, resources: [...recording.resources].reverse() });
  }, START);
  afterAll(() => (real as RealKeycloak | undefined)?.[Symbol.asyncDispose]());

  it("is changed by nothing when it is told again, in whatever order", async () => {
    const before = real.admin.writes;
    expect(await real.apply(recording)).toMatchObject({ created: [], changed: [], removed: [] });
    expect(real.admin.writes - before).toBe(0);
  });

  it("gives an agent a token of its tenant, for the edge, and for nothing else", async () => {
    const { status, body } = await real.agentToken(AGENT);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual([
      "access_token",
      "expires_in",
      "not-before-policy",
      "refresh_expires_in",
      "scope",
      "token_type",
    ]);
    const accessToken = String(body["access_token"]);
    const { exp, iat, jti, sub, ...claims } = claimsOf(accessToken);
    expect([typeof jti, typeof sub]).toEqual(["string", "string"]);
    expect(Number(exp) - Number(iat)).toBe(300);
    expect(claims).toEqual({
      iss: real.realm,
      aud: EDGE_AUDIENCE,
      azp: AGENT,
      client_id: AGENT,
      tenant_id: "tenant-mx",
      typ: "Bearer",
      scope: "",
      clientAddress: "127.0.0.1",
      clientHost: "127.0.0.1",
    });
    expect(accessToken.length).toBeLessThan(1_000);
  });

  it.each([
    ["agent-mx-plant", "tenant-mx", ""],
    ["agent-pe", "tenant-pe", ""],
    ["service-mx-checkout", "tenant-mx", "orders:read payments:*"],
  ])("gives %s a token of %s with its scopes", async (client, tenant, scope) => {
    const claims = claimsOf(String((await real.agentToken(client)).body["access_token"]));
    expect(claims).toMatchObject({ azp: client, tenant_id: tenant, aud: EDGE_AUDIENCE });
    expect(String(claims["scope"]).split(" ").sort().join(" ")).toBe(scope);
  });

  it.each(["offline_access", "roles", "microprofile-jwt", "orders:read", "organization"])(
    "gives an agent no token with the scope %s",
    async (scope) => {
      expect(await real.agentToken(AGENT, { scope })).toMatchObject({
        status: 400,
        body: { error: "invalid_scope" },
      });
    },
  );

  it("gives an agent a token by its own secret and in no other way", async () => {
    const credentials = { client_id: AGENT, client_secret: real.clientSecret(AGENT) };
    const person = { username: "mx-admin", password: real.password("mx-admin-password") };
    const grants = [
      { grant_type: "password", ...person },
      { grant_type: "authorization_code", code: "x", redirect_uri: "http://localhost" },
      { grant_type: "refresh_token", refresh_token: "x" },
      { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: "x" },
    ];
    for (const grant of grants) {
      const { status, body } = await real.token({ ...credentials, ...grant });
      expect([grant.grant_type, status, "access_token" in body]).toEqual([grant.grant_type, 400, false]);
    }
    const wrong = await real.agentToken(AGENT, { client_secret: real.clientSecret("agent-pe") });
    expect(wrong).toMatchObject({ status: 401, body: { error: "unauthorized_client" } });
    for (const type of ["code", "token", "id_token token"]) {
      const query = new URLSearchParams({
        client_id: AGENT,
        response_type: type,
        redirect_uri: "http://localhost",
      });
      const answer = await fetch(`${real.realm}/protocol/openid-connect/auth?${query.toString()}`, {
        redirect: "manual",
      });
      expect([type, answer.status]).toEqual([type, 400]);
    }
  });

  it("has no client that carries a tenant, besides those that are declared, and nobody registers one", async () => {
    const carrying = [...(await real.clients())].flatMap(([id, client]) =>
      JSON.stringify(client["protocolMappers"] ?? []).includes("tenant_id") ? [id] : [],
    );
    const declared = shipped.tenants.flatMap((tenant) => [
      ...tenant.agents.map(({ id }) => String(id)),
      ...tenant.services.map(({ clientId }) => String(clientId)),
    ]);
    expect(carrying.sort()).toEqual(declared.sort());
    const registered = await fetch(`${real.realm}/clients-registrations/default`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ clientId: "mine", redirectUris: ["http://localhost"] }),
    });
    expect([401, 403]).toContain(registered.status);
  });

  it("gives every client the declared scopes only, and shows no tenant's scopes to strangers", async () => {
    for (const id of [AGENT, "agent-co", "service-mx-checkout", GRAFANA_CLIENT])
      expect([id, await real.scopesOf(id, "optional")]).toEqual([id, []]);
    expect(await real.scopesOf(AGENT, "default")).toEqual(["basic", "service_account"]);
    expect(await real.scopesOf(GRAFANA_CLIENT, "default")).toEqual(["basic", "email", "profile"]);
    const discovery: unknown = await (await fetch(`${real.realm}/.well-known/openid-configuration`)).json();
    expect(discovery).toMatchObject({ issuer: real.realm });
    expect(JSON.stringify(discovery)).not.toMatch(/orders|payments/);
  });

  it.each([
    ["mx-admin", "/tenants/mx/admin"],
    ["pe-viewer", "/tenants/pe/viewer"],
    ["operator", "/operators"],
  ])("lets %s into Grafana as a member of %s", async (username, group) => {
    const claims = await real.logIn(username, real.password(`${username}-password`));
    expect(claims).toMatchObject({ iss: real.realm, aud: GRAFANA_CLIENT, groups: [group] });
    await expect(real.logIn(username, "another password")).rejects.toThrow("the login was refused");
  });

  it("gives a person no token for the edge", async () => {
    // Keycloak's own client, which every realm has, takes passwords.
    const person = { username: "mx-admin", password: real.password("mx-admin-password") };
    const { body } = await real.token({ grant_type: "password", client_id: "admin-cli", ...person });
    const claims = claimsOf(String(body["access_token"]));
    expect(claims).toMatchObject({ azp: "admin-cli" });
    expect(claims).not.toHaveProperty("aud");
    expect(claims).not.toHaveProperty("tenant_id");
  });

  it("follows the tenants: suspended, added, taken back and removed, each alone", async () => {
    const [co, mx, pe] = shipped.tenants as readonly [Tenant, Tenant, Tenant];
    const cl = {
      ...pe,
      id: "cl",
      orgId: "tenant-cl",
      name: "Chile & Co (CL)",
      agents: [{ id: "agent-cl" }],
    } as unknown as Tenant;
    const names = (urns: readonly string[]) => urns.map((urn) => urn.split("::").at(-1));

    const suspended = await real.apply(await recordDev({ tenants: [co, { ...mx, state: "suspended" }, pe] }));
    expect(suspended).toMatchObject({ created: [], removed: [] });
    expect(names(suspended.changed).sort()).toEqual([
      "agent-mx-client: enabled",
      "agent-mx-plant-client: enabled",
      "service-mx-checkout-client: enabled",
    ]);
    expect(await real.agentToken(AGENT)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect((await real.agentToken("agent-pe")).status).toBe(200);

    const added = await real.apply(await recordDev({ tenants: [cl, co, mx, pe] }));
    expect([names(added.created).includes("agent-cl-client"), added.removed]).toEqual([true, []]);
    expect(added.created.every((urn) => /::(agent-)?cl-/.test(urn))).toBe(true);
    const token = await real.agentToken("agent-cl");
    expect(token).toMatchObject({ status: 200 });
    expect(claimsOf(String(token.body["access_token"]))).toMatchObject({ tenant_id: "tenant-cl" });
    expect((await real.agentToken(AGENT)).status).toBe(200);

    const removed = await real.apply(recording);
    expect(names(removed.removed).sort()).toEqual(
      names(added.created)
        .filter((name) => !/-(groups|default-scopes)$/.test(String(name)))
        .sort(),
    );
    expect([removed.created, removed.changed]).toEqual([[], []]);
    expect(await real.agentToken("agent-cl")).toMatchObject({ status: 401 });
    expect((await real.agentToken(AGENT)).status).toBe(200);
  }, 120_000);

  it("takes people from a brokered directory, and lets go of it", async () => {
    const path = `/realms/${REALM}/identity-provider/instances/${DIRECTORY.alias}`;
    const brokered = await recordDev({ identityProviders: [DIRECTORY] });
    expect((await real.apply(brokered)).created).toHaveLength(1);
    expect(await real.admin.get(path)).toMatchObject({
      alias: DIRECTORY.alias,
      providerId: "oidc",
      trustEmail: false,
      config: { issuer: DIRECTORY.issuer, validateSignature: "true", pkceEnabled: "true", syncMode: "FORCE" },
    });
    expect(await real.apply(brokered)).toMatchObject({ created: [], changed: [], removed: [] });
    expect((await real.apply(recording)).removed).toHaveLength(1);
    expect(await real.admin.get(path)).toBeUndefined();
  }, 60_000);

  it("mends what somebody changed by hand", async () => {
    const client = (await real.clients()).get(AGENT);
    const path = `/realms/${REALM}/clients/${String(client?.["id"])}`;
    await real.admin.update(path, { ...client, fullScopeAllowed: true, directAccessGrantsEnabled: true });
    expect((await real.apply(recording)).changed).toEqual([
      expect.stringMatching(/::agent-mx-client: directAccessGrantsEnabled, fullScopeAllowed$/),
    ]);
    expect(await real.admin.get(path)).toMatchObject({ directAccessGrantsEnabled: false });
  });

  it("stays its administrator when all sessions end, as when Keycloak starts anew", async () => {
    await real.admin.create("/realms/master/logout-all", {});
    expect(await real.admin.get(`/realms/${REALM}`)).toMatchObject({ realm: REALM });
  });

  it("says which call Keycloak refused, and why", async () => {
    const refused = real.admin.create(`/realms/${REALM}/users`, { username: "somebody", lastName: "(x)" });
    await expect(refused).rejects.toThrow(
      `Keycloak: POST /realms/${REALM}/users: 400: lastName: error-person-name-invalid-character`,
    );
    const stranger = new Admin({ url: real.keycloak.url, user: "admin", password: "wrong" });
    await expect(stranger.get("/realms")).rejects.toThrow(
      "Keycloak: POST /realms/master/protocol/openid-connect/token: 401: Invalid user credentials",
    );
  });

  it("says that its port is taken", async () => {
    const options = await real.options();
    const http = Number(new URL(real.keycloak.url).port);
    await expect(startKeycloak({ ...options, ports: { ...options.ports, http } })).rejects.toThrow(
      `keycloak did not start: in use: 127.0.0.1:${http}`,
    );
  });

  it("ends with the end of its log when it cannot start", { timeout: START }, async () => {
    const options = await real.options();
    const database = { ...options.database, name: "nowhere" };
    await expect(startKeycloak({ ...options, database })).rejects.toThrow(
      /^keycloak did not start: ended before [^]*database "nowhere" does not exist[^]*all of it: .*keycloak\.log/,
    );
  });
});
