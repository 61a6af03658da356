import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RouteName, HttpMethod } from "../../../src/auth/tracing/attributes";
import { type IncomingRequest, noTracing, type Tracing } from "../../../src/auth/tracing/tracing";
import { Collector, PARENT, TRACE, traceparent } from "./collector";

const GET = "GET" as HttpMethod;
const good = async (tracing: Tracing, parent?: string): Promise<string> =>
  tracing.request({ name: "authz", traceparent: parent }, (span) => {
    span.set({ "atalaya.decision": "allow", "http.response.status_code": 200 });
    return Promise.resolve("good");
  });
const denied = (tracing: Tracing, parent?: string): Promise<void> =>
  tracing.request({ name: "authz", traceparent: parent }, (span) => {
    span.set({ "atalaya.decision": "deny", "http.response.status_code": 403 });
    return Promise.resolve();
  });
const undecided = (tracing: Tracing): Promise<string> =>
  tracing.request({ name: "authz" }, async (span) => {
    await tracing.span("redis.read", { "db.system": "redis", "db.operation.name": "read" }, () =>
      Promise.resolve(),
    );
    span.set({ "atalaya.decision": "undecided", "atalaya.code": "keys_unavailable" });
    return "undecided";
  });

describe("traces", () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await Collector.listen();
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  it("are one tree below the caller's span, in OTLP, for the platform", async () => {
    const tracing = collector.tracing({ share: 1, replica: "auth-1", version: "1.2.3" });
    const request: IncomingRequest = {
      ...{ name: "tenant_api", traceparent: traceparent(), tracestate: "vendor=1" },
      attributes: { "http.request.method": GET },
    };
    const passed = await tracing.request(request, async (span) => {
      const headers = await tracing.span("keycloak.token", {}, async (child) => {
        await new Promise((done) => setImmediate(done));
        child.set({ "http.response.status_code": 401 });
        return tracing.inject();
      });
      span.set({ "http.route": "/api/token" as RouteName, "http.response.status_code": 401 });
      return headers;
    });
    const [child, root, ...others] = await collector.spans();
    expect(others).toEqual([]);
    expect(root).toMatchObject({
      ...{ name: "tenant_api", kind: 2, traceId: TRACE, parentSpanId: PARENT, status: { code: 0 } },
      attributes: {
        "http.request.method": "GET",
        "http.route": "/api/token",
        "http.response.status_code": 401,
      },
      ...{ events: [], links: [] },
    });
    expect(child).toMatchObject({
      ...{ name: "keycloak.token", kind: 3, traceId: TRACE, parentSpanId: root?.spanId, status: { code: 0 } },
      attributes: { "http.response.status_code": 401 },
    });
    expect(passed).toEqual({ traceparent: `00-${TRACE}-${child?.spanId}-01`, tracestate: "vendor=1" });
    expect(collector.resources).toEqual([
      { "service.name": "atalaya-auth", "service.instance.id": "auth-1", "service.version": "1.2.3" },
    ]);
    expect(collector.requests).toMatchObject([
      {
        url: "/v1/traces",
        headers: { "x-scope-orgid": "tenant-platform", "content-type": "application/json" },
      },
    ]);
    expect(collector.requests[0]?.headers["traceparent"]).toBeUndefined();
  });

  it("of failures are whole although the share is nothing", async () => {
    const tracing = collector.tracing();
    expect(await good(tracing, traceparent())).toBe("good");
    await denied(tracing);
    expect(await undecided(tracing)).toBe("undecided");
    const failing = tracing.request({ name: "tenant_api" }, () =>
      tracing.span("loki.push", {}, () => Promise.reject(new RangeError("no"))),
    );
    await expect(failing).rejects.toThrow(new RangeError("no"));
    await tracing.request({ name: "tenant_api" }, (span) => {
      span.set({ "http.response.status_code": 507, "atalaya.code": "storage_full" });
      return Promise.resolve();
    });
    await tracing.request({ name: "authz" }, () => {
      tracing.failed(Object.assign(new Error("x"), { code: "ECONNREFUSED" }));
      return Promise.resolve();
    });
    const spans = await collector.spans();
    expect(
      spans.map(({ name, status, attributes }) => [name, status.code, attributes["error.type"]]),
    ).toEqual([
      ["redis.read", 0, undefined],
      ["authz", 2, "keys_unavailable"],
      ["loki.push", 2, "RangeError"],
      ["tenant_api", 2, "RangeError"],
      ["tenant_api", 2, "storage_full"],
      ["authz", 2, "ECONNREFUSED"],
    ]);
    const traces = [0, 1, 2, 3].map((index) => spans[index]?.traceId);
    expect([traces[0] === traces[1], traces[1] === traces[2], traces[2] === traces[3]]).toEqual([true, false, true]); // prettier-ignore
    expect(tracing.counts()).toMatchObject({ exported: 6, failed: 0, rate: 0 });
  });

  it("that the caller marked are whole, denials as well", async () => {
    const tracing = collector.tracing();
    await good(tracing, traceparent(true));
    await denied(tracing, traceparent(true));
    expect((await collector.spans()).map(({ traceId }) => traceId)).toEqual([TRACE, TRACE]);
  });

  it("belong to the share or do not by their ids, the same on every replica", async () => {
    const ids = Array.from({ length: 150 }, (_, n) => (n * 0x9e3779b97f4a7c15 + 1).toString(16).padStart(32, "7").slice(-32)); // prettier-ignore
    const answers: string[] = [];
    for (let replica = 0; replica < 2; replica++) {
      await using one = await Collector.listen();
      const tracing = one.tracing({ share: 0.5, bounds: { sampledPerSecond: 1_000 } });
      for (const id of ids) {
        const headers = await tracing.request({ name: "authz", traceparent: traceparent(false, id) }, () =>
          Promise.resolve(tracing.inject()),
        );
        if (headers["traceparent"]?.endsWith("-01") === true) answers.push(`${replica} ${id}`);
      }
      const exported = (await one.spans()).map(({ traceId }) => `${replica} ${traceId}`);
      // What others are told is what is done.
      expect(answers.filter((answer) => answer.startsWith(`${replica}`))).toEqual(exported);
    }
    const [first = [], second = []] = ["0", "1"].map((replica) =>
      answers.flatMap((answer) => (answer.startsWith(replica) ? [answer.slice(2)] : [])),
    );
    expect(first).toEqual(second);
    expect(first.length).toBeGreaterThan(30);
    expect(first.length).toBeLessThan(120);
  });

  it("of requests at the same time, and of the same caller, are not mixed", async () => {
    const tracing = collector.tracing();
    const gate = Promise.withResolvers<undefined>();
    const one = (fails: boolean) =>
      tracing.request({ name: "authz", traceparent: traceparent() }, async (span) => {
        await gate.promise;
        await tracing.span(fails ? "redis.read" : "redis.write", {}, () => Promise.resolve());
        if (fails) span.set({ "atalaya.decision": "undecided" });
      });
    const all = Promise.all([one(false), one(true), one(false)]);
    gate.resolve(undefined);
    await all;
    const spans = await collector.spans();
    expect(spans.map(({ name }) => name)).toEqual(["redis.read", "authz"]);
    expect(spans[0]?.parentSpanId).toBe(spans[1]?.spanId);
  });

  it("begin anew outside a request", async () => {
    const tracing = collector.tracing();
    expect(tracing.inject()).toEqual({});
    tracing.failed(new Error("nobody's"));
    await tracing.span("keycloak.jwks", {}, (span) => {
      span.failed(
        new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code: "ENOTFOUND" }) }),
      );
      return Promise.resolve();
    });
    const [span, ...others] = await collector.spans();
    expect(others).toEqual([]);
    expect(span).toMatchObject({ name: "keycloak.jwks", attributes: { "error.type": "ENOTFOUND" } });
    expect(span?.parentSpanId).toBeUndefined();
  });

  it("are nothing where there is no collector", async () => {
    expect(await good(noTracing, traceparent(true))).toBe("good");
    expect(await undecided(noTracing)).toBe("undecided");
    expect(noTracing.inject()).toEqual({});
    noTracing.failed(new Error("no"));
    await noTracing.close();
    expect(new Set(Object.values(noTracing.counts()))).toEqual(new Set([0]));
  });
});
