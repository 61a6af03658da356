import { describe, expect, it } from "vitest";
import { credentialsStayAtTheEdge } from "../../policies/rules/credentials-stay-at-the-edge";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => void) => messages(credentialsStayAtTheEdge, [edge(change)]);

describe("credentials-stay-at-the-edge", () => {
  it("passes what removes all of them behind the checks", () => {
    expect(found()).toEqual([]);
  });

  it("passes a route that removes them itself, in any letter case", () => {
    expect(
      found(({ forgotten, routes }) => {
        forgotten.splice(0);
        for (const route of routes)
          route["request_headers_to_remove"] = ["Authorization", "X-API-Key", "x-service-token"];
      }),
    ).toEqual([]);
  });

  it("passes the tenant API, which judges them itself", () => {
    expect(
      found(({ forgotten, routes }) => {
        forgotten.splice(0);
        routes.splice(0, 2, { name: "tenant-api", match: { prefix: "/api" }, route: { cluster: "auth" } });
      }),
    ).toEqual([]);
  });

  it("refuses an API key that goes on", () => {
    expect(found(({ forgotten }) => forgotten.splice(1, 1))).toEqual([
      "Listener otlpHttp: route mimir-label-name-values sends x-api-key on to mimir.",
      "Listener otlpHttp: route otlp-http-traces sends x-api-key on to collector.",
    ]);
  });

  it("refuses a route that switches the removal off", () => {
    expect(
      found(({ serviceRoute }) => {
        Object.assign(serviceRoute["typed_per_filter_config"] as object, { forget: { disabled: true } });
      }),
    ).toEqual(
      ["authorization", "x-api-key", "x-service-token"].map(
        (header) => `Listener otlpHttp: route mimir-label-name-values sends ${header} on to mimir.`,
      ),
    );
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(credentialsStayAtTheEdge, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
