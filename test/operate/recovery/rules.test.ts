import { beforeAll, describe, expect, it } from "vitest";
import { loadStack } from "../../../src/cli/load";
import type { Recording, ResourceRecord } from "../../../src/model/recording";
import { STOPPING_MS } from "../../../src/operate/docker/restart";
import { ruleOf, type Place } from "../../../src/operate/recovery/rules";
import { record } from "../../../src/preview/recorder";
import { declareStack } from "../../../src/stack/program";

let dev: Recording;
beforeAll(async () => {
  const input = loadStack({ stack: "dev" });
  const { project, config, secretKeys } = input;
  dev = await record(() => declareStack(input), {
    project,
    stack: "dev",
    config,
    secretConfigKeys: secretKeys,
  });
});

const placeOf = ({ type, inputs }: Pick<ResourceRecord, "type" | "inputs">): Place | undefined => {
  const rule = ruleOf(type);
  return rule !== undefined && "place" in rule ? rule.place(inputs) : undefined;
};

const KEYCLOAK = "keycloak:openid";

describe("what becomes of a thing that was being made", () => {
  it("is decided for every type that the shipped environment has", () => {
    const types = new Set(dev.resources.filter(({ custom }) => custom).map(({ type }) => type));
    expect(Object.fromEntries([...types].sort().map((type) => [type, ruleOf(type)?.treatment]))).toEqual({
      "docker:index/container:Container": "remove",
      "docker:index/image:Image": "repeat",
      "docker:index/network:Network": "remove",
      "docker:index/remoteImage:RemoteImage": "repeat",
      "docker:index/volume:Volume": "adopt",
      "grafana:oss/dataSource:DataSource": "remove",
      "grafana:oss/organization:Organization": "adopt",
      "grafana:oss/ssoSettings:SsoSettings": "repeat",
      "keycloak:index/group:Group": "remove",
      "keycloak:index/realm:Realm": "adopt",
      "keycloak:index/realmDefaultClientScopes:RealmDefaultClientScopes": "repeat",
      "keycloak:index/realmOptionalClientScopes:RealmOptionalClientScopes": "repeat",
      "keycloak:index/user:User": "remove",
      "keycloak:index/userGroups:UserGroups": "repeat",
      [`${KEYCLOAK}/audienceProtocolMapper:AudienceProtocolMapper`]: "remove",
      [`${KEYCLOAK}/client:Client`]: "remove",
      [`${KEYCLOAK}/clientDefaultScopes:ClientDefaultScopes`]: "repeat",
      [`${KEYCLOAK}/clientScope:ClientScope`]: "remove",
      [`${KEYCLOAK}/groupMembershipProtocolMapper:GroupMembershipProtocolMapper`]: "remove",
      [`${KEYCLOAK}/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper`]: "remove",
      "pulumi:providers:grafana": "forget",
      "pulumi:providers:keycloak": "forget",
      "random:index/randomPassword:RandomPassword": "forget",
      "random:index/randomUuid:RandomUuid": "forget",
      "tls:index/certRequest:CertRequest": "forget",
      "tls:index/locallySignedCert:LocallySignedCert": "forget",
      "tls:index/privateKey:PrivateKey": "forget",
      "tls:index/selfSignedCert:SelfSignedCert": "forget",
    });
  });

  it("is nothing that is known, for a type that the program does not have", () => {
    expect(ruleOf("aws:s3/bucket:Bucket")).toBeUndefined();
  });

  it("finds every thing of it in a place of its own", () => {
    const sought = dev.resources.filter(({ type }) => "place" in (ruleOf(type) ?? {}));
    const places = sought.map((resource) => JSON.stringify(placeOf(resource)));
    expect(places.filter((place) => place === "undefined")).toEqual([]);
    expect(new Set(places).size).toBe(sought.length);
    expect(sought.length).toBeGreaterThan(150);
  });

  it("waits longer for a container than the engine gives it to stop in", () => {
    const seconds = dev.resources
      .filter(({ type }) => type === "docker:index/container:Container")
      .map(({ inputs }) => Number(inputs["stopTimeout"] ?? 0));
    expect(Math.max(...seconds)).toBeGreaterThanOrEqual(120);
    expect(STOPPING_MS).toBeGreaterThan(1_000 * Math.max(...seconds) + 60_000);
  });

  it("finds it by what its server calls it", () => {
    const inputs = { realmId: "r", clientId: "c 1", name: "n" };
    const place = (type: string, given: ResourceRecord["inputs"]) => placeOf({ type, inputs: given });
    expect(place(`${KEYCLOAK}/client:Client`, inputs)).toEqual({
      server: "keycloak",
      called: "client c 1",
      path: "/realms/r/clients",
      listed: { key: "clientId", value: "c 1", query: { clientId: "c 1" } },
    });
    expect(
      place(`${KEYCLOAK}/audienceProtocolMapper:AudienceProtocolMapper`, { ...inputs, clientId: "c/1" }),
    ).toEqual({
      server: "keycloak",
      called: "mapper n",
      path: "/realms/r/clients/c%2F1/protocol-mappers/models",
      listed: { key: "name", value: "n" },
    });
    expect(place("keycloak:index/group:Group", { realmId: "r", parentId: "p", name: "n" })).toEqual({
      server: "keycloak",
      called: "group n",
      path: "/realms/r/groups/p/children",
      listed: {
        ...{ key: "name", value: "n", query: { search: "n", exact: "true" } },
        ...{ items: "/realms/r/groups", members: true },
      },
    });
    expect(place("keycloak:oidc/identityProvider:IdentityProvider", { realm: "r", alias: "a" })).toEqual({
      server: "keycloak",
      called: "identity provider a",
      path: "/realms/r/identity-provider/instances/a",
    });
    expect(place("grafana:oss/dataSource:DataSource", { orgId: "2", uid: "u" })).toEqual({
      server: "grafana",
      kind: "dataSource",
      organisation: "2",
      uid: "u",
    });
    const labels = [{ label: "atalaya.environment", value: "dev" }];
    expect(place("docker:index/volume:Volume", { name: "v", labels })).toEqual({
      server: "docker",
      kind: "volume",
      name: "v",
      environment: "dev",
    });
  });

  it("finds nothing by a name that is secret or missing, nor what Docker keeps without our labels", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "x",
    };
    expect(placeOf({ type: `${KEYCLOAK}/client:Client`, inputs: { realmId: "r", clientId: secret } })).toBe(
      undefined,
    );
    expect(placeOf({ type: "grafana:oss/dataSource:DataSource", inputs: { uid: "u" } })).toBeUndefined();
    const label = { label: "atalaya.environment", value: secret };
    for (const labels of [undefined, secret, "x", [secret, null], [label]])
      expect(placeOf({ type: "docker:index/container:Container", inputs: { name: "c", labels } })).toBe(
        undefined,
      );
    const mapper = `${KEYCLOAK}/audienceProtocolMapper:AudienceProtocolMapper`;
    expect(placeOf({ type: mapper, inputs: { realmId: "r", name: "n" } })).toBeUndefined();
  });
});
