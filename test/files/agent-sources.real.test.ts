import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agent, Tenant } from "../../src/model/tenant";
import { ratio } from "../../src/model/units";
import { agentPipeline, settingOf, type AgentSetting } from "../../src/render/agent-pipeline";
import { tenant } from "../render/input";
import { tempDir, waitUntil, type Running } from "../servers";
import { collector, plain, startCollector } from "./collector";
import { postSpan, thriftBatch } from "./jaeger";
import { localInput } from "./local";
import { Upstream } from "./upstream";

/** An agent on a machine of its tenant's, all of whose sources come out of the same queues. */
describe("an agent's sources in a real OpenTelemetry Collector", () => {
  const dir = tempDir();
  const logs = join(dir.path, "app");
  let upstream: Upstream;
  let setting: AgentSetting;
  let config: { file: string; http: string };
  let running: Running;

  beforeAll(async () => {
    upstream = await Upstream.listen(0);
    mkdirSync(logs);
    const all = tenant("mx", { sampling: { ...tenant("mx").sampling, keep: ratio("100%") } });
    const agent: Agent = {
      ...(all.agents[0] as Agent),
      runs: "elsewhere",
      hostMetrics: true,
      fileLogs: [{ path: `${logs}/*.log`, class: "access", service: "front" }],
    };
    const mx: Tenant = { ...all, agents: [agent] };
    setting = settingOf(await localInput(dir.path, [mx]), agent);
    writeFileSync(join(setting.directories.secrets, "client-secret"), "s3cret");
    const pipeline = plain(agentPipeline(setting, mx, agent), upstream.port, upstream.port);
    config = await collector(dir.path, "agent", pipeline);
    running = await startCollector(config.file, config.http);
  });
  afterAll(async () => {
    await running.stop();
    upstream.close();
    dir.remove();
  });

  const at = (port: keyof AgentSetting["ports"]) => `${setting.bind}:${setting.ports[port]}`;
  const arrived = (path: string, what: string) =>
    waitUntil(what, () => upstream.sent(path).some(({ text }) => text.includes(what)), { timeoutMs: 30_000 });

  it("are Zipkin's spans", async () => {
    const span = {
      ...{ traceId: "0000000000000000000000000000000a", id: "000000000000000b", kind: "SERVER" },
      ...{ name: "zipkin-span", timestamp: 1_700_000_000_000_000, duration: 1_000 },
      ...{ localEndpoint: { serviceName: "shop" }, tags: { password: "hunter2" } },
    };
    const { status } = await fetch(`http://${at("zipkin")}/api/v2/spans`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([span]),
    });
    expect(status).toBe(202);
    await arrived("/v1/traces", "zipkin-span");
    expect(upstream.sent("/v1/traces").some(({ text }) => text.includes("hunter2"))).toBe(false);
  });

  it("are Jaeger's spans, by Thrift and by gRPC", async () => {
    const { status } = await fetch(`http://${at("jaegerHttp")}/api/traces?format=jaeger.thrift`, {
      method: "POST",
      headers: { "content-type": "application/vnd.apache.thrift.binary" },
      body: new Uint8Array(thriftBatch({ service: "till", name: "thrift-span" })),
    });
    expect(status).toBe(202);
    await postSpan(at("jaegerGrpc"), { service: "till", name: "grpc-span" });
    await arrived("/v1/traces", "thrift-span");
    await arrived("/v1/traces", "grpc-span");
  });

  it("are the machine's own metrics", async () => {
    for (const metric of ["system.cpu.time", "system.memory.usage", "system.network.io"])
      await arrived("/v1/metrics", metric);
    const [request] = upstream.sent("/v1/metrics").filter(({ text }) => text.includes("system.cpu.time"));
    for (const mark of ["service.name", "host", "service.instance.id", "agent-mx"])
      expect(request?.text).toContain(mark);
  });

  it("are files, from their beginning, each line once across restarts, redacted and of their class", async () => {
    const file = join(logs, "front.log");
    const lines = (from: number) => Array.from({ length: 50 }, (_, n) => `<line-${from + n}> token=abc\n`);
    const marks = () =>
      upstream
        .sent("/v1/logs")
        .flatMap(({ text }) => [...text.matchAll(/<line-(\d+)>/g)].map(([, n]) => Number(n)));
    const until = (count: number) =>
      waitUntil(`${count} lines`, () => new Set(marks()).size === count, { timeoutMs: 30_000 });
    writeFileSync(file, lines(0).join(""));
    await until(50);
    await running.stop();
    appendFileSync(file, lines(50).join(""));
    running = await startCollector(config.file, config.http);
    await until(100);
    expect(marks().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    const sent = upstream.sent("/v1/logs").map(({ text }) => text);
    for (const mark of ["log.class", "access", "front", "front.log", "token=****"])
      expect(
        sent.every((text) => text.includes(mark)),
        mark,
      ).toBe(true);
    // Killed, it may read what it had not noted yet once more, and misses nothing.
    process.kill(running.pid, "SIGKILL");
    await running.stop();
    appendFileSync(file, lines(100).join(""));
    running = await startCollector(config.file, config.http);
    await until(150);
  }, 90_000);

  it("outlive a refusal and a restart as everything else does", async () => {
    upstream.status = 503;
    const before = upstream.sent("/v1/logs").length;
    appendFileSync(join(logs, "front.log"), "<waits>\n");
    await waitUntil("a refused try", () => upstream.sent("/v1/logs").length > before, { timeoutMs: 30_000 });
    await running.stop();
    upstream.status = 200;
    running = await startCollector(config.file, config.http);
    await waitUntil(
      "the line",
      () =>
        upstream
          .sent("/v1/logs")
          .slice(before + 1)
          .some(({ text }) => text.includes("<waits>")),
      { timeoutMs: 30_000 },
    );
  }, 90_000);
});
