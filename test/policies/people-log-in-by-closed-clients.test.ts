import { describe, expect, it } from "vitest";
import { peopleLogInByClosedClients } from "../../policies/rules/people-log-in-by-closed-clients";
import type { ResourceRecord } from "../../src/model/recording";
import { messages, nothingOf, resource, tenant } from "./builder";

const client = (name: string, inputs: object) =>
  resource("keycloak:openid/client:Client", name, { fullScopeAllowed: false, ...inputs });
const grafana = (inputs: object = {}) =>
  client("grafana", {
    accessType: "CONFIDENTIAL",
    standardFlowEnabled: true,
    pkceCodeChallengeMethod: "S256",
    rootUrl: "https://grafana.example.com",
    validRedirectUris: ["https://grafana.example.com/login/generic_oauth"],
    validPostLogoutRedirectUris: ["https://grafana.example.com/login"],
    webOrigins: [],
    ...inputs,
  });
const device = (inputs: object = {}) =>
  client("people", { accessType: "PUBLIC", oauth2DeviceAuthorizationGrantEnabled: true, ...inputs });
const audience = (of: ResourceRecord) =>
  resource(
    "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper",
    "audience",
    { includedCustomAudience: "atalaya-edge" },
    { dependsOn: [of] },
  );
const found = (...resources: readonly ResourceRecord[]) => messages(peopleLogInByClosedClients, resources);

describe("people-log-in-by-closed-clients", () => {
  it("passes a login with exact addresses, and a device's with the edge's audience", () => {
    const people = device();
    expect(found(grafana(), people, audience(people))).toEqual([]);
  });

  it("leaves tenants' clients to their own rule", () => {
    const mx = tenant("mx");
    const agent = resource(
      "keycloak:openid/client:Client",
      "agent",
      { standardFlowEnabled: true },
      { parent: mx },
    );
    expect(found(mx, grafana(), agent)).toEqual([]);
  });

  it("does not pass an environment without any", () => {
    expect(found()).toEqual([nothingOf("client that people log in by")]);
  });

  it.each(["implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled"])(
    "refuses another way in: %s",
    (flow) => {
      expect(found(device({ [flow]: true }))).toEqual([`Client people has ${flow}.`]);
    },
  );

  it.each<[object, string]>([
    [{ fullScopeAllowed: undefined }, 'Client grafana has fullScopeAllowed "unset, which means true".'],
    [{ accessType: "PUBLIC" }, "Client grafana has the code flow without a secret."],
    [{ pkceCodeChallengeMethod: undefined }, "Client grafana has the code flow without PKCE."],
    [
      { validRedirectUris: ["https://grafana.example.com/*"] },
      'Client grafana: validRedirectUris has "https://grafana.example.com/*", which is not one address of its own.',
    ],
    [
      { validPostLogoutRedirectUris: ["https://grafana.example.org/login"] },
      'Client grafana: validPostLogoutRedirectUris has "https://grafana.example.org/login", which is not one address of its own.',
    ],
    [{ webOrigins: ["+"] }, 'Client grafana: webOrigins has "+", which is not one address of its own.'],
    [
      { rootUrl: undefined, validPostLogoutRedirectUris: [] },
      'Client grafana: validRedirectUris has "https://grafana.example.com/login/generic_oauth", which is not one address of its own.',
    ],
  ])("refuses %j", (inputs, message) => {
    expect(found(grafana(inputs))).toEqual([message]);
  });

  it("refuses tokens for the edge in a process that sends what its users say", () => {
    const login = grafana();
    expect(found(login, audience(login))).toEqual(["Client grafana gets tokens for atalaya-edge."]);
  });
});
