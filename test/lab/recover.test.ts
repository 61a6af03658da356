import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Admin } from "../../src/client/keycloak-admin";
import { parseOutputs } from "../../src/client/outputs";
import { REALM } from "../../src/model/names";
import { keycloakServer } from "../../src/operate/recovery/keycloak";
import { ruleOf, type KeycloakPlace } from "../../src/operate/recovery/rules";
import type { Server } from "../../src/operate/recovery/servers";
import { sharedLab } from "./shared";

const inRealm = `/realms/${REALM}`;

/** Where the real one has what a resource with these inputs makes. */
function placeOf(type: string, inputs: Readonly<Record<string, unknown>>): KeycloakPlace {
  const rule = ruleOf(type);
  const place = rule !== undefined && "place" in rule ? rule.place({ realmId: REALM, ...inputs }) : undefined;
  if (place?.server !== "keycloak") throw new Error(`${type} has no place in Keycloak.`);
  return place;
}

describe("recover, in Keycloak", () => {
  let admin: Admin;
  let server: Server<KeycloakPlace>;
  beforeAll(async () => {
    const lab = await sharedLab();
    const { keycloakUrl: url, administrators } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
    const { user, password } = administrators.keycloak;
    admin = new Admin({ url, user, password });
    server = keycloakServer({ url, username: user, password });
  }, 300_000);

  /** Makes something as the provider would, and holds that recover finds it and nothing else, and removes it. */
  async function holds(type: string, inputs: Readonly<Record<string, string>>, path: string, body: object) {
    const place = placeOf(type, inputs);
    expect(await server.find(place)).toBeUndefined();
    const id = await admin.create(path, { ...body });
    const found = await server.find(place);
    expect(found?.id).toBe(id);
    const end = async () => {
      await server.remove(place, id);
      expect(await server.find(place)).toBeUndefined();
      // Whoever is killed does it again.
      await server.remove(place, id);
    };
    return { id, end };
  }

  it("finds and removes a client, its mapper, a scope, groups, a user and an identity provider", async () => {
    const counts = async () =>
      Promise.all(
        ["clients", "client-scopes", "groups", "users", "identity-provider/instances"].map(
          async (list) => (await admin.list(`${inRealm}/${list}?max=1000`)).length,
        ),
      );
    const before = await counts();
    const client = await holds("keycloak:openid/client:Client", { clientId: "left" }, `${inRealm}/clients`, {
      clientId: "left",
    });
    // A longer name that begins with it.
    const longer = await admin.create(`${inRealm}/clients`, { clientId: "left-over" });
    const mapper = await holds(
      "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper",
      { clientId: client.id, name: "audience" },
      `${inRealm}/clients/${client.id}/protocol-mappers/models`,
      { name: "audience", protocol: "openid-connect", protocolMapper: "oidc-audience-mapper", config: {} },
    );
    const scope = await holds(
      "keycloak:openid/clientScope:ClientScope",
      { name: "left:read" },
      `${inRealm}/client-scopes`,
      { name: "left:read", protocol: "openid-connect" },
    );
    const group = await holds("keycloak:index/group:Group", { name: "left" }, `${inRealm}/groups`, {
      name: "left",
    });
    const child = await holds(
      "keycloak:index/group:Group",
      { parentId: group.id, name: "admin" },
      `${inRealm}/groups/${group.id}/children`,
      { name: "admin" },
    );
    const user = await holds("keycloak:index/user:User", { username: "left" }, `${inRealm}/users`, {
      username: "left",
    });
    const provider = await holds(
      "keycloak:oidc/identityProvider:IdentityProvider",
      { realm: REALM, alias: "left" },
      `${inRealm}/identity-provider/instances`,
      {
        alias: "left",
        providerId: "oidc",
        config: { authorizationUrl: "https://a.invalid", tokenUrl: "https://a.invalid", clientId: "a" },
      },
    );
    // What others have put into it by now goes with nothing.
    const [top, below] = [{ name: "left" }, { parentId: group.id, name: "admin" }].map((inputs) =>
      placeOf("keycloak:index/group:Group", inputs),
    );
    if (top === undefined || below === undefined) throw new Error("A group has no place.");
    await admin.update(`${inRealm}/users/${user.id}/groups/${child.id}`);
    expect([await server.find(top), await server.find(below)]).toEqual([
      { id: group.id, ours: true, holds: "groups below it" },
      { id: child.id, ours: true, holds: "members" },
    ]);
    const since = (await server.find(placeOf("keycloak:index/user:User", { username: "left" })))?.made;
    expect(Math.abs((since?.getTime() ?? 0) - admin.now())).toBeLessThan(60_000);
    for (const { end } of [mapper, client, scope, child, group, user, provider]) await end();
    await admin.remove(`${inRealm}/clients/${longer}`);
    expect(await counts()).toEqual(before);
  }, 120_000);

  it("finds the realm by its name, and a group of a tenant below its parent alone", async () => {
    const realm = placeOf("keycloak:index/realm:Realm", { realm: REALM });
    const { id: internalId } = (await admin.get(inRealm)) as { readonly id: string };
    expect(await server.find(realm)).toEqual({ id: REALM, ours: true, outputs: { internalId } });
    expect(await server.find(placeOf("keycloak:index/realm:Realm", { realm: "none" }))).toBeUndefined();
    const top = await server.find(placeOf("keycloak:index/group:Group", { name: "tenants" }));
    const below = { parentId: top?.id ?? "", name: "mx" };
    expect(await server.find(placeOf("keycloak:index/group:Group", below))).toBeDefined();
    expect(await server.find(placeOf("keycloak:index/group:Group", { name: "mx" }))).toBeUndefined();
  });

  it("says that the administrator's password is not the one of the state", async () => {
    const lab = await sharedLab();
    const { keycloakUrl: url } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
    const wrong = keycloakServer({ url, username: "admin", password: "wrong" });
    await expect(wrong.find(placeOf("keycloak:index/realm:Realm", { realm: REALM }))).rejects.toThrow(
      "Keycloak refuses the administrator's user name or password",
    );
  });
});
