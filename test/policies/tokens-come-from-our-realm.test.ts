import { describe, expect, it } from "vitest";
import { tokensComeFromOurRealm } from "../../policies/rules/tokens-come-from-our-realm";
import { container, messages, nothingOf, on } from "./builder";
import { edge, type Parts } from "./edge-builder";

const REALM = "http://keycloak:8090/realms/observability";
const ENVS = {
  ATALAYA_ISSUER: "https://login.example/realms/observability",
  ATALAYA_JWKS_URL: `${REALM}/protocol/openid-connect/certs`,
  ATALAYA_TOKEN_URL: `${REALM}/protocol/openid-connect/token`,
  ATALAYA_AUDIENCE: "atalaya-edge",
};
const auth = (change: Readonly<Record<string, string>> = {}) =>
  container("auth", {
    ...on("control"),
    envs: Object.entries({ ...ENVS, ...change }).map(([name, value]) => `${name}=${value}`),
  });
const found = (change?: (made: Parts) => unknown) => messages(tokensComeFromOurRealm, [edge(change), auth()]);

describe("tokens-come-from-our-realm", () => {
  it("passes our realm", () => {
    expect(found()).toEqual([]);
  });

  it.each<[string, (made: Parts) => unknown, string]>([
    [
      "another realm",
      ({ provider }) => (provider["issuer"] = "http://localhost:8090/realms/master"),
      "takes the tokens of http://localhost:8090/realms/master, which is not the realm observability",
    ],
    ["keys in the file", ({ provider }) => (provider["local_jwks"] = {}), "has keys of its own (local_jwks)"],
    [
      "a day",
      ({ provider }) => (provider["max_lifetime"] = "86400s"),
      "takes tokens that live 86400 s (at most 600)",
    ],
    [
      "an hour more",
      ({ provider }) => (provider["clockSkewSeconds"] = provider["clock_skew_seconds"] = 3600),
      "takes tokens 3600 s after their end (clock_skew_seconds, at most 60)",
    ],
  ])("refuses %s", (_, change, problem) => {
    expect(found(change)).toEqual([`Listener otlpHttp: jwt (provider keycloak) ${problem}.`]);
  });

  it.each([
    ["ATALAYA_ISSUER", "http://localhost:8090/realms/master"],
    ["ATALAYA_TOKEN_URL", "https://evil.example/realms/observability/protocol/openid-connect/token"],
    ["ATALAYA_TOKEN_URL", `${REALM}/protocol/openid-connect/certs`],
    ["ATALAYA_JWKS_URL", "https://evil.example/realms/observability/protocol/openid-connect/certs"],
    ["ATALAYA_AUDIENCE", "account"],
  ])("refuses another %s of the auth service", (name, value) => {
    expect(messages(tokensComeFromOurRealm, [edge(), auth({ [name]: value })])).toEqual([
      `The auth service's ${name} is ${JSON.stringify(value)}.`,
    ]);
  });

  it("does not pass an environment without an edge or an auth service", () => {
    expect(messages(tokensComeFromOurRealm, [])).toEqual(
      ["Envoy listener", "container of the auth service"].map(nothingOf),
    );
  });
});
