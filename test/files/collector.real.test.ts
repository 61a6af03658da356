import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ratio } from "../../src/model/units";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { gatewayPipeline } from "../../src/render/gateway-pipeline";
import { tenant } from "../render/input";
import { tempDir, waitUntil, type Running } from "../servers";
import { backendsAt, collector, plain, post, startCollector } from "./collector";
import { localInput } from "./local";
import { Upstream } from "./upstream";

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const log = (body: string, ...attributes: readonly object[]) => ({
  resourceLogs: [
    { resource: { attributes }, scopeLogs: [{ logRecords: [{ body: { stringValue: body } }] }] },
  ],
});
const span = (name: string, trace: number, code = 0) => ({
  resourceSpans: [
    {
      resource: { attributes: [attribute("service.name", "shop")] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: trace.toString(16).padStart(32, "0"),
              spanId: trace.toString(16).padStart(16, "0"),
              name,
              kind: 2,
              startTimeUnixNano: "1700000000000000000",
              endTimeUnixNano: "1700000000100000000",
              status: { code },
            },
          ],
        },
      ],
    },
  ],
});

describe("the gateway in a real OpenTelemetry Collector", () => {
  const dir = tempDir();
  let upstream: Upstream;
  let running: Running;
  let http = "";
  beforeAll(async () => {
    upstream = await Upstream.listen(0);
    const local = backendsAt(await localInput(dir.path), upstream.port);
    const config = await collector(dir.path, "gateway", gatewayPipeline(local));
    http = config.http;
    running = await startCollector(config.file, http);
  });
  afterAll(async () => {
    await running.stop();
    upstream.close();
    dir.remove();
  });

  it("passes the request's tenant on, and marks the data with it whatever the sender says", async () => {
    const forged = [attribute("tenant.id", "tenant-co"), attribute("tenant.id", "tenant-co")];
    expect(await post(http, "/v1/logs", log("hello", ...forged), { "x-scope-orgid": "tenant-mx" })).toBe(200);
    const [request] = upstream.sent("/otlp/v1/logs");
    expect(request?.headers["x-scope-orgid"]).toBe("tenant-mx");
    expect(request?.text).toContain("tenant-mx");
    expect(request?.text).not.toContain("tenant-co");
    for (const mark of [
      "log.class",
      "application",
      "alloy-gateway",
      "deployment.environment.name",
      "unknown_service",
    ])
      expect(request?.text).toContain(mark);
  });

  it("keeps what the sender says of itself", async () => {
    const own = [attribute("service.name", "shop"), attribute("log.class", "access")];
    await post(http, "/v1/logs", log("second", ...own), { "x-scope-orgid": "tenant-mx" });
    const request = upstream.sent("/otlp/v1/logs").find(({ text }) => text.includes("second"));
    expect(request?.text).toContain("access");
    expect(request?.text).not.toContain("unknown_service");
  });

  it.each([
    [429, 429],
    [503, 503],
    [400, 400],
  ])("answers what the backend answers: %i", async (status, answer) => {
    upstream.status = status;
    const before = upstream.requests.length;
    expect(await post(http, "/v1/traces", span("x", 1), { "x-scope-orgid": "tenant-mx" })).toBe(answer);
    upstream.status = 200;
    // Tried once: retrying is the sender's work.
    expect(upstream.requests.length - before).toBe(1);
  });

  it("refuses a request that names the tenant twice", async () => {
    const before = upstream.requests.length;
    const headers = { "content-type": "application/json", "x-scope-orgid": ["tenant-mx", "tenant-co"] };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`http://${http}/v1/logs`, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once("error", reject).end(JSON.stringify(log("both")));
    });
    expect([status, upstream.requests.length - before]).toEqual([503, 0]);
  });
});

describe("an agent in a real OpenTelemetry Collector", () => {
  const dir = tempDir();
  let upstream: Upstream;
  let config: { file: string; http: string };
  let running: Running;

  beforeAll(async () => {
    upstream = await Upstream.listen(0);
    const mx = tenant("mx", {
      sampling: { ...tenant("mx").sampling, keep: ratio("0%"), decisionWait: 1 as never },
    });
    const input = await localInput(dir.path, [mx]);
    const [agent] = mx.agents;
    if (agent === undefined) throw new Error("no agent");
    writeFileSync(join(dir.path, agent.id, "secrets", "client-secret"), "s3cret");
    const pipeline = agentPipeline(settingOf(input, agent), mx, agent);
    config = await collector(dir.path, "agent", plain(pipeline, upstream.port, upstream.port));
    running = await startCollector(config.file, config.http);
  });
  afterAll(async () => {
    await running.stop();
    upstream.close();
    dir.remove();
  });

  it("fetches a token with its secret and sends with it", async () => {
    expect(await post(config.http, "/v1/logs", log("first"))).toBe(200);
    await waitUntil("the log", () => upstream.sent("/v1/logs").length > 0);
    const [request] = upstream.sent("/v1/logs");
    expect(request?.headers.authorization).toBe("Bearer t0k3n");
    expect(request?.text).toContain("application");
    const [token] = upstream.sent("/token");
    expect(token?.path).toBe("/realms/observability/protocol/openid-connect/token");
    expect(
      Buffer.from(token?.headers.authorization?.split(" ")[1] ?? "", "base64").toString() +
        (token?.text ?? ""),
    ).toMatch(/agent-mx.*s3cret/s);
  });

  it("keeps failed traces, drops the share, and measures both", async () => {
    await post(config.http, "/v1/traces", span("fine", 1, 0));
    await post(config.http, "/v1/traces", span("failed", 2, 2));
    await waitUntil("the failed trace", () =>
      upstream.sent("/v1/traces").some(({ text }) => text.includes("failed")),
    );
    expect(upstream.sent("/v1/traces").some(({ text }) => text.includes("fine"))).toBe(false);
    const calls = () =>
      upstream.sent("/v1/metrics").filter(({ text }) => text.includes("traces.span.metrics.calls"));
    await waitUntil("the spans' metrics", () => calls().length > 0, { timeoutMs: 25_000 });
    const all = calls().map(({ text }) => text);
    for (const what of ["fine", "failed", "agent-mx", "traces.span.metrics.duration"])
      expect(
        all.some((text) => text.includes(what)),
        what,
      ).toBe(true);
  }, 40_000);

  it("loses nothing that it took when the edge refuses and it is killed meanwhile", async () => {
    upstream.status = 503;
    const bodies = Array.from({ length: 20 }, (_, at) => `kept-${at}-`);
    for (const body of bodies) expect(await post(config.http, "/v1/logs", log(body))).toBe(200);
    process.kill(running.pid, "SIGKILL");
    await running.stop();
    upstream.status = 200;
    running = await startCollector(config.file, config.http);
    const arrived = () =>
      bodies.filter((body) => upstream.sent("/v1/logs").some(({ text }) => text.includes(body)));
    await waitUntil("all logs", () => arrived().length === bodies.length, { timeoutMs: 20_000 });
  }, 40_000);
});
