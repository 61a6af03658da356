import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Chosen } from "../../../src/lab/backends/backend";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { abandonLoads, COMPLETE, FLAWLESS, Load } from "./load";
import { agent, agentHeaders, agents, write } from "./people";

/** By the collector over HTTP and over gRPC, and straight from the edge. */
const LOGS = ["otlp-http-logs", "otlp-grpc-logs", "loki-push"] as const;

describe("backends and the collector that fail", () => {
  let lab: Lab;
  let headers: () => Promise<{ readonly authorization: string }>;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    headers = agentHeaders(lab, "agent-mx");
  }, 180_000);
  afterEach(async () => {
    abandonLoads();
    for (const backend of Object.values(lab.backends)) {
      backend.answer = undefined;
      await backend.start();
    }
    lab.processes.collector.resume();
    await lab.processes.collector.start();
  });

  const answers = async () => {
    const all = await Promise.all(LOGS.map(async (by) => write(lab, by, await headers())));
    return all.map(({ status, retryAfter, stored }) => [status, retryAfter ?? "", stored.length]);
  };

  const INNER = "http://10.1.2.3:3100 refused tenant-pe";
  it.each<readonly [string, Chosen, readonly (readonly [number, string])[]]>([
    // The collector loses the backend's own hint (DESIGN 4); the edge gives one.
    [
      "429",
      { status: 429, body: INNER },
      [
        [429, "5"],
        [14, ""],
        [429, "5"],
      ],
    ],
    [
      "429 and when to come back",
      { status: 429, headers: { "retry-after": "7" }, body: INNER },
      [
        [429, "5"],
        [14, ""],
        [429, "7"],
      ],
    ],
    [
      "500",
      { status: 500, body: INNER },
      [
        [503, "5"],
        [14, ""],
        [500, ""],
      ],
    ],
    [
      "503",
      { status: 503, body: INNER },
      [
        [503, "5"],
        [14, ""],
        [503, "5"],
      ],
    ],
    [
      "504",
      { status: 504, body: INNER },
      [
        [503, "5"],
        [14, ""],
        [504, "5"],
      ],
    ],
    [
      "nothing, and breaks the connection",
      "reset",
      [
        [503, "5"],
        [14, ""],
        [503, "5"],
      ],
    ],
    // What can never pass is final.
    [
      "400",
      { status: 400, body: INNER },
      [
        [400, ""],
        [3, ""],
        [400, ""],
      ],
    ],
    [
      "413",
      { status: 413, body: INNER },
      [
        [413, ""],
        [2, ""],
        [413, ""],
      ],
    ],
  ])("are passed on in words that senders heed: %s", async (_what, chosen, expected) => {
    lab.backends.loki.answer = () => chosen;
    expect(await answers()).toEqual(expected.map((one) => [...one, 0]));
    lab.backends.loki.answer = undefined;
    expect(await answers()).toEqual([
      [200, "", 1],
      [0, "", 1],
      [204, "", 1],
    ]);
  });

  it("are waited for when they are slow, and nobody waits for another's", async () => {
    lab.backends.loki.answer = () => sleep(2_000, undefined);
    const load = new Load(lab, [agent(lab, "pe", "otlp-http-traces"), agent(lab, "co", "prometheus-push")]);
    expect((await answers()).map(([status]) => status)).toEqual([200, 0, 204]);
    const delivered = await load.stop();
    expect(delivered).toMatchObject(FLAWLESS);
    expect(delivered.accepted).toBeGreaterThan(10);
  });

  it("lose nothing, however often they fail, and others' signals do not notice", async () => {
    let asked = 0;
    const faults: readonly Chosen[] = [{ status: 429 }, { status: 503 }, "reset", { status: 500 }];
    lab.backends.loki.answer = () =>
      asked++ % 2 === 0 ? faults[((asked / 2) % faults.length) | 0] : undefined;
    const failing = new Load(
      lab,
      LOGS.map((by) => agent(lab, "mx", by)),
    );
    const others = new Load(
      lab,
      agents(lab).filter(({ route: { id } }) => !LOGS.some((by) => by === id)),
    );
    await sleep(3_000);
    const delivered = await failing.stop();
    expect(delivered).toMatchObject(COMPLETE);
    expect(delivered.accepted).toBeGreaterThan(20);
    expect(permanent(delivered.refused)).toEqual([]);
    expect(Object.keys(delivered.refused).length).toBeGreaterThan(2);
    expect(await others.stop()).toMatchObject(FLAWLESS);
  });

  it("that are gone for a while lose nothing", async () => {
    const load = new Load(lab, agents(lab));
    await lab.backends.loki.stop();
    await lab.backends.tempo.stop();
    await waitUntil("refusals", () => Object.keys(load.refused).length >= 2);
    await lab.backends.loki.start();
    await lab.backends.tempo.start();
    const before = load.accepted;
    await waitUntil("it to go on", () => load.accepted > before + 50);
    const delivered = await load.stop();
    expect(delivered).toMatchObject(COMPLETE);
    expect(permanent(delivered.refused)).toEqual([]);
  });

  it.each(["stop", "kill"] as const)(
    "a collector after %s: nothing is lost, and pushes do not notice",
    async (how) => {
      const pushes = new Load(lab, [agent(lab, "pe", "loki-push"), agent(lab, "co", "prometheus-push")]);
      const load = new Load(
        lab,
        agents(lab).filter(({ route: { id } }) => !id.endsWith("-push")),
      );
      await waitUntil("load", () => load.accepted > 20);
      await lab.processes.collector[how]();
      await waitUntil("refusals", () => Object.keys(load.refused).length >= 2);
      await lab.processes.collector.start();
      const before = load.accepted;
      await waitUntil("it to go on", () => load.accepted > before + 20);
      const delivered = await load.stop();
      expect(delivered).toMatchObject(COMPLETE);
      expect(permanent(delivered.refused)).toEqual([]);
      expect(await pushes.stop()).toMatchObject(FLAWLESS);
    },
  );
});

/** Refusals after which a sender drops what he has: over gRPC all but those that OTLP retries. */
const permanent = (refused: Readonly<Record<string, number>>): readonly string[] =>
  Object.keys(refused).filter((outcome) => !["14", "429", "500", "502", "503", "504"].includes(outcome));
