import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labInput } from "../../../../src/lab/declare";
import type { Lab } from "../../../../src/lab/lab";
import { TOKEN_LIFE } from "../../../../src/model/routes";
import { agentPipeline, settingOf } from "../../../../src/render/agent-pipeline";
import { toCollector } from "../../../../src/render/otelcol";
import { loopback, server, start, waitUntil, type Running } from "../../../servers";
import { sharedLab } from "../../shared";

const AGENT = "agent-mx";
const MARKS = /<token-\d+>/g;

/** Hands an agent's requests for tokens on to Keycloak, and notes when each was answered. */
async function counting(keycloak: URL, answered: number[]): Promise<Server> {
  const proxy = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const passed = request(
      { host: keycloak.hostname, port: keycloak.port, method, path: url, headers },
      (answer) => {
        if (answer.statusCode === 200) answered.push(Date.now());
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    passed.once("error", () => response.writeHead(502).end());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, loopback, resolve));
  return proxy;
}

/** A tenant's agent in an OpenTelemetry Collector, with Keycloak's own tokens and the edge that checks them. */
describe("a real agent's token", () => {
  let lab: Lab;
  let agent: Running | undefined;
  let proxy: Server | undefined;
  const answered: number[] = [];
  let url = "";
  const log = () => join(lab.directory, "logs", "token-agent.log");
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    const { topology, tenants } = lab;
    const tenant = tenants.find(({ id }) => (id as string) === "mx");
    const of = tenant?.agents.find(({ id }) => (id as string) === AGENT);
    if (tenant === undefined || of === undefined) throw new Error("no agent");
    const setting = settingOf({ environment: labInput("dev").environment, tenants, topology }, of);
    proxy = await counting(new URL(setting.tokenUrl), answered);
    const tokenUrl = new URL(setting.tokenUrl);
    tokenUrl.port = `${(proxy.address() as AddressInfo).port}`;
    const data = join(lab.directory, "token-agent");
    mkdirSync(data, { recursive: true });
    const file = join(data, "agent.yaml");
    const directories = { ...setting.directories, data };
    // As the proxy passes the request on, Keycloak names itself by its own address.
    writeFileSync(
      file,
      toCollector(agentPipeline({ ...setting, directories, tokenUrl: tokenUrl.href }, tenant, of)),
    );
    url = `http://${setting.bind}:${setting.ports.otlpHttp}/v1/logs`;
    agent = await start(server("otelcol").bin, ["--config", file], {
      ready: { port: setting.ports.otlpHttp },
      logFile: log(),
    });
  }, 180_000);
  afterAll(async () => {
    await agent?.stop();
    proxy?.close();
  });

  it("is renewed before its end, and none that it sends is refused", async () => {
    let sent = 0;
    for (const until = Date.now() + (TOKEN_LIFE + 20) * 1_000; Date.now() < until;) {
      const stringValue = `<token-${sent}>`;
      const body = JSON.stringify({
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue } }] }] }],
      });
      const { status } = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect(status).toBe(200);
      sent++;
      await sleep(500);
    }
    const stored = () => lab.store.marks(MARKS, { tenant: "tenant-mx" });
    await waitUntil("everything", () => stored().size === sent, { timeoutMs: 60_000, everyMs: 500 });
    // What is refused by the edge is dropped, and said.
    expect(readFileSync(log(), "utf8").match(/\b401\b|Unauthorized|Dropping data/g) ?? []).toEqual([]);
    const [first = 0, second = 0] = answered;
    console.info(
      `${sent} records, ${answered.length} tokens, the second after ${(second - first) / 1_000} s`,
    );
    expect(answered).toHaveLength(2);
    expect((second - first) / 1_000).toBeGreaterThan(TOKEN_LIFE - 75);
    expect((second - first) / 1_000).toBeLessThan(TOKEN_LIFE - 45);
  }, 500_000);
});
