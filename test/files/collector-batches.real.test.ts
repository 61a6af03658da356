import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { gatewayPipeline } from "../../src/render/gateway-pipeline";
import { tenant } from "../render/input";
import { tempDir, waitUntil, type Running } from "../servers";
import { backendsAt, collector, plain, post, startCollector } from "./collector";
import { localInput } from "./local";
import { Upstream } from "./upstream";

const KIBIBYTE = 1024;
const records = (bodies: readonly string[]) => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: bodies.map((stringValue) => ({ body: { stringValue } })) }] }],
});
const large = (name: string, count: number, size: number) =>
  Array.from({ length: count }, (_, at) => `<${name}-${at}>${"x".repeat(size)}`);

/** What the edge does with an agent's token, whose place the gateway takes here. */
function asTenant(yaml: string): string {
  const config = parse(yaml) as { exporters: Record<string, object> };
  for (const exporter of Object.values(config.exporters))
    Object.assign(exporter, { headers: { "x-scope-orgid": "tenant-mx" } });
  return stringify(config);
}

describe("an agent and the gateway, in real OpenTelemetry Collectors", () => {
  const dir = tempDir();
  const running: Running[] = [];
  let upstream: Upstream;
  let agent = "";
  const stored = () =>
    upstream.sent("/otlp/v1/logs").flatMap(({ text }) => text.match(/<[a-z]+-\d+>/g) ?? []);

  beforeAll(async () => {
    upstream = await Upstream.listen(0);
    const mx = tenant("mx");
    const local = backendsAt(await localInput(dir.path, [mx]), upstream.port);
    const gateway = await collector(dir.path, "gateway", gatewayPipeline(local));
    running.push(await startCollector(gateway.file, gateway.http));
    const [of] = mx.agents;
    if (of === undefined) throw new Error("no agent");
    writeFileSync(join(dir.path, of.id, "secrets", "client-secret"), "s3cret");
    const port = Number(gateway.http.split(":")[1]);
    const pipeline = plain(agentPipeline(settingOf(local, of), mx, of), port, upstream.port);
    const config = await collector(dir.path, "agent", pipeline, asTenant);
    running.push(await startCollector(config.file, config.http));
    agent = config.http;
  });
  afterAll(async () => {
    for (const each of running) await each.stop();
    upstream.close();
    dir.remove();
  });

  it("store every large record, though together they are more than a request may be", async () => {
    const all = [large("a", 110, 80 * KIBIBYTE), large("b", 140, 80 * KIBIBYTE)];
    expect(await Promise.all(all.map((bodies) => post(agent, "/v1/logs", records(bodies))))).toEqual([
      200, 200,
    ]);
    await waitUntil("all records", () => new Set(stored()).size === 250, { timeoutMs: 20_000 });
    expect(stored()).toHaveLength(250);
  }, 40_000);

  it("keep the beginning of a record that no batch has room for, and its neighbours", async () => {
    const bodies = ["<before-0>", `<huge-0>${"\u00e9".repeat(1024 * KIBIBYTE)}`, "<after-0>"];
    expect(await post(agent, "/v1/logs", records(bodies))).toBe(200);
    await waitUntil("the last one", () => stored().includes("<after-0>"));
    expect(stored().slice(-3)).toEqual(["<before-0>", "<huge-0>", "<after-0>"]);
    const { text } = upstream.sent("/otlp/v1/logs").find((sent) => sent.text.includes("<huge-0>")) ?? {};
    expect(text?.length).toBeGreaterThan(255 * KIBIBYTE);
    expect(text?.length).toBeLessThan(257 * KIBIBYTE);
  }, 40_000);
});
