import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import type { Tracing } from "../../../src/auth/tracing/tracing";
import { createTracing } from "../../../src/auth/tracing/create";
import { Collector } from "./collector";

const failing = (tracing: Tracing, children = 0): Promise<void> =>
  tracing.request({ name: "authz" }, async (span) => {
    for (let n = 0; n < children; n++) await tracing.span("redis.read", {}, () => Promise.resolve());
    span.set({ "atalaya.decision": "undecided" });
  });
const counted = (tracing: Tracing) =>
  Object.fromEntries(Object.entries(tracing.counts()).filter(([, count]) => count > 0));

describe("a flood", () => {
  it("of failures is exported in part, and so is one of traces that callers marked", async () => {
    await using collector = await Collector.listen();
    let now = 0;
    const bounds = { failedPerSecond: 5, sampledPerSecond: 2 };
    const tracing = collector.tracing({ share: 1, now: () => now, bounds });
    for (let n = 0; n < 30; n++) await failing(tracing, 1);
    for (let n = 0; n < 30; n++) await tracing.request({ name: "authz" }, () => Promise.resolve());
    expect(counted(tracing)).toEqual({ rate: 2 * (30 - 10) + (30 - 4) });
    now = 1_000;
    for (let n = 0; n < 30; n++) await failing(tracing);
    expect(counted(tracing)).toEqual({ rate: 2 * (30 - 10) + (30 - 4) + (30 - 5) });
    // However long it was quiet.
    now = 1_000_000;
    for (let n = 0; n < 30; n++) await failing(tracing);
    expect(await collector.spans()).toHaveLength(2 * 10 + 4 + 5 + 10);
  });

  it("of requests without an end is let go, the oldest first", async () => {
    await using collector = await Collector.listen();
    let now = 0;
    const tracing = collector.tracing({ now: () => now, bounds: { open: 3, age: 1_000 } });
    const ends: (() => void)[] = [];
    const hanging: Promise<void>[] = [];
    const hang = () =>
      hanging.push(
        tracing.request({ name: "authz" }, async (span) => {
          await tracing.span("redis.read", {}, () => Promise.resolve());
          const gate = Promise.withResolvers<undefined>();
          ends.push(() => {
            gate.resolve(undefined);
          });
          await gate.promise;
          span.set({ "atalaya.decision": "undecided" });
        }),
      );
    const hangs = async () => {
      const before = ends.length;
      hang();
      await vi.waitFor(() => {
        expect(ends).toHaveLength(before + 1);
      });
    };
    for (let n = 0; n < 5; n++) await hangs();
    expect(counted(tracing)).toEqual({ too_many_open: 2 * 2 });
    now = 1_001;
    await hangs();
    expect(counted(tracing)).toEqual({ too_many_open: 2 * 2, too_old: 3 * 2 });
    for (const end of ends) end();
    await Promise.all(hanging);
    expect((await collector.spans()).map(({ name }) => name)).toEqual(["redis.read", "authz"]);
  });

  it("of spans within a request is cut, and the request is told", async () => {
    await using collector = await Collector.listen();
    const tracing = collector.tracing({ bounds: { spans: 4 } });
    await failing(tracing, 10);
    expect((await collector.spans()).map(({ name }) => name)).toEqual([
      ...Array.from({ length: 4 }, () => "redis.read"),
      "authz",
    ]);
    expect(counted(tracing)).toEqual({ too_large: 6, exported: 5 });
  });
});

describe("what ends after its request", () => {
  it("goes where that went, and is told when it failed", async () => {
    await using collector = await Collector.listen();
    const tracing = collector.tracing();
    const gate = Promise.withResolvers<undefined>();
    const late: Promise<unknown>[] = [];
    for (const decision of ["undecided", "allow"] as const)
      await tracing.request({ name: "authz" }, (span) => {
        for (const fails of [false, true])
          late.push(
            tracing.span("loki.push", {}, async (child) => {
              await gate.promise;
              if (fails) child.failed(new RangeError("no"));
            }),
          );
        span.set({ "atalaya.decision": decision });
        return Promise.resolve();
      });
    gate.resolve(undefined);
    await Promise.all(late);
    const spans = await collector.spans();
    expect(spans.map(({ name, status }) => [name, status.code])).toEqual([
      ["authz", 2],
      ["loki.push", 0],
      ["loki.push", 2],
      ["loki.push", 2],
    ]);
  });
});

