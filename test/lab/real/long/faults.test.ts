import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../../../../src/lab/backends/received";
import type { Lab } from "../../../../src/lab/lab";
import type { Signal } from "../../../../src/model/names";
import { waitUntil } from "../../../servers";
import { abandonLoads, COMPLETE, Load, type Sender } from "../../faults/load";
import { agent } from "../../faults/people";
import { realLab } from "../shared";
import { shown } from "../shown";

/** Who sends while its backend goes: by all ways of its signal. */
const SENDERS = {
  logs: ["otlp-http-logs", "otlp-grpc-logs", "loki-push"],
  metrics: ["otlp-http-metrics", "otlp-grpc-metrics", "prometheus-push"],
} as const;
const BACKEND: Readonly<Record<keyof typeof SENDERS, BackendName>> = { logs: "loki", metrics: "mimir" };
const TENANTS = ["mx", "pe"] as const;
/** What senders try again; Loki says 429 while its ring is not whole yet. */
const AGAIN = ["14", "429", "500", "502", "503", "504"];

/** What was acknowledged by a real backend is there after whatever became of the backend: read back, not noted on the way. */
describe("a real backend that goes and comes back", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await realLab("loki", "mimir", "tempo");
    lab.store.clear();
  }, 240_000);
  afterEach(async () => {
    abandonLoads();
    for (const server of Object.values(lab.servers)) await server.start();
    lab.store.clear();
  }, 120_000);

  const sendersOf = (signal: keyof typeof SENDERS): readonly Sender[] =>
    TENANTS.flatMap((tenant) => SENDERS[signal].map((by) => agent(lab, tenant, by)));

  /** Those that a tenant is not shown, and those that another is. */
  async function missing(load: Load, signal: Signal): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const tenant of TENANTS) {
      const all = [...load.marks];
      const own = all.filter(([, org]) => org === `tenant-${tenant}`).map(([mark]) => mark);
      const seen = await shown(
        lab,
        tenant,
        signal,
        all.map(([mark]) => mark),
      );
      problems.push(...own.filter((mark) => !seen.has(mark)).map((mark) => `${tenant} misses ${mark}`));
      const foreign = [...seen.keys()].filter((mark) => load.marks.has(mark) && !own.includes(mark));
      problems.push(...foreign.map((mark) => `${tenant} is shown ${mark}`));
    }
    return problems;
  }

  it.each([
    ["logs", "kill"],
    ["metrics", "kill"],
    ["logs", "stop"],
    ["metrics", "stop"],
  ] as const)(
    "%s after %s, twice: all that was acknowledged is there, for its own tenant alone",
    async (signal, how) => {
      const server = lab.servers[BACKEND[signal]];
      if (server === undefined) throw new Error("no server");
      const load = new Load(lab, sendersOf(signal));
      for (let time = 0; time < 2; time++) {
        const before = load.accepted;
        await waitUntil("load", () => load.accepted > before + 30, { timeoutMs: 30_000 });
        await server[how]();
        await sleep(1_500);
        await server.start();
      }
      const before = load.accepted;
      await waitUntil("it to go on", () => load.accepted > before + 30, { timeoutMs: 60_000 });
      const delivered = await load.stop();
      expect(delivered).toMatchObject(COMPLETE);
      expect(Object.keys(delivered.refused).filter((status) => !AGAIN.includes(status))).toEqual([]);
      expect(Object.keys(delivered.refused).length).toBeGreaterThan(0);
      await waitUntil("all of it", async () => (await missing(load, signal)).length === 0, {
        timeoutMs: 30_000,
        everyMs: 1_000,
      }).catch(() => undefined);
      expect(await missing(load, signal)).toEqual([]);
      console.info(
        `${signal} after ${how}: ${load.accepted} acknowledged, all shown; ${delivered.duplicates} twice`,
      );
    },
    240_000,
  );
});
