import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyRing } from "../../src/auth/keys";
import { parseKeys } from "../../src/auth/directory";
import type { ResourceRecord } from "../../src/model/recording";
import { MX, only, PE, recordEnvironment, shown } from "./environment";

const EVERYTHING = {
  "atalaya:demonstrationUsers": "true",
  "atalaya:identityProviders": JSON.stringify([
    {
      alias: "corp",
      displayName: "Corporate",
      issuer: "https://id.example.com",
      authorizationUrl: "https://id.example.com/authorize",
      tokenUrl: "https://id.example.com/token",
      jwksUrl: "https://id.example.com/keys",
      clientId: "atalaya",
      clientSecretKey: "corp-secret",
    },
  ]),
};
const SECRET = "preview:secret:";

/** Paths of inputs in which a secret can be read. */
function leaks({ inputs, secrets = [] }: Pick<ResourceRecord, "inputs" | "secrets">): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (secrets.includes(path)) return;
    if (typeof value === "string" && value.includes(SECRET)) found.push(path);
    if (Array.isArray(value))
      value.forEach((entry, index) => {
        walk(entry, `${path}[${index}]`);
      });
    else if (typeof value === "object" && value !== null)
      for (const [key, entry] of Object.entries(value)) walk(entry, path === "" ? key : `${path}.${key}`);
  };
  walk(inputs, "");
  return found;
}

/** The uploaded file with this ending. */
function uploaded(container: ResourceRecord, ending: string): string {
  const uploads = container.inputs["uploads"] as readonly { file: string; content: string }[];
  const file = uploads.find((upload) => upload.file.endsWith(ending));
  if (file === undefined) throw new Error(`${container.name} has no ${ending}`);
  return file.content;
}

describe("secrets", () => {
  it("are secret wherever they go", async () => {
    const recording = await recordEnvironment([MX, PE], EVERYTHING);
    expect(
      recording.resources.flatMap((resource) => leaks(resource).map((path) => `${shown(resource)} ${path}`)),
    ).toEqual([]);
  });

  it("go exactly to these inputs", async () => {
    const { resources } = await recordEnvironment([MX], EVERYTHING);
    const places = resources.flatMap((resource) =>
      (resource.secrets ?? []).map((path) => `${shown(resource)} ${path}`),
    );
    expect(places.sort()).toEqual(
      [
        "docker:Container agent-mx-secrets uploads[0].content",
        "docker:Container agent-mx-secrets uploads[1].content",
        "docker:Container auth-secrets uploads[0].content",
        "docker:Container auth-secrets uploads[1].content",
        "docker:Container auth-secrets uploads[2].content",
        "docker:Container envoy-secrets uploads[0].content",
        "docker:Container envoy-secrets uploads[1].content",
        "docker:Container grafana-secrets uploads[0].content",
        "docker:Container grafana-secrets uploads[1].content",
        "docker:Container grafana-secrets uploads[2].content",
        "docker:Container keycloak-secrets uploads[0].content",
        "docker:Container postgres-secrets uploads[0].content",
        "docker:Container redis-secrets uploads[0].content",
        ...["logs", "metrics", "traces"].flatMap((signal) =>
          ["httpHeaders", "httpHeaders", "secureJsonDataEncoded", "secureJsonDataEncoded"].map(
            (path) => `grafana:DataSource mx-${signal} ${path}`,
          ),
        ),
        "grafana:SsoSettings single-sign-on-settings oauth2Settings.clientSecret",
        "keycloak:Client realm-grafana clientSecret",
        "keycloak:IdentityProvider realm-corp clientSecret",
        ...["mx-admin", "mx-editor", "mx-viewer", "operator"].map(
          (user) => `keycloak:User ${user}-user initialPassword.value`,
        ),
        "pulumi:providers:grafana grafana-provider auth",
        "pulumi:providers:keycloak keycloak-provider password",
        "tls:CertRequest envoy-tls-server-request privateKeyPem",
        "tls:LocallySignedCert envoy-tls-server caPrivateKeyPem",
        "tls:SelfSignedCert envoy-tls-authority privateKeyPem",
      ].sort(),
    );
  });

  it("are in no environment variable and no argument of a process", async () => {
    const { resources } = await recordEnvironment([MX], EVERYTHING);
    for (const { inputs } of resources.filter(({ type }) => type.endsWith(":Container")))
      expect(JSON.stringify([inputs["envs"], inputs["command"], inputs["labels"]])).not.toContain(SECRET);
  });

  it("are secret among the stack's outputs, one by one", async () => {
    const { outputs, secretOutputs } = await recordEnvironment([MX], EVERYTHING);
    expect(leaks({ inputs: outputs, secrets: secretOutputs })).toEqual([]);
    expect(secretOutputs).toEqual([
      "administrators.grafana.password",
      "administrators.keycloak.password",
      "operators.operator.password",
      "tenants.mx.clients.agent-mx.clientSecret",
      "tenants.mx.readKey",
      "tenants.mx.users.mx-admin.password",
      "tenants.mx.users.mx-editor.password",
      "tenants.mx.users.mx-viewer.password",
    ]);
  });
});

describe("the key file", () => {
  it("is understood by the auth service, knows Grafana's keys, and shows none of them", async () => {
    const recording = await recordEnvironment([PE, MX]);
    const service = only(recording, "docker:Container auth-secrets");
    const text = uploaded(service, "/keys.json");
    const ring = new KeyRing(parseKeys(text), Buffer.from(uploaded(service, "/pepper")));
    const key = (name: string) => `atl_mx_${SECRET}random-password:${name}:result`;
    expect(ring.find(key("mx-key-own"))).toMatchObject({ id: "grafana-mx", orgId: "tenant-mx" });
    expect(ring.find(key("mx-key-operators"))).toMatchObject({
      id: "operators-mx",
      orgId: "tenant-mx",
      rights: ["logs:read", "metrics:read", "traces:read"],
    });
    expect(ring.find(key("pe-key-own"))).toBeUndefined();
    expect(text).not.toContain(SECRET);
    // By one writer into one directory: the service reads both again, so they do not part.
    const uploads = service.inputs["uploads"] as readonly { file: string }[];
    expect(uploads.map(({ file }) => file).sort()).toEqual(
      ["keys.json", "pepper", "redis-password"].map((name) => `/var/lib/atalaya/auth/secrets/${name}`),
    );
    expect(parseKeys(text).keys.map(({ id }) => id)).toEqual([
      "grafana-mx",
      "grafana-pe",
      "operators-mx",
      "operators-pe",
    ]);
  });
});

describe("Redis' users", () => {
  it("are told the password's hash, not the password", async () => {
    const text = uploaded(
      only(await recordEnvironment([MX]), "docker:Container redis-secrets"),
      "/users.acl",
    );
    const password = `${SECRET}random-password:redis-password:result`;
    expect(text).toContain(`#${createHash("sha256").update(password).digest("hex")}`);
    expect(text).not.toContain(password);
  });
});
