import { describe, expect, it } from "vitest";
import { everyRequestIsOnRecord } from "../../policies/rules/every-request-is-on-record";
import { messages, nothingOf } from "./builder";
import { edge } from "./edge-builder";

const GOOD = {
  tenant: "%REQ(X-Scope-OrgID)%",
  request: "%REQ(x-request-id)%",
  status: "%RESPONSE_CODE%",
  reason: "%RESPONSE_CODE_DETAILS%",
  path: "%PATH(NQ:ORIG_OR_PATH):256%",
};
const log = (format: object = GOOD, type = "stream.v3.StdoutAccessLog", rest: object = {}) => ({
  name: "log",
  typed_config: {
    "@type": `type.googleapis.com/envoy.extensions.access_loggers.${type}`,
    log_format: { json_format: format },
  },
  ...rest,
});
const found = (...logs: readonly object[]) =>
  messages(everyRequestIsOnRecord, [
    edge(({ manager }) => {
      manager["access_log"] = logs;
    }),
  ]);
const NONE = "Listener otlpHttp: does not log every request (access_log).";

describe("every-request-is-on-record", () => {
  it("passes one complete log, whatever else is logged", () => {
    expect(found(log())).toEqual([]);
    expect(found(log({ status: "%RESPONSE_CODE%" }), log())).toEqual([]);
  });

  it("refuses none, one that leaves lines out, and one that goes elsewhere", () => {
    expect(found()).toEqual([NONE]);
    expect(found(log(GOOD, "stream.v3.StdoutAccessLog", { filter: {} }))).toEqual([NONE]);
    expect(found(log(GOOD, "grpc.v3.HttpGrpcAccessLogConfig"))).toEqual([NONE]);
  });

  it("refuses records that do not say whose they are or why", () => {
    expect(found(log({ ...GOOD, tenant: "-", reason: "-" }))).toEqual([
      "Listener otlpHttp: does not log %REQ(x-scope-orgid)%.",
      "Listener otlpHttp: does not log %RESPONSE_CODE_DETAILS%.",
    ]);
  });

  it.each([
    ["%REQ(Authorization)%", "%REQ(authorization)%"],
    ["key %REQ(x-api-key?cookie):9%", "%REQ(x-api-key?cookie)%"],
    ["%REQ_WITHOUT_QUERY(x-service-token)%", "%REQ_WITHOUT_QUERY(x-service-token)%"],
    ["%REQ(:PATH)%", "%REQ(:path)%"],
    ["%PATH(WQ)%", "%PATH(wq)%"],
  ])("refuses to show %s", (written, operator) => {
    expect(found(log({ ...GOOD, more: { inner: written } }))).toEqual([
      `Listener otlpHttp: logs ${operator}, which may hold a credential.`,
    ]);
  });

  it("asks nothing of a listener that leads to Envoy's own health alone", () => {
    const health = edge(({ routes, manager }) => {
      routes.splice(0, routes.length, {
        name: "ready",
        match: { path: "/ready" },
        route: { cluster: "admin" },
      });
      manager["access_log"] = [];
    });
    expect(messages(everyRequestIsOnRecord, [health])).toEqual([]);
  });

  it("does not pass without an edge", () => {
    expect(messages(everyRequestIsOnRecord, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