describe("what begins after its request", () => {
  it("is a trace of its own, as the next fetch of keys is", async () => {
    await using collector = await Collector.listen();
    const tracing = collector.tracing({ share: 1 });
    const gate = Promise.withResolvers<undefined>();
    const later = async (): Promise<void> => {
      await gate.promise;
      await tracing.span("keycloak.jwks", {}, () => Promise.resolve());
    };
    let set: Promise<void> | undefined;
    await tracing.request({ name: "authz" }, () => {
      set = later();
      return Promise.resolve();
    });
    gate.resolve(undefined);
    await set;
    const [request, keys] = await collector.spans();
    expect([request?.name, keys?.name, keys?.parentSpanId]).toEqual(["authz", "keycloak.jwks", undefined]);
    expect(keys?.traceId).not.toBe(request?.traceId);
  });
});

describe("a collector that is not there", () => {
  it("disturbs nobody, is told once, and costs what the queue holds at most", async () => {
    const onFailure = vi.fn<(problem: string) => void>();
    const gone = createServer();
    await new Promise<void>((done) => gone.listen(0, "127.0.0.1", done));
    const endpoint = new URL(`http://127.0.0.1:${(gone.address() as AddressInfo).port}`);
    await new Promise((done) => gone.close(done));
    const bounds = { queue: 20, failedPerSecond: 1_000 };
    const tracing = createTracing({ endpoint, share: 0, orgId: "tenant-platform", onFailure, bounds });
    for (let n = 0; n < 50; n++) await failing(tracing, 2);
    // Traces wait whole or not at all.
    expect(counted(tracing)).toEqual({ queue_full: 150 - 18 });
    await tracing.close(5_000);
    expect(counted(tracing)).toEqual({ failed: 18, queue_full: 150 - 18 });
    expect(onFailure.mock.calls).toEqual([["ECONNREFUSED"]]);
  });

  it("is told again when it goes away again", async () => {
    await using collector = await Collector.listen();
    const onFailure = vi.fn<(problem: string) => void>();
    const tracing = collector.tracing({ onFailure, bounds: { queue: 1, failedPerSecond: 100 } });
    const healthy = collector.answer;
    const results = [];
    for (const [n, status] of [400, 400, 200, 413].entries()) {
      collector.answer =
        status === 200 ? healthy : (response) => void response.writeHead(status).end("atl_x");
      await failing(tracing);
      await vi.waitFor(() => {
        expect(tracing.counts().exported + tracing.counts().failed).toBe(n + 1);
      });
      results.push(onFailure.mock.calls.flat());
    }
    expect(results).toEqual([["status 400"], ["status 400"], ["status 400"], ["status 400", "status 413"]]);
    await tracing.close();
  });

  it("that takes and never answers holds up neither requests nor the end", async () => {
    await using collector = await Collector.listen();
    collector.answer = () => undefined;
    const tracing = collector.tracing({ bounds: { queue: 20, failedPerSecond: 1_000 } });
    for (let n = 0; n < 50; n++) await failing(tracing);
    const began = performance.now();
    await tracing.close(300);
    expect(performance.now() - began).toBeLessThan(1_500);
    // Those that waited at the end went out as well.
    expect(tracing.counts()).toMatchObject({ exported: 0, queue_full: 10 });
    // Nothing is recorded any more.
    for (let n = 0; n < 50; n++) await failing(tracing);
    await vi.waitFor(
      () => {
        expect(tracing.counts()).toMatchObject({ exported: 0, failed: 40, queue_full: 10 });
      },
      { timeout: 10_000 },
    );
  }, 20_000);

  it("that answers by the end has all that waited", async () => {
    await using collector = await Collector.listen();
    const tracing = collector.tracing({ bounds: { failedPerSecond: 2_000 } });
    for (let n = 0; n < 1_000; n++) await failing(tracing, 1);
    await tracing.close();
    expect(counted(tracing)).toEqual({ exported: 2_000 });
    expect(await collector.spans()).toHaveLength(2_000);
  });
});
