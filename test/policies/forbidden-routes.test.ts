import { describe, expect, it } from "vitest";
import { forbidden } from "../../policies/rules/forbidden-routes";
import type { EdgeRoute } from "../../policies/rules/envoy";

const route = (match: object, action: object = {}): EdgeRoute => ({
  name: "one",
  domains: ["*"],
  match: match as EdgeRoute["match"],
  action: action as EdgeRoute["match"],
  clusters: ["loki"],
  perFilter: {},
  removedHeaders: [],
  addedHeaders: [],
});
const MANAGER = { config: { common_http_protocol_options: { max_stream_duration: "300s" } } };
const found = (match: object, methods = ["GET"], action?: object) =>
  forbidden(route(match, action), methods, MANAGER);

describe("what no route may do, though the table said so", () => {
  it.each([
    [{ path: "/loki/api/v1/query" }, ["GET", "POST"]],
    [{ path: "/prometheus/api/v1/rules" }, ["GET"]],
    [{ safe_regex: { regex: "/tempo/api/search/tag/[^/]+/values" } }, ["GET"]],
    [{ path_separated_prefix: "/api" }, ["GET", "POST", "PUT", "DELETE"]],
  ])("passes %j", (match, methods) => {
    expect(found(match, methods)).toEqual([]);
  });

  it.each([
    ["/loki/api/v1/delete", ["POST"]],
    ["/loki/flush", ["POST"]],
    ["/loki/config", ["GET"]],
    ["/prometheus/ingester/ring", ["GET"]],
    ["/prometheus/ingester/shutdown", ["GET"]],
    ["/prometheus/api/v1/admin/tsdb/delete_series", ["POST"]],
  ])("refuses %s", (path, methods) => {
    expect(found({ path }, methods)).toEqual([`leads to ${path}, which no tenant may reach`]);
  });

  it("refuses rules to be written, and methods that take away", () => {
    expect(found({ path: "/prometheus/api/v1/rules" }, ["GET", "POST"])).toEqual(["lets rules be written"]);
    expect(found({ path: "/loki/api/v1/series" }, ["DELETE"])).toEqual([
      "lets DELETE pass, which the tenant API alone may take",
    ]);
  });

  it("refuses what takes more than it names", () => {
    expect(found({ path_separated_prefix: "/loki" })).toEqual(["takes everything below /loki"]);
    expect(found({ prefix: "/api" })).toEqual(["takes everything below /api"]);
    expect(found({ safe_regex: { regex: "/loki/.*" } })).toEqual(["takes everything that /loki/.* takes"]);
  });

  it("refuses what lives too long", () => {
    const path = { path: "/loki/api/v1/tail" };
    const stream = (max?: string) => ({
      timeout: "0s",
      ...(max !== undefined && { max_stream_duration: { max_stream_duration: max } }),
    });
    expect(found(path, ["GET"], stream("300s"))).toEqual([]);
    expect(found(path, ["GET"], stream())).toEqual([]);
    expect(forbidden(route(path, stream()), ["GET"], { config: {} })).toEqual([
      "lets a stream live for unset (max_stream_duration, at most 300s)",
    ]);
    for (const max of ["301s", "0s"])
      expect(found(path, ["GET"], stream(max))).toEqual([
        `lets a stream live for ${max} (max_stream_duration, at most 300s)`,
      ]);
    expect(found(path, ["GET"], { timeout: "900s" })).toEqual([
      "lets a request live for 900 s (timeout, at most 300)",
    ]);
  });
});
