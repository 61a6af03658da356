import { describe, expect, it } from "vitest";
import { trustedHeadersAreStripped } from "../../policies/rules/trusted-headers-are-stripped";
import { UNTRUSTED_HEADERS } from "../../src/model/headers";
import { messages, nothingOf } from "./builder";
import { edge, filter, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => unknown) => messages(trustedHeadersAreStripped, [edge(change)]);
const set = (key: string, value: string, append_action = "OVERWRITE_IF_EXISTS_OR_ADD") => ({
  append: { header: { key, value }, append_action },
});
const CLAIM = "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:tenant_id)%";
const mutation = (...mutations: object[]) =>
  filter("mine", "header_mutation.v3.HeaderMutation", { mutations: { request_mutations: mutations } });
const lua = (config: Record<string, unknown>) => filter("mend", "lua.v3.Lua", config);
const inline = (code: string) => ({ default_source_code: { inline_string: code } });

describe("trusted-headers-are-stripped", () => {
  it("passes a listener that removes all of them before anything else", () => {
    expect(found()).toEqual([]);
    expect(
      found(({ manager }) => (manager["path_with_escaped_slashes_action"] = "UNESCAPE_AND_REDIRECT")),
    ).toEqual([]);
  });

  it("takes header names in any letter case, as HTTP does", () => {
    expect(found(({ early }) => early.splice(2, 1, { remove: "X-Scope-OrgId" }))).toEqual([]);
    expect(found(({ more }) => more.push(mutation(set("X-Scope-OrgID", "tenant-pe"))))).toEqual([
      'Listener otlpHttp: sets x-scope-orgid from "tenant-pe", which no token was verified for (mine).',
    ]);
  });

  it.each<[string, (made: Parts) => unknown, readonly string[]]>([
    [
      "a header that survives",
      ({ early }) => early.splice(2, 1),
      ["does not remove x-scope-orgid from requests"],
    ],
    [
      "a listener that strips nothing",
      ({ early }) => early.splice(0),
      [
        `does not remove ${UNTRUSTED_HEADERS.join(", ")} from requests`,
        "does not remove x-atalaya-binding from requests",
        "does not remove x-atalaya-requested-tenant from requests",
        "does not remove x-prom-label-policy from requests",
        "does not remove x-scope-orgid from requests",
        "does not remove x-user-id from requests",
      ],
    ],
    [
      "a forged wish that survives",
      ({ early }) => early.splice(0, 1),
      ["does not remove x-atalaya-requested-tenant from requests"],
    ],
    [
      "a wish that is removed after it was copied",
      ({ early }) => early.splice(0, 2, ...early.slice(0, 2).reverse()),
      ["removes x-atalaya-requested-tenant only after setting it"],
    ],
    [
      "a wish that is copied after the original went",
      ({ early }) => early.push(...early.splice(1, 1)),
      ["removes x-scope-orgid before it is copied"],
    ],
    [
      "a wish that is appended to a forged one",
      ({ early }) =>
        early.splice(
          1,
          1,
          set("x-atalaya-requested-tenant", "%REQ(x-scope-orgid)%", "APPEND_IF_EXISTS_OR_ADD"),
        ),
      ["sets x-atalaya-requested-tenant with APPEND_IF_EXISTS_OR_ADD instead of OVERWRITE_IF_EXISTS_OR_ADD"],
    ],
    [
      "a tenant that is set before any check",
      ({ early }) => early.push(set("X-Scope-OrgID", "tenant-mx")),
      ["sets x-scope-orgid before any check"],
    ],
    [
      "a header of a filter's own that a client could send as well",
      ({ more }) => more.push(mutation(set("x-decided-by", CLAIM))),
      ["does not remove x-decided-by from requests"],
    ],
    [
      "a header of a claim that a client could send as well",
      ({ provider }) => (provider["claim_to_headers"] = [{ claim_name: "azp", header_name: "X-Client" }]),
      ["does not remove x-client from requests"],
    ],
    [
      "an answer that may set any header",
      ({ extAuthz }) =>
        (extAuthz["http_service"] = {
          authorization_response: { allowed_upstream_headers: { patterns: [{ prefix: "x-" }] } },
        }),
      ['does not remove {"prefix":"x-"} from requests'],
    ],
    [
      "an answer that is appended",
      ({ extAuthz }) =>
        (extAuthz["http_service"] = {
          authorization_response: {
            allowed_upstream_headers_to_append: { patterns: [{ exact: "x-scope-orgid" }] },
          },
        }),
      ["appends to headers what the auth service answers (ext_authz): two values could meet in one"],
    ],
    [
      "a tenant that the client asked for",
      ({ tenantOfToken }) =>
        tenantOfToken.splice(0, 1, set("x-scope-orgid", "%REQ(x-atalaya-requested-tenant)%")),
      [
        'sets x-scope-orgid from "%REQ(x-atalaya-requested-tenant)%", which no token was verified for (tenant)',
      ],
    ],
    [
      "a tenant that is partly what the client asked for",
      ({ tenantOfToken }) => tenantOfToken.splice(0, 1, set("x-scope-orgid", `${CLAIM}%REQ(x-suffix)%`)),
      [`sets x-scope-orgid from "${CLAIM}%REQ(x-suffix)%", which no token was verified for (tenant)`],
    ],
    [
      "a second value for the tenant",
      ({ tenantOfToken }) =>
        tenantOfToken.splice(0, 1, set("x-scope-orgid", CLAIM, "APPEND_IF_EXISTS_OR_ADD")),
      ["sets x-scope-orgid with APPEND_IF_EXISTS_OR_ADD instead of OVERWRITE_IF_EXISTS_OR_ADD (tenant)"],
    ],
    [
      "a route that sets the tenant behind all filters",
      ({ agentRoute }) =>
        (agentRoute["request_headers_to_add"] = [{ header: { key: "X-Scope-OrgID", value: "tenant-pe" } }]),
      ["sets x-scope-orgid by its route otlp-http-traces"],
    ],
    [
      "a route with a header mutation of its own",
      ({ serviceRoute }) =>
        (serviceRoute["typed_per_filter_config"] = {
          mine: {
            "@type":
              "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
            mutations: { request_mutations: [set("x-user-id", "admin")] },
          },
        }),
      ["sets x-user-id by its route mimir-label-name-values"],
    ],
    [
      "underscores",
      ({ manager }) => delete manager["common_http_protocol_options"],
      ['does not reject headers with underscores ("unset")'],
    ],
    [
      "underscores that are dropped in silence",
      ({ manager }) =>
        (manager["common_http_protocol_options"] = { headers_with_underscores_action: "DROP_HEADER" }),
      ['does not reject headers with underscores ("DROP_HEADER")'],
    ],
    [
      "paths as they come",
      ({ manager }) => delete manager["normalize_path"],
      ["does not set normalize_path"],
    ],
    ["double slashes", ({ manager }) => (manager["merge_slashes"] = false), ["does not set merge_slashes"]],
    [
      "addresses that the client names",
      ({ manager }) => delete manager["use_remote_address"],
      ["does not set use_remote_address"],
    ],
    [
      "escaped slashes",
      ({ manager }) => (manager["path_with_escaped_slashes_action"] = "UNESCAPE_AND_FORWARD"),
      ['lets escaped slashes pass in paths ("UNESCAPE_AND_FORWARD")'],
    ],
    [
      "code that nobody can read",
      ({ more }) => more.push(filter("wasm", "wasm.v3.Wasm")),
      ["has the filter wasm (Wasm), which could set any header"],
    ],
    [
      "Lua that sees requests",
      ({ more }) => more.push(lua(inline("function envoy_on_request(handle) end"))),
      ["has the filter mend (Lua), which could set any header"],
    ],
    [
      "Lua from a file",
      ({ more }) => more.push(lua({ default_source_code: { filename: "/x.lua" } })),
      ["has the filter mend (Lua), which could set any header"],
    ],
    [
      "Lua of a route",
      ({ agentRoute }) =>
        (agentRoute["typed_per_filter_config"] = {
          mend: {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute",
            source_code: { inline_string: "function envoy_on_request(handle) end" },
          },
        }),
      ["has Lua for the requests of its route otlp-http-traces (mend)"],
    ],
  ])("refuses %s", (_, change, problems) => {
    expect(found(change)).toEqual(problems.map((problem) => `Listener otlpHttp: ${problem}.`));
  });

  it("passes Lua that mends answers only", () => {
    expect(found(({ more }) => more.push(lua(inline("function envoy_on_response(handle) end"))))).toEqual([]);
  });

  it("looks at every listener of every file", () => {
    const bare = edge(({ listener, early }) => {
      listener["name"] = "another";
      early.splice(2, 1);
    });
    const renamed = { ...bare, name: "second", urn: `${bare.urn}2` };
    expect(messages(trustedHeadersAreStripped, [edge(), renamed])).toEqual([
      "Listener another: does not remove x-scope-orgid from requests.",
    ]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(trustedHeadersAreStripped, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
