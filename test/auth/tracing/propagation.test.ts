import { trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extracted, injected } from "../../../src/auth/tracing/propagation";
import { createTracing } from "../../../src/auth/tracing/create";
import { PARENT, TRACE, traceparent } from "./collector";

const RUNS = { numRuns: 2_000 };
const passedOn = (headers: Parameters<typeof extracted>[0]) => injected(extracted(headers));

describe("a caller's trace", () => {
  it.each([
    [traceparent(), traceparent()],
    [traceparent(true), traceparent(true)],
    // Of the flags, that one.
    [`00-${TRACE}-${PARENT}-ff`, traceparent(true)],
    [`00-${TRACE}-${PARENT}-fe`, traceparent()],
    [`01-${TRACE}-${PARENT}-01-more`, traceparent(true)],
  ])("goes on: %s", (given, expected) => {
    expect(passedOn({ traceparent: given })).toEqual({ traceparent: expected });
  });

  it.each([
    ["nothing", ""],
    ["no version", `${TRACE}-${PARENT}-01`],
    ["the version that is none", `ff-${TRACE}-${PARENT}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["capitals", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ["a short trace", `00-${TRACE.slice(1)}-${PARENT}-01`],
    ["a long span", `00-${TRACE}-${PARENT}0-01`],
    ["more than version 00 has", `${traceparent()}-more`],
    ["two", `${traceparent()}, ${traceparent()}`],
    ["too much", `01-${TRACE}-${PARENT}-01-${"x".repeat(100)}`],
    ["a second line", `${traceparent()}\nx`],
  ])("is a new one: %s", (_what, given) => {
    expect(trace.getSpanContext(extracted({ traceparent: given, tracestate: "a=1" }))).toBeUndefined();
  });

  it.each([
    ["a=1", "a=1"],
    ["a=1, b@c=2", "a=1,b@c=2"],
    ["", undefined],
    ["a", undefined],
    ["a=1,,b=2", undefined],
    ["a=1,A=2", undefined],
    ["a=1,a=2", undefined],
    ["a=1,b=2=3", undefined],
    ["a=é", undefined],
    [`a=${"x".repeat(256)}`, `a=${"x".repeat(256)}`],
    [`a=${"x".repeat(257)}`, undefined],
    [["a", "b", "c"].map((key) => `${key}=${"x".repeat(170)}`).join(","), undefined],
    [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(","), undefined],
  ])("passes on a tracestate that is one: %s", (tracestate, expected) => {
    expect(passedOn({ traceparent: traceparent(), tracestate })["tracestate"]).toBe(expected);
  });

  it("may be anything: what goes on is always a trace, and nothing throws", async () => {
    const hex = fc.string({ unit: fc.constantFrom("0", "1", "9", "a", "f", "F", "g", "-"), maxLength: 60 });
    const near = fc
      .tuple(
        fc.constantFrom("00", "01", "ff", "0"),
        fc.oneof(fc.constant(TRACE), hex),
        fc.oneof(fc.constant(PARENT), hex),
        fc.oneof(fc.constantFrom("00", "01", "ff"), hex),
      )
      .map((parts) => parts.join("-"));
    const text = fc.string({ unit: "binary" });
    const headers = fc.record({
      traceparent: fc.option(fc.oneof(near, text), { nil: undefined }),
      tracestate: fc.option(fc.oneof(text, fc.constant("a=1")), { nil: undefined }),
    });
    const tracing = createTracing({
      ...{ endpoint: new URL("http://127.0.0.1:9"), share: 0, orgId: "tenant-platform" },
      onFailure: () => undefined,
    });
    let continued = 0;
    await fc.assert(
      fc.asyncProperty(headers, async (given) => {
        const passed = await tracing.request({ name: "authz", ...given }, () =>
          Promise.resolve(tracing.inject()),
        );
        expect(passed["traceparent"]).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/);
        expect(passed["traceparent"]).not.toContain(PARENT);
        if (passed["traceparent"]?.includes(TRACE) === true) continued++;
      }),
      RUNS,
    );
    await tracing.close();
    expect(continued).toBeGreaterThan(10);
    // Some callers have marked theirs, and there was nobody to take them.
    expect(tracing.counts().exported).toBe(0);
  });
});
