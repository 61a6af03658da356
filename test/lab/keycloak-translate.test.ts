import type * as keycloak from "@pulumi/keycloak";
import { beforeAll, describe, expect, it } from "vitest";
import pins from "../../scripts/servers/pins.json";
import { same, type FieldsOf } from "../../src/lab/keycloak/fields";
import { Secrets } from "../../src/lab/keycloak/secrets";
import { startKeycloak } from "../../src/lab/keycloak/server";
import { KINDS, TranslationError, translate } from "../../src/lab/keycloak/translate";
import { keycloakSettings } from "../../src/model/keycloak";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { secretMarker } from "../../src/preview/markers";
import { tempDir } from "../servers";
import { DIRECTORY, ROTATING, recordDev } from "./keycloak";

const CLIENT = "keycloak:openid/client:Client";

describe("the translator", () => {
  let recording: Recording;
  const withResource = (change: Partial<ResourceRecord>): Recording => ({
    ...recording,
    resources: recording.resources.map((one) =>
      one.name === "agent-mx-client" ? { ...one, ...change } : one,
    ),
  });
  const problemsOf = (changed: Recording): readonly string[] => {
    try {
      translate(changed, new Secrets());
    } catch (error) {
      if (error instanceof TranslationError) return error.problems;
      throw error;
    }
    return [];
  };
  const inputsOf = (name: string) => recording.resources.find((one) => one.name === name)?.inputs ?? {};

  beforeAll(async () => {
    recording = await recordDev({ identityProviders: [DIRECTORY], clientSecrets: ROTATING });
  }, 60_000);

  it("knows every type and property that the program declares, and no type besides", () => {
    const steps = translate(recording, new Secrets());
    const declared = recording.resources.filter(({ type }) => type.startsWith("keycloak:"));
    expect(steps.map(({ urn }) => urn).sort()).toEqual(declared.map(({ urn }) => urn));
    expect(Object.keys(KINDS).sort()).toEqual([...new Set(declared.map(({ type }) => type))].sort());
  });

  it("names everything that it does not know, at once", () => {
    const added = {
      ...withResource({}).resources[0],
      inputs: {},
      dependsOn: [],
      protect: false,
      custom: true,
    };
    const changed = withResource({
      inputs: { ...inputsOf("agent-mx-client"), adminUrl: "http://x", consentRequired: true },
    });
    const resources = [
      ...changed.resources.map((one) =>
        one.name === "realm" && one.type.endsWith(":Realm")
          ? {
              ...one,
              inputs: { ...one.inputs, securityDefenses: { headers: {}, bruteForceDetection: { x: 1 } } },
            }
          : one,
      ),
      { ...added, urn: "urn:a", type: "keycloak:index/role:Role", name: "a-role" },
      { ...added, urn: "urn:b", type: "keycloak:saml/client:Client", name: "a-client" },
    ];
    expect([...problemsOf({ ...recording, resources })].sort()).toEqual([
      "a-client (keycloak:saml/client:Client): a type it does not know",
      "a-role (keycloak:index/role:Role): a type it does not know",
      "agent-mx-client (keycloak:openid/client:Client): adminUrl: not known to it",
      "agent-mx-client (keycloak:openid/client:Client): consentRequired: not known to it",
      "realm (keycloak:index/realm:Realm): securityDefenses.bruteForceDetection.x: not known to it",
      "realm (keycloak:index/realm:Realm): securityDefenses.headers: not known to it",
    ]);
  });

  it("refuses values that nobody knows yet, and what has no name", () => {
    const inputs = inputsOf("agent-mx-client");
    expect(problemsOf(withResource({ inputs: { ...inputs, description: "preview:unknown" } }))).toEqual([
      `agent-mx-client (${CLIENT}): a value that only a real engine knows`,
    ]);
    const { clientId, ...nameless } = inputs;
    expect(clientId).toBe("agent-mx");
    expect(problemsOf(withResource({ inputs: nameless }))).toEqual([
      `agent-mx-client (${CLIENT}): clientId is missing`,
    ]);
  });

  it("has no property that the provider does not have", () => {
    // @ts-expect-error A table names the provider's own arguments, and no others.
    const table = { consentNeeded: same } satisfies FieldsOf<keycloak.openid.ClientArgs>;
    expect(table).toBeDefined();
  });

  it("says durations in seconds, attributes as texts, and the provider's defaults where nothing is said", () => {
    const bodies = new Map(
      translate(recording, new Secrets()).map((step) => [step.urn.split("::").at(-1), step]),
    );
    expect(bodies.get("realm")).toMatchObject({
      body: { accessTokenLifespan: 300, ssoSessionMaxLifespan: 36_000, loginWithEmailAllowed: false },
    });
    expect(bodies.get("agent-mx-client")).toMatchObject({
      collection: ["realms", "observability", "clients"],
      body: {
        publicClient: false,
        consentRequired: false,
        attributes: { "access.token.lifespan": "300", "use.refresh.tokens": "false" },
      },
    });
    expect(bodies.get("mx-group-admin")).toMatchObject({
      collection: ["realms", "observability", "groups", "preview:keycloak-group:mx-group:id", "children"],
      items: ["realms", "observability", "groups"],
    });
    expect(bodies.get("realm-acme")).toMatchObject({
      body: { config: { clientId: "atalaya", useJwksUrl: "true", pkceEnabled: "true", syncMode: "FORCE" } },
    });
  });
});

