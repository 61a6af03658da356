import { TraceState } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpMethod, isAllowed, routeName, type SpanAttributes } from "../../../src/auth/tracing/attributes";
import { cleaned } from "../../../src/auth/tracing/cleaned";
import { errorType } from "../../../src/auth/tracing/errors";
import type { IncomingRequest } from "../../../src/auth/tracing/tracing";
import { Collector, PARENT, TRACE, traceparent } from "./collector";

const SECRET = "atl_s3cr3t-0f-a-person";
const PERSON = "maria@example.org";

describe("what leaves the process", () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await Collector.listen();
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  it("is no message, no stack and no cause of an error", async () => {
    const tracing = collector.tracing();
    class StoreAway extends Error {
      override readonly name = SECRET;
      readonly code = SECRET;
    }
    const failing = tracing.request({ name: "authz", traceparent: traceparent() }, () =>
      tracing.span("redis.read", {}, () =>
        Promise.reject(new StoreAway(SECRET, { cause: Object.assign(new Error(SECRET), { user: PERSON }) })),
      ),
    );
    await expect(failing).rejects.toThrow(SECRET);
    const spans = await collector.spans();
    expect(spans.map(({ attributes, status }) => [attributes, status])).toEqual([
      [{ "error.type": "StoreAway" }, { code: 2 }],
      [{ "error.type": "StoreAway" }, { code: 2 }],
    ]);
    for (const secret of [SECRET, PERSON, __filename]) expect(collector.bodies.join()).not.toContain(secret);
  });

  it("is nothing outside the list, whatever gets past the types", async () => {
    const tracing = collector.tracing({ share: 1 });
    const wrong = {
      "url.full": SECRET,
      "user.id": PERSON,
      "http.request.header.authorization": SECRET,
      __proto__x: SECRET,
      constructor: SECRET,
      "http.request.method": SECRET,
      "http.route": `/api/api-keys/${SECRET}`,
      "http.response.status_code": SECRET,
      "error.type": SECRET,
      "atalaya.decision": SECRET,
      "atalaya.code": SECRET,
      "atalaya.credential": PERSON,
      "atalaya.tenant": PERSON,
      "db.system": SECRET,
      "db.operation.name": `GET ${SECRET}`,
    } as unknown as SpanAttributes;
    const request = {
      name: SECRET,
      attributes: wrong,
      traceparent: traceparent(),
      tracestate: "a=s3cr3t",
      baggage: SECRET,
    };
    await tracing.request(request as unknown as IncomingRequest, async (span) => {
      span.set(wrong);
      expect(tracing.inject()).toEqual({ traceparent: expect.any(String) as string, tracestate: "a=s3cr3t" });
      await tracing.span(PERSON as "loki.push", wrong, () => Promise.resolve());
    });
    const spans = await collector.spans();
    expect(spans.map(({ name, attributes, traceState }) => [name, attributes, traceState])).toEqual([
      ["unnamed", {}, undefined],
      ["unnamed", {}, undefined],
    ]);
    for (const secret of ["s3cr3t", PERSON]) expect(collector.bodies.join()).not.toContain(secret);
  });

  it("has no message, event or link, whoever put it there", () => {
    const context = { traceId: TRACE, spanId: PARENT, traceFlags: 0 };
    const event = { name: SECRET, time: [0, 0], droppedAttributesCount: 0 } as TimedEvent;
    const span = {
      ...{ name: "authz", kind: 1, startTime: [1, 0], endTime: [2, 0], duration: [1, 0], ended: true },
      ...{ attributes: { "user.id": PERSON, "db.system": "redis" }, status: { code: 2, message: SECRET } },
      ...{ events: [event], links: [{ context, attributes: { x: SECRET } }] },
      ...{ droppedAttributesCount: 1, droppedEventsCount: 2, droppedLinksCount: 3 },
      spanContext: () => ({ ...context, traceState: new TraceState("a=1") }),
      ...{ resource: resourceFromAttributes({}), instrumentationScope: { name: "x" } },
    } satisfies Partial<Record<keyof ReadableSpan, unknown>>;
    const { spanContext, ...rest } = cleaned(span as unknown as ReadableSpan);
    expect(spanContext()).toEqual({ ...context, traceFlags: 1 });
    expect(rest).toMatchObject({ status: { code: 2 }, attributes: { "db.system": "redis" } });
    expect(Object.keys(rest.status)).toEqual(["code"]);
    expect([rest.events, rest.links]).toEqual([[], []]);
    expect([rest.droppedAttributesCount, rest.droppedEventsCount, rest.droppedLinksCount]).toEqual([2, 3, 4]);
  });

  it("is what the list has, of every kind", () => {
    const all: readonly (readonly [keyof SpanAttributes, readonly unknown[], readonly unknown[]])[] = [
      ["http.request.method", ["GET", "_OTHER"], ["get", 1, undefined]],
      [
        "http.route",
        ["loki-push", "/api/data/{key}", "extra-orders-get"],
        ["/api/data/mine", "extra-orders/1-get", "", undefined],
      ],
      ["http.response.status_code", [100, 599], [99, 600, 200.5, "200"]],
      [
        "error.type",
        ["TypeError", "ECONNREFUSED", "503", "key_invalid"],
        ["a b", "", "abc1", "x".repeat(41)],
      ],
      ["atalaya.decision", ["allow", "deny", "undecided"], ["", "other"]],
      ["atalaya.code", ["route_unknown", "storage_full", "internal"], ["other"]],
      ["atalaya.credential", ["none", "key", "agent", "service", "person", "token"], ["other"]],
      ["atalaya.tenant", ["tenant-mx", "tenant-a-b1"], ["mx", "tenant-", "tenant-mx|tenant-pe", "tenant-Mx"]],
      ["db.system", ["redis"], ["other"]],
      ["db.operation.name", ["read", "write"], ["GET key"]],
    ];
    for (const [name, good, bad] of all) {
      expect(good.filter((value) => !isAllowed(name, value))).toEqual([]);
      expect(bad.filter((value) => isAllowed(name, value))).toEqual([]);
    }
    expect(isAllowed("toString", "x")).toBe(false);
  });

  it.each([
    [new TypeError("x"), "TypeError"],
    [Object.assign(new Error("x"), { code: "ECONNRESET" }), "ECONNRESET"],
    [Object.assign(new Error("x"), { code: SECRET, name: SECRET }), "Error"],
    [AbortSignal.abort().reason, "AbortError"],
    [new DOMException(SECRET, SECRET), "DOMException"],
    [SECRET, "Error"],
    [undefined, "Error"],
  ])("calls an error by its kind: %o", (error, expected) => {
    expect(errorType(error)).toBe(expected);
  });

  it("names routes and methods that we have, and no others", () => {
    expect([routeName("loki-push"), routeName("/api/data/{key}")]).toEqual(["loki-push", "/api/data/{key}"]);
    expect([routeName("/api/data/mine"), routeName(undefined)]).toEqual([undefined, undefined]);
    expect([httpMethod("POST"), httpMethod(SECRET)]).toEqual(["POST", "_OTHER"]);
  });
});
