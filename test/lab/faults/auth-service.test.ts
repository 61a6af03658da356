import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Fake, type Fault } from "../../../src/lab/fake";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { abandonLoads, FLAWLESS, Load } from "./load";
import { agents, read, undecided, write } from "./people";

const UNDECIDED = undecided("authorization_unavailable");
const NOT_STORED = { ...UNDECIDED, stored: [] };

/** The auth service decides on keys and people; agents' tokens are Envoy's own work. */
describe("without the auth service", () => {
  let lab: Lab;
  let agentToken: { readonly authorization: string };
  beforeAll(async () => {
    lab = await sharedLab();
    agentToken = { authorization: `Bearer ${await lab.token("agent-mx")}` };
  }, 180_000);
  afterEach(async () => {
    abandonLoads();
    lab.processes.auth.resume();
    await lab.processes.auth.start();
  });

  /** Agents write all the time; meanwhile nobody is told that his credential is wrong. */
  async function refusesNobody(): Promise<void> {
    const load = new Load(lab, agents(lab));
    const key = { "x-api-key": "atl_whoever" };
    const basic = { authorization: `Basic ${Buffer.from("x:atl_whoever").toString("base64")}` };
    // At once: where nobody answers, each takes as long as Envoy waits.
    const [byKey, byToken, http, push, grpc] = await Promise.all([
      read(lab),
      // Anybody's token, on the way to read.
      read(lab, agentToken),
      write(lab, "otlp-http-logs", key),
      write(lab, "loki-push", basic),
      write(lab, "otlp-grpc-logs", key),
    ]);
    expect([byKey, byToken]).toEqual([UNDECIDED, UNDECIDED]);
    expect([http, push]).toEqual([NOT_STORED, NOT_STORED]);
    // UNAVAILABLE, which senders retry.
    expect(grpc).toMatchObject({ status: 14, retryAfter: "5", stored: [] });
    const delivered = await load.stop();
    expect(delivered).toMatchObject(FLAWLESS);
    expect(delivered.accepted).toBeGreaterThan(agents(lab).length);
  }

  const recovers = (): Promise<void> =>
    waitUntil("the auth service to decide", async () => (await read(lab)).status === 200, {
      timeoutMs: 10_000,
    });

  it("that was killed, keys and people wait, and agents notice nothing", async () => {
    expect((await read(lab)).status).toBe(200);
    await lab.processes.auth.kill();
    await refusesNobody();
    await lab.processes.auth.start();
    await recovers();
  }, 60_000);

  it("that is halted, keys and people wait, and agents notice nothing", async () => {
    lab.processes.auth.pause();
    await refusesNobody();
    lab.processes.auth.resume();
    await recovers();
  }, 60_000);

  it.each(["hang", "reset", "nonsense"] satisfies readonly Fault[])(
    "and with one that answers by %s in its place, likewise",
    async (fault) => {
      await lab.processes.auth.stop();
      const fake = await Fake.listen(lab.topology.services.auth.ports.http, fault);
      try {
        await refusesNobody();
        expect(fake.connections).toBeGreaterThan(0);
      } finally {
        await fake[Symbol.asyncDispose]();
      }
      await lab.processes.auth.start();
      await recovers();
    },
    60_000,
  );

  it("for a moment, a reader who asks again is answered", async () => {
    lab.processes.auth.pause();
    const asked = read(lab);
    setTimeout(() => {
      lab.processes.auth.resume();
    }, 500);
    expect((await asked).status).toBe(200);
  });
});
