import { describe, expect, it } from "vitest";
import { theAuthServiceDecides } from "../../policies/rules/the-auth-service-decides";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => unknown) => messages(theAuthServiceDecides, [edge(change)]);
const service = ({ extAuthz }: Parts) => extAuthz["http_service"] as Record<string, unknown>;

describe("the-auth-service-decides", () => {
  it("passes the auth service", () => {
    expect(found()).toEqual([]);
  });

  it.each<[string, (made: Parts) => unknown, string]>([
    [
      "another service",
      (made) => (service(made)["server_uri"] = { cluster: "mimir" }),
      "asks mimir:9009 instead of auth:8000",
    ],
    [
      "an unknown cluster",
      (made) => (service(made)["server_uri"] = { cluster: "x" }),
      'asks the unknown cluster "x" instead of auth:8000',
    ],
    [
      "no path prefix",
      (made) => delete service(made)["path_prefix"],
      'asks with the path prefix "unset" instead of "/authz"',
    ],
    [
      "gRPC as well",
      ({ extAuthz }) => (extAuthz["grpcService"] = {}),
      "asks another service by gRPC (grpc_service)",
    ],
    [
      "an answer that shows the tenant",
      (made) =>
        (service(made)["authorization_response"] = {
          allowed_client_headers: { patterns: [{ exact: "retry-after" }, { exact: "X-Scope-OrgID" }] },
        }),
      "shows clients the auth service's x-scope-orgid (allowed_client_headers)",
    ],
    [
      "headers of ours",
      (made) => (service(made)["authorization_request"] = { headers_to_add: [{}] }),
      "adds headers to what it asks (headers_to_add)",
    ],
  ])("refuses %s", (_, change, problem) => {
    expect(found(change)).toEqual([`Listener otlpHttp: ext_authz ${problem}.`]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(theAuthServiceDecides, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
