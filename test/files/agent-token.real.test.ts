import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FreePorts } from "../../src/lab/ports";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { tenant } from "../render/input";
import { tempDir, type Running } from "../servers";
import { collector, plain, post, startCollector } from "./collector";
import { localInput } from "./local";
import { Recorder } from "./recorders";

/** Seconds: the agent renews a token a minute before its end, so this one is renewed after five. */
const LIFE = 65;

describe("an agent's token, in a real OpenTelemetry Collector", () => {
  const dir = tempDir();
  const free = new FreePorts();
  const edge = new Recorder();
  /** When each was issued, in milliseconds. */
  const issued: number[] = [];
  const answered: number[] = [];
  let http = "";
  let running: Running;
  beforeAll(async () => {
    edge.answer = ({ path, headers }) => {
      if (path.endsWith("/token")) {
        issued.push(Date.now());
        const body = JSON.stringify({
          access_token: `t${issued.length}`,
          token_type: "Bearer",
          expires_in: LIFE,
        });
        return { headers: { "content-type": "application/json" }, body };
      }
      const from = issued[Number(/^Bearer t(\d+)$/.exec(String(headers["authorization"]))?.[1] ?? 0) - 1];
      const good = from !== undefined && Date.now() - from < LIFE * 1_000;
      answered.push(good ? 200 : 401);
      return { status: good ? 200 : 401 };
    };
    const port = await free.take();
    await edge.listen(port);
    const mx = tenant("mx");
    const [agent] = mx.agents;
    if (agent === undefined) throw new Error("no agent");
    const setting = settingOf(await localInput(dir.path, [mx]), agent);
    writeFileSync(join(setting.directories.secrets, "client-secret"), "s3cret");
    const config = await collector(dir.path, "agent", plain(agentPipeline(setting, mx, agent), port, port));
    http = config.http;
    running = await startCollector(config.file, config.http);
  });
  afterAll(async () => {
    await running.stop();
    await edge.close();
    free.close();
    dir.remove();
  });

  it("is used for many exports, and renewed a minute before its end", async () => {
    for (let sent = 0; sent < 40; sent++) {
      const log = {
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: `<${sent}>` } }] }] }],
      };
      expect(await post(http, "/v1/logs", log)).toBe(200);
      await sleep(400);
    }
    expect(answered.length).toBeGreaterThan(8);
    expect(answered.filter((status) => status !== 200)).toEqual([]);
    // Sixteen seconds and more of sending: never for each export, and each time long before the end.
    expect(issued.length).toBeGreaterThanOrEqual(3);
    expect(issued.length).toBeLessThan(answered.length);
    for (const [at, time] of issued.entries())
      if (at > 0) expect(time - (issued[at - 1] ?? 0)).toBeGreaterThanOrEqual(4_900);
  }, 60_000);
});
