import { describe, expect, it } from "vitest";
import { noSharedCredential } from "../../policies/rules/no-shared-credential";
import { UNKNOWN } from "../../policies/rules/values";
import type { ResourceRecord } from "../../src/model/recording";
import { secretMarker } from "../../src/preview/markers";
import { files, judge, messages, nothingOf, resource, tenant } from "./builder";

const [MX, PE] = [tenant("mx"), tenant("pe")];
const KEY = secretMarker("random:index/randomPassword:RandomPassword", "mx-key", "result");
const OTHER = secretMarker("random:index/randomPassword:RandomPassword", "pe-key", "result");
const user = (parent: ResourceRecord, value: unknown, secrets = ["initialPassword.value"]) =>
  resource(
    "keycloak:index/user:User",
    `${parent.name}-user`,
    { initialPassword: { value } },
    { parent, secrets },
  );
const source = (name: string, inputs: object, parent?: ResourceRecord) =>
  resource("grafana:oss/dataSource:DataSource", name, inputs, {
    secrets: ["httpHeaders", "secureJsonDataEncoded"],
    ...(parent !== undefined && { parent }),
  });
const found = (...resources: readonly ResourceRecord[]) =>
  messages(noSharedCredential, [MX, PE, ...resources]);
const SHARED = [
  "pe-user (initialPassword.value) of tenant pe uses the same credential as mx-user (initialPassword.value) of tenant mx.",
];

describe("no-shared-credential", () => {
  it("passes credentials of one tenant each, however often it uses them", () => {
    const again = resource("keycloak:openid/client:Client", "client", { clientSecret: KEY }, { parent: MX });
    expect(found(user(MX, KEY), again, user(PE, OTHER))).toEqual([]);
  });

  it("refuses one generated secret for two tenants", () => {
    expect(found(user(MX, KEY), user(PE, KEY))).toEqual(SHARED);
  });

  it("refuses it also inside of other text", () => {
    expect(found(user(MX, `atl_mx_${KEY}`), user(PE, `atl_pe_${KEY}`))).toEqual(SHARED);
  });

  it("refuses a written value for two tenants, whether it was said to be secret or not", () => {
    expect(found(user(MX, "changeme", []), user(PE, "changeme"))).toEqual(SHARED);
  });

  it("does not tell the value", () => {
    const all = JSON.stringify(
      judge(noSharedCredential, [MX, PE, user(MX, "changeme"), user(PE, "changeme")]),
    );
    expect(all).not.toContain("changeme");
  });

  it("knows one key under a scheme, in JSON and in Basic authentication", () => {
    const basic = (name: string) => `Basic ${Buffer.from(`${name}:open sesame`).toString("base64")}`;
    const header = (name: string, value: string, parent: ResourceRecord) =>
      source(name, { httpHeaders: { Authorization: value } }, parent);
    expect(found(header("mx-logs", basic("mx"), MX), header("pe-logs", basic("pe"), PE))).toHaveLength(1);
    expect(found(header("mx-logs", "Bearer abc", MX), header("pe-logs", "bearer abc", PE))).toHaveLength(1);
    expect(
      found(
        header("mx-logs", "Bearer abc", MX),
        source("pe-logs", { secureJsonDataEncoded: JSON.stringify({ httpHeaderValue1: "Bearer abc" }) }, PE),
      ),
    ).toHaveLength(1);
  });

  it("holds a data source to the tenant that it names, wherever it is declared", () => {
    const operators = (orgId: string) =>
      source(`${orgId}-logs`, { httpHeaders: { "X-Scope-OrgId": orgId, Authorization: `Bearer ${KEY}` } });
    expect(found(operators("tenant-mx"), user(MX, KEY))).toEqual([]);
    expect(found(operators("tenant-mx"), operators("tenant-pe"))).toEqual([
      "tenant-pe-logs (httpHeaders.Authorization) of tenant pe uses the same credential as tenant-mx-logs (httpHeaders.Authorization) of tenant mx.",
    ]);
  });

  it("knows that a certificate is no credential, and a header's tenant neither", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const pair = (own: (name: string) => Record<string, unknown>) =>
      found(source("mx", own("mx"), MX), source("pe", own("pe"), PE), user(MX, KEY));
    expect(pair(() => ({ secureJsonDataEncoded: JSON.stringify({ tlsCACert: certificate }) }))).toEqual([]);
    expect(pair(() => ({ httpHeaders: { "X-Team": "shared by all of them" } }))).toEqual([]);
    const ca = (parent: ResourceRecord) =>
      files(
        `agent-${parent.name}`,
        { [`/var/lib/atalaya/agent-${parent.name}/secrets/ca.crt`]: certificate },
        { parent },
      );
    expect(found(ca(MX), ca(PE), user(MX, KEY))).toEqual([]);
  });

  it("compares secret files and variables", () => {
    const file = (parent: ResourceRecord) =>
      files(
        `agent-${parent.name}`,
        { [`/var/lib/atalaya/agent-${parent.name}/secrets/client-secret`]: "same\n" },
        { parent },
      );
    expect(found(file(MX), file(PE))).toHaveLength(1);
    const variable = (parent: ResourceRecord, name: string) =>
      resource(
        "docker:index/container:Container",
        parent.name,
        { envs: [`${name}=same as ever`] },
        { parent },
      );
    expect(found(variable(MX, "CLIENT_SECRET"), variable(PE, "client_secret"))).toHaveLength(1);
    expect(
      found(variable(MX, "CLIENT_SECRET_FILE"), variable(PE, "CLIENT_SECRET_FILE"), user(MX, KEY)),
    ).toEqual([]);
  });

  it("does not take two unknown values for one", () => {
    expect(found(user(MX, UNKNOWN), user(PE, UNKNOWN), user(MX, KEY))).toEqual([]);
  });

  it("refuses what was generated for another tenant, also while its value is unknown", () => {
    const generated = resource("random:index/randomPassword:RandomPassword", "mx-key", {}, { parent: MX });
    const borrower = { ...user(PE, UNKNOWN), dependsOn: [generated.urn] };
    expect(found(generated, borrower, user(MX, KEY))).toEqual([
      "pe-user of tenant pe takes mx-key, which was generated for tenant mx.",
    ]);
  });

  it("does not pass an environment without tenants' credentials", () => {
    expect(found()).toEqual([nothingOf("credential of a tenant")]);
  });
});