describe("the secrets", () => {
  const marker = secretMarker("random:index/randomPassword:RandomPassword", "mx-password", "result");
  const other = secretMarker(CLIENT, "agent-mx-client", "clientSecret");
  const recording: Recording = {
    project: "atalaya",
    stack: "dev",
    outputs: {},
    secretOutputs: [],
    resources: [
      ["random:index/randomPassword:RandomPassword", "mx-password"] as const,
      [CLIENT, "agent-mx-client"] as const,
    ].map(([type, name]) => ({
      urn: name,
      type,
      name,
      custom: true,
      inputs: {},
      protect: false,
      dependsOn: [],
    })),
  };

  it("give every marker one value, wherever it stands", () => {
    const secrets = new Secrets(recording);
    const value = secrets.of(marker);
    expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(secrets.ofOutput(CLIENT, "agent-mx-client", "clientSecret")).toBe(secrets.of(other));
    expect(secrets.of(other)).not.toBe(value);
    expect(secrets.reveal({ a: [marker, `key=atl_mx_${marker}:${other}\n`], b: 1, c: null })).toEqual({
      a: [value, `key=atl_mx_${value}:${secrets.of(other)}\n`],
      b: 1,
      c: null,
    });
    const configured = secrets.reveal("preview:secret:config:smtp:value");
    expect(secrets.reveal("<preview:secret:config:smtp:value>")).toBe(`<${configured}>`);
  });

  it("keep what was set, and explain every marker", () => {
    const secrets = new Secrets(recording);
    secrets.set(marker, "mine");
    expect(secrets.reveal(marker)).toBe("mine");
    expect(() => {
      secrets.set(marker, "another");
    }).toThrow("already has another value");
    expect(() => secrets.of("mx-password")).toThrow("not the marker of a secret");
    expect(() => secrets.reveal("preview:secret:tls-private-key:edge:privateKeyPem")).toThrow(
      "Nothing explains",
    );
  });
});

describe("Keycloak's process", () => {
  it("is built with the settings that its container has", () => {
    const settings = keycloakSettings({
      bind: "127.0.0.1",
      ports: { http: 1, management: 2 },
      url: "http://localhost:1",
      database: { authority: "localhost:3", name: "keycloak", user: "keycloak" },
      trustedProxies: 0,
    });
    expect(settings).toMatchObject(pins.keycloak.build);
  });

  it("says what is missing", async () => {
    using dir = tempDir();
    await expect(
      startKeycloak({
        program: { java: `${dir.path}/java`, home: dir.path },
        directory: `${dir.path}/keycloak`,
        bind: "127.0.0.1",
        ports: { http: 1, management: 2 },
        hostname: "http://localhost:1",
        adminPassword: "none",
        database: { host: "127.0.0.1", port: 3, name: "keycloak", user: "keycloak", password: "none" },
      }),
    ).rejects.toThrow(`Keycloak cannot start: ${dir.path}/java is gone. Run: npm run servers`);
  });
});
