import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchRoutes, pathPattern } from "../../src/model/match";
import { ROUTES } from "../../src/model/routes";

const METHODS = ["GET", "POST", "PUT", "DELETE"] as const;
const ids = (method: string, path: string): readonly string[] =>
  matchRoutes(method, path).map(({ id }) => id);

/** The whole table, one route after the other. */
const slowly = (method: string, path: string): readonly string[] =>
  ROUTES.filter(
    (route) =>
      route.methods.some((one) => one === method) && new RegExp(`^${pathPattern(route)}$`).test(path),
  ).map(({ id }) => id);

describe("the routes of a request", () => {
  it.each([
    ["POST", "/v1/traces", ["otlp-http-traces-key", "otlp-http-traces"]],
    ["GET", "/v1/traces", []],
    ["GET", "/loki/api/v1/tail", ["loki-tail"]],
    ["GET", "/loki/api/v1/label/job/values", ["loki-label-name-values"]],
    ["GET", "/loki/api/v1/label//values", []],
    ["GET", "/loki/api/v1/label/a/b/values", []],
    ["GET", "/api", ["tenant-api"]],
    ["GET", "/api/", ["tenant-api"]],
    ["DELETE", "/api/a/b", ["tenant-api"]],
    ["GET", "/apis", []],
    ["GET", "/tempo/api/traces/{id}", ["tempo-traces-id"]],
    ["get", "/api", []],
    ["", "", []],
    ["GET", "__proto__", []],
    ["__proto__", "/api", []],
    ["GET", "/v1/traces/", []],
    ["POST", "/V1/traces", []],
    ["POST", "/v1/traces\n", []],
  ])("%s %s", (method, path, expected) => {
    expect(ids(method, path)).toEqual(expected);
  });

  it("are those that the whole table gives, in its order", () => {
    const segment = fc.constantFrom("", "x", "api", "v1", "label", "values", "traces", "{id}", "..", "%2f");
    const made = fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
    const known = fc.constantFrom(...ROUTES.map(({ path }) => path));
    const filled = fc.tuple(known, segment).map(([path, with_]) => path.replaceAll(/\{\w+\}/g, with_));
    const longer = fc.tuple(filled, segment).map(([path, more]) => `${path}/${more}`);
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS, "PATCH"),
        fc.oneof(made, known, filled, longer),
        (method, path) => {
          expect(ids(method, path)).toEqual(slowly(method, path));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
