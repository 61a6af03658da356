import { describe, expect, it } from "vitest";
import { tokensAreCheckedStrictly } from "../../policies/rules/tokens-are-checked-strictly";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => unknown) => messages(tokensAreCheckedStrictly, [edge(change)]);
const rules = (requires: object) => [{ match: { prefix: "/" }, requires }];
const STRICT = { provider_name: "keycloak" };

describe("tokens-are-checked-strictly", () => {
  it("passes one provider that is demanded everywhere", () => {
    expect(found()).toEqual([]);
    expect(
      found(({ jwt }) => (jwt["rules"] = rules({ requires_any: { requirements: [STRICT, STRICT] } }))),
    ).toEqual([]);
  });

  it.each<[string, (made: Parts) => unknown, string]>([
    [
      "Envoy's default, which also takes ?access_token=",
      ({ provider }) => delete provider["from_headers"],
      "(provider keycloak) takes tokens from [] instead of the Authorization header (unset would mean ?access_token= too)",
    ],
    [
      "another header",
      ({ provider }) => (provider["from_headers"] = [{ name: "X-Token" }]),
      '(provider keycloak) takes tokens from ["X-Token: "] instead of the Authorization header (unset would mean ?access_token= too)',
    ],
    [
      "a parameter as well",
      ({ provider }) => (provider["from_params"] = ["token"]),
      "(provider keycloak) takes tokens by from_params",
    ],
    [
      "a cookie as well, in camel case",
      ({ provider }) => (provider["fromCookies"] = ["token"]),
      "(provider keycloak) takes tokens by from_cookies",
    ],
    [
      "a token that goes on",
      ({ provider }) => (provider["forward"] = true),
      "(provider keycloak) forwards the token",
    ],
    ["any issuer", ({ provider }) => (provider["issuer"] = ""), "(provider keycloak) takes any issuer"],
    [
      "any audience",
      ({ provider }) => delete provider["audiences"],
      '(provider keycloak) takes the audiences "unset, which means any"',
    ],
    [
      "Keycloak's own audience",
      ({ provider }) => (provider["audiences"] = ["atalaya-edge", "account"]),
      '(provider keycloak) takes the audiences ["atalaya-edge","account"]',
    ],
    [
      "tokens without an end",
      ({ provider }) => delete provider["require_expiration"],
      "(provider keycloak) takes tokens that never expire",
    ],
    [
      "tokens of any length of life",
      ({ provider }) => delete provider["max_lifetime"],
      "(provider keycloak) has no max_lifetime",
    ],
    [
      "claims that lead elsewhere",
      ({ provider }) => (provider["clear_route_cache"] = true),
      "(provider keycloak) lets a claim change the route (clear_route_cache)",
    ],
    [
      "a missing token",
      ({ jwt }) => (jwt["rules"] = rules({ allow_missing: {} })),
      'lets requests pass without a token: {"allow_missing":{}}',
    ],
    [
      "a missing token, hidden among others",
      ({ jwt }) =>
        (jwt["rules"] = rules({ requires_any: { requirements: [STRICT, { allow_missing_or_failed: {} }] } })),
      'lets requests pass without a token: {"requires_any":{"requirements":[{"provider_name":"keycloak"},{"allow_missing_or_failed":{}}]}}',
    ],
    [
      "a missing token by a name that routes may use",
      ({ jwt }) => (jwt["requirement_map"] = { open: { allow_missing: {} } }),
      'lets requests pass without a token: {"allow_missing":{}}',
    ],
    [
      "paths that no rule takes",
      ({ jwt }) => (jwt["rules"] = [{ match: { prefix: "/v1" }, requires: STRICT }]),
      'has no rule for every path (match: {prefix: "/"} with requires)',
    ],
    [
      "OPTIONS",
      ({ jwt }) => (jwt["bypass_cors_preflight"] = true),
      "lets OPTIONS requests pass (bypass_cors_preflight)",
    ],
    ["a filter without providers", ({ jwt }) => (jwt["providers"] = {}), "has no provider"],
  ])("refuses %s", (_, change, problem) => {
    expect(found(change)).toEqual([`Listener otlpHttp: jwt ${problem}.`]);
  });

  it("refuses a rule without a requirement, which lets everything pass", () => {
    expect(found(({ jwt }) => (jwt["rules"] = [{ match: { prefix: "/" } }]))).toEqual([
      'Listener otlpHttp: jwt has no rule for every path (match: {prefix: "/"} with requires).',
      'Listener otlpHttp: jwt lets requests pass without a token: "no requires".',
    ]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(tokensAreCheckedStrictly, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
