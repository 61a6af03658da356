import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { labInput } from "../../../../src/lab/declare";
import type { Lab } from "../../../../src/lab/lab";
import { queueSizes } from "../../../../src/model/queues";
import { size, type Bytes } from "../../../../src/model/units";
import { agentPipeline, settingOf } from "../../../../src/render/agent-pipeline";
import { toCollector } from "../../../../src/render/otelcol";
import { server, start, waitUntil, type Running } from "../../../servers";
import { sharedLab } from "../../shared";
import { SmallDisk } from "../../small-disk";

const AGENT = "agent-mx";
/** Bytes of a record: below what is cut. */
const RECORD = 48 * 1024;
/** Of a request. */
const RECORDS = 10;
/** The smallest that an agent may declare. */
const DISK = size("128MiB");

let runs = 0;

/** A tenant's agent in an OpenTelemetry Collector, whose edge is away for longer than it has room. */
describe("a real agent that has no more room", () => {
  let lab: Lab;
  let agent: Running | undefined;
  let disk: SmallDisk | undefined;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);
  afterEach(async () => {
    await agent?.stop();
    disk?.remove();
    [agent, disk] = [undefined, undefined];
    await lab.processes.envoy.start();
    await lab.edge.hasKeys();
    lab.store.clear();
  }, 60_000);

  /** @param mebibytes of its disk, if that is smaller than its queues may be */
  async function launch(mebibytes?: number) {
    lab.store.clear();
    const { topology, tenants } = lab;
    const tenant = tenants.find(({ id }) => (id as string) === "mx");
    const of = tenant?.agents.find(({ id }) => (id as string) === AGENT);
    if (tenant === undefined || of === undefined) throw new Error("no agent");
    const small = { ...of, disk: DISK };
    const setting = settingOf({ environment: labInput("dev").environment, tenants, topology }, small);
    const data = join(lab.directory, `queue-agent-${runs++}`);
    mkdirSync(data, { recursive: true });
    if (mebibytes !== undefined) disk = new SmallDisk(data, mebibytes);
    const file = `${data}.yaml`;
    const directories = { ...setting.directories, data };
    writeFileSync(file, toCollector(agentPipeline({ ...setting, directories }, tenant, small)));
    const open = async (): Promise<void> => {
      agent = await start(server("otelcol").bin, ["--config", file], {
        ready: { port: setting.ports.otlpHttp },
        logFile: join(lab.directory, "logs", "queue-agent.log"),
      });
    };
    await open();
    const url = `http://${setting.bind}:${setting.ports.otlpHttp}/v1/logs`;
    return { url, room: queueSizes(tenant.limits, small).logs, open };
  }

  const markOf = (record: number): string => `<queue-${runs}-${record}>`;

  /** One request of some records. Its status. */
  async function send(url: string, first: number): Promise<number> {
    const logRecords = Array.from({ length: RECORDS }, (_, at) => ({
      body: { stringValue: markOf(first + at).padEnd(RECORD, "x y z ") },
    }));
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    await response.arrayBuffer();
    return response.status;
  }

  let records = 0;
  /** Until it says no three times, or `most` bytes were taken. What it took, in marks. */
  async function fill(url: string, most: Bytes) {
    const taken: string[] = [];
    const refused: number[] = [];
    for (
      let first = records;
      refused.length < 3 && taken.length * RECORD < most;
      first = records += RECORDS
    ) {
      const status = await send(url, first);
      if (status === 200) taken.push(...Array.from({ length: RECORDS }, (_, at) => markOf(first + at)));
      else refused.push(status);
    }
    return { taken, refused };
  }

  const stored = () => lab.store.marks(/<queue-\d+-\d+>/g, { tenant: "tenant-mx" });

  async function arrivesWhole(taken: readonly string[]): Promise<void> {
    const missing = (): readonly string[] => {
      const seen = stored();
      return taken.filter((mark) => !seen.has(mark));
    };
    await waitUntil("everything", () => missing().length === 0, { timeoutMs: 180_000, everyMs: 1_000 }).catch(
      () => undefined,
    );
    expect(missing()).toEqual([]);
  }

  it("says so to its senders, keeps what it took, and takes again when the edge is back", async () => {
    const { url, room } = await launch();
    await lab.processes.envoy.kill();
    const { taken, refused } = await fill(url, (2 * room) as Bytes);
    // What senders try again (OTLP): they are told, nothing goes in silence.
    expect(refused).toEqual([503, 503, 503]);
    expect((taken.length * RECORD) / room).toBeGreaterThan(0.9);
    expect((taken.length * RECORD) / room).toBeLessThan(1.1);
    await lab.processes.envoy.start();
    await arrivesWhole(taken);
    expect(await send(url, 1_000_000)).toBe(200);
    console.info(`${taken.length} records of ${RECORD} bytes waited, then 503; all arrived`);
  }, 300_000);

  it("because its disk is full, likewise, also when it is killed and started again", async () => {
    const { url, room, open } = await launch(64);
    await lab.processes.envoy.kill();
    const before = await fill(url, size("8MiB"));
    expect(before.refused).toEqual([]);
    disk?.fill();
    const meanwhile = await fill(url, room);
    expect(meanwhile.refused).toEqual([503, 503, 503]);
    process.kill(agent?.pid ?? 0, "SIGKILL");
    await agent?.ended;
    disk?.clear();
    await open();
    await lab.processes.envoy.start();
    await arrivesWhole([...before.taken, ...meanwhile.taken]);
    console.info(
      `${before.taken.length} records before and ${meanwhile.taken.length} while the disk was full; all arrived`,
    );
  }, 300_000);
});
