import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labInput } from "../../../../src/lab/declare";
import type { Lab } from "../../../../src/lab/lab";
import { agentPipeline, settingOf } from "../../../../src/render/agent-pipeline";
import { toCollector } from "../../../../src/render/otelcol";
import { server, start, waitUntil, type Running } from "../../../servers";
import { sharedLab } from "../../shared";

const AGENT = "agent-mx";
const MARKS = /<real-\d+>/g;

/** A tenant's agent as it is rendered, in an OpenTelemetry Collector, against the edge of the lab and with its own credentials. */
describe("a real agent", () => {
  let lab: Lab;
  let agent: Running | undefined;
  let launch: () => Promise<Running>;
  let url: string;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    const { environment } = labInput("dev");
    const { topology, tenants } = lab;
    const tenant = tenants.find(({ id }) => (id as string) === "mx");
    const of = tenant?.agents.find(({ id }) => (id as string) === AGENT);
    if (tenant === undefined || of === undefined) throw new Error("no agent");
    const place = topology.agents[of.id];
    if (place === undefined) throw new Error("no place");
    for (const signal of ["logs", "metrics", "traces"])
      mkdirSync(join(place.directories.data, `queue-${signal}`), { recursive: true });
    const file = join(place.directories.data, "agent.yaml");
    writeFileSync(
      file,
      toCollector(agentPipeline(settingOf({ environment, tenants, topology }, of), tenant, of)),
    );
    url = `http://127.0.0.1:${place.ports.otlpHttp}/v1/logs`;
    launch = () =>
      start(server("otelcol").bin, ["--config", file], {
        ready: { port: place.ports.otlpHttp },
        logFile: join(lab.directory, "logs", "real-agent.log"),
      });
    agent = await launch();
  }, 180_000);
  afterAll(async () => {
    await agent?.stop();
    for (const name of ["keycloak", "auth", "collector", "envoy"] as const) await lab.processes[name].start();
    await lab.backends.loki.start();
    await lab.edge.hasKeys();
  }, 120_000);

  let sent = 0;
  /** As a program does: what its agent does not take, it sends again. */
  async function send(): Promise<void> {
    const stringValue = `<real-${sent}>`;
    const body = JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue } }] }] }],
    });
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) sent++;
    else await sleep(200);
  }
  async function sendFor(milliseconds: number): Promise<void> {
    for (const until = Date.now() + milliseconds; Date.now() < until;) {
      await send();
      await sleep(20);
    }
  }
  const stored = () => lab.store.marks(MARKS, { tenant: "tenant-mx" });

  it("brings everything through, whatever goes away and comes back", async () => {
    await sendFor(2_000);
    await waitUntil("its first records", () => stored().size > 0, { timeoutMs: 30_000 });

    await lab.processes.auth.kill();
    await sendFor(2_000);
    await lab.processes.auth.start();

    await lab.processes.envoy.kill();
    await sendFor(3_000);
    await lab.processes.envoy.start();
    await sendFor(1_000);

    await lab.backends.loki.stop();
    await sendFor(3_000);
    await lab.processes.collector.kill();
    await sendFor(2_000);
    await lab.processes.collector.start();
    await lab.backends.loki.start();
    await sendFor(1_000);

    // The agent forgets its token, and Keycloak gives it no new one for a while.
    await lab.processes.keycloak.kill();
    await lab.backends.loki.stop();
    await sendFor(2_000);
    process.kill(agent?.pid ?? 0, "SIGKILL");
    await agent?.ended;
    agent = await launch();
    await lab.backends.loki.start();
    await sendFor(3_000);
    const before = stored().size;
    await lab.processes.keycloak.start();
    await sendFor(1_000);

    // It tries again at most every 30 s.
    await waitUntil("everything", () => stored().size === sent, { timeoutMs: 90_000, everyMs: 500 });
    const duplicates = [...stored().values()].reduce((sum, count) => sum + count - 1, 0);
    console.info(
      `${sent} records, ${sent - before} of them waited at the end, ${duplicates} were stored twice`,
    );
    expect(sent).toBeGreaterThan(200);
    expect(sent - before).toBeGreaterThan(0);
    for (const tenant of ["tenant-pe", "tenant-co", "platform"])
      expect(lab.store.marks(MARKS, { tenant }).size).toBe(0);
  }, 240_000);
});
