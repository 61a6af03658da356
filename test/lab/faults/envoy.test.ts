import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { drain } from "../../../src/lab/drain";
import type { Lab } from "../../../src/lab/lab";
import { TOKEN_LIFE } from "../../../src/model/routes";
import { STATIC_FILES } from "../../../src/render/envoy/names";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { abandonLoads, COMPLETE, Load } from "./load";
import { agentHeaders, agents, write } from "./people";

interface Bootstrap {
  readonly admin: {
    readonly address: { readonly pipe: { readonly path: string } };
  };
}

describe("Envoy that goes and comes back", () => {
  let lab: Lab;
  let shipped: string;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    const { config } = lab.topology.services.envoy.directories;
    shipped = readFileSync(join(config, STATIC_FILES.bootstrap), "utf8");
  }, 180_000);
  afterEach(async () => {
    abandonLoads();
    for (const backend of Object.values(lab.backends)) backend.answer = undefined;
    await lab.processes.envoy.start();
  });
  async function startEnvoy(): Promise<void> {
    await lab.processes.envoy.start();
    await lab.edge.hasKeys();
  }
  /** Requests that are with a backend, and stay there for a while. */
  async function inFlight() {
    const token = await agentHeaders(lab, "agent-mx")();
    lab.backends.loki.answer = () => sleep(1_500, undefined);
    const requests = ["otlp-http-logs", "otlp-grpc-logs", "loki-push"].map((by) => write(lab, by, token));
    await sleep(300);
    return requests;
  }

  it.each(["stop", "kill"] as const)(
    "after %s: senders that send again lose nothing",
    async (how) => {
      const load = new Load(lab, agents(lab));
      await waitUntil("load", () => load.accepted > 20);
      await lab.processes.envoy[how]();
      await waitUntil("refusals", () => Object.keys(load.refused).length > 0);
      await startEnvoy();
      const before = load.accepted;
      await waitUntil("it to go on", () => load.accepted > before + 50);
      const delivered = await load.stop();
      expect(delivered).toMatchObject(COMPLETE);
      expect(Object.keys(delivered.refused).filter((outcome) => !isConnection(outcome))).toEqual([]);
    },
    60_000,
  );

  it("drained first: what is on its way is answered, and senders that send again lose nothing", async () => {
    const { admin } = parse(shipped) as Bootstrap;
    const load = new Load(lab, agents(lab));
    const requests = await inFlight();
    await drain(admin.address.pipe.path);
    expect((await fetch(`${lab.urls.health}/ready`)).status).toBe(503);
    const answers = await Promise.all(requests);
    expect(answers.map(({ status, stored }) => [status, stored])).toEqual([
      [200, ["tenant-mx"]],
      [0, ["tenant-mx"]],
      [204, ["tenant-mx"]],
    ]);
    lab.backends.loki.answer = undefined;
    await lab.processes.envoy.stop();
    await startEnvoy();
    const delivered = await load.stop();
    expect(delivered).toMatchObject(COMPLETE);
    expect(Object.keys(delivered.refused).filter((outcome) => !isConnection(outcome))).toEqual([]);
  }, 60_000);

  it("not drained: what was on its way is not answered at all, which senders take for not sent", async () => {
    const outcomes = (await inFlight()).map((request) =>
      request.then(
        ({ status }) => `answered ${status}`,
        () => "not answered",
      ),
    );
    await lab.processes.envoy.stop();
    expect(await Promise.all(outcomes)).toEqual(["not answered", "not answered", "not answered"]);
    await startEnvoy();
  }, 60_000);

  it("cuts a stream at a token's age, so that a suspension reaches it", () => {
    // Five minutes are too long for a test that waits: that it is set is what is looked at here.
    const cut = [...shipped.matchAll(/max_stream_duration: (\d+)s/g)].map(([, seconds]) => Number(seconds));
    expect(cut.length).toBeGreaterThan(3);
    expect(Math.max(...cut)).toBe(TOKEN_LIFE);
  });
});

/** The connection broke or could not be made. gRPC says so in words, and 14 where Envoy is about to go. */
const isConnection = (outcome: string): boolean =>
  /^(E[A-Z]+|ERR_HTTP2_\w+|14|503|the stream ended .*|no grpc-status|.*hang up.*|.*disconnected.*)$/.test(
    outcome,
  );
