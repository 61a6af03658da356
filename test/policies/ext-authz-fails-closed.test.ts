import { describe, expect, it } from "vitest";
import { extAuthzFailsClosed } from "../../policies/rules/ext-authz-fails-closed";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => unknown) => messages(extAuthzFailsClosed, [edge(change)]);
const service = ({ extAuthz }: Parts) =>
  (extAuthz["http_service"] as { server_uri: { timeout?: unknown } }).server_uri;

describe("ext-authz-fails-closed", () => {
  it("passes what refuses with 503", () => {
    expect(found()).toEqual([]);
    expect(
      found(({ extAuthz }) => {
        extAuthz["status_on_error"] = { code: 503 };
        delete extAuthz["failure_mode_allow"];
      }),
    ).toEqual([]);
  });

  it("passes a route that switches it off: another rule judges that", () => {
    expect(
      found(({ agentRoute }) => {
        agentRoute["typed_per_filter_config"] = { ext_authz: { disabled: true } };
      }),
    ).toEqual([]);
  });

  it.each<[string, (made: Parts) => unknown, string]>([
    ["open", ({ extAuthz }) => (extAuthz["failure_mode_allow"] = true), "has failure_mode_allow true"],
    [
      "open in camel case",
      ({ extAuthz }) => {
        delete extAuthz["failure_mode_allow"];
        extAuthz["failureModeAllow"] = true;
      },
      "has failure_mode_allow true",
    ],
    [
      "open as text",
      ({ extAuthz }) => (extAuthz["failure_mode_allow"] = "true"),
      'has failure_mode_allow "true"',
    ],
    [
      "403, which senders take for final",
      ({ extAuthz }) => delete extAuthz["status_on_error"],
      'has status_on_error "unset, which means 403"',
    ],
    ["401", ({ extAuthz }) => (extAuthz["status_on_error"] = { code: 401 }), "has status_on_error 401"],
    ["no timeout", (made) => delete service(made).timeout, 'has the timeout "unset, which means 200 ms"'],
    ["a short timeout", (made) => (service(made).timeout = "0.999s"), 'has the timeout "0.999s"'],
    ["a timeout that is none", (made) => (service(made).timeout = "2m"), 'has the timeout "2m"'],
    [
      "exempt requests",
      ({ extAuthz }) => (extAuthz["filter_enabled"] = { default_value: { numerator: 50 } }),
      "has filter_enabled, which exempts requests from the check",
    ],
    [
      "another route afterwards",
      ({ extAuthz }) => (extAuthz["clear_route_cache"] = true),
      "has clear_route_cache: what was decided is not what is routed",
    ],
  ])("refuses %s", (_, change, problem) => {
    expect(found(change)).toEqual([`Listener otlpHttp: ext_authz ${problem}.`]);
  });

  it("refuses a filter that is off unless a route wants it, or may be left out", () => {
    const filters = (field: string) =>
      edge((made) => {
        made.manager["http_filters"] = [
          {
            name: "ext_authz",
            [field]: true,
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
              ...made.extAuthz,
            },
          },
        ];
      });
    for (const field of ["disabled", "is_optional", "isOptional"])
      expect(messages(extAuthzFailsClosed, [filters(field)])).toEqual([
        "Listener otlpHttp: ext_authz is disabled or optional.",
      ]);
  });

  it("refuses a route that asks somebody else", () => {
    expect(
      found(({ serviceRoute }) => {
        serviceRoute["typed_per_filter_config"] = {
          ext_authz: { check_settings: { http_service: { server_uri: { uri: "http://yes" } } } },
        };
      }),
    ).toEqual(["Listener otlpHttp: route mimir-label-name-values exchanges the http_service of ext_authz."]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(extAuthzFailsClosed, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
