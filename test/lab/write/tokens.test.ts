import { Agent } from "node:https";
import { connect, type ClientHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EdgeClient } from "../../../src/client/edge";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { CLOCK_SKEW } from "../../../src/model/tokens";
import { route } from "../faults/load";
import { HeldCall } from "../faults/streams";
import { Forge, now } from "../isolation/forge";
import { onSession } from "../isolation/wire";
import { sharedLab } from "../shared";

const GRPC = route("otlp-grpc-logs");
const HTTP = route("otlp-http-logs");
/** Seconds that a token of these tests is still good for. */
const LEFT = 4;

describe("connections that outlive a token", () => {
  let lab: Lab;
  let forge: Forge;
  let session: ClientHttp2Session;
  let agent: Agent;
  beforeAll(async () => {
    lab = await sharedLab();
    forge = await Forge.open(lab);
    session = connect(`https://${lab.urls.otlpGrpc}`, { ca: lab.ca });
    session.on("error", () => undefined);
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }, 180_000);
  afterAll(async () => {
    session.destroy();
    agent.destroy();
    await forge[Symbol.asyncDispose]();
  });

  /** As good as expired: clocks may differ by so much. */
  const dying = (): Promise<string> => {
    const exp = now() + LEFT - CLOCK_SKEW;
    return forge.sign(forge.agent("mx", { iat: exp - 300, exp }));
  };

  let count = 0;
  /** A call on the one connection of each kind. */
  async function both(token: string): Promise<readonly unknown[]> {
    const mark = `token_${count++}_end`;
    const authorization = `Bearer ${token}`;
    const { contentType, body } = marked(GRPC, mark);
    const headers = Object.entries({ "content-type": contentType, te: "trailers", authorization });
    const call = await onSession(session, { method: "POST", path: GRPC.path, headers, body });
    const post = await new EdgeClient(lab, { agent }).write(HTTP, mark, { authorization });
    return [call.grpcStatus, post.status, lab.stored({ contains: mark }).length];
  }

  it("are judged call by call, and are as good as new with a new token", async () => {
    const token = await dying();
    const until = Date.now() + LEFT * 1_000;
    expect(await both(token)).toEqual([0, 200, 2]);
    const port = agent.sockets;
    await sleep(until - Date.now() + 1_500);
    expect(await both(token)).toEqual([16, 401, 0]);
    expect(await both(await lab.token("agent-mx"))).toEqual([0, 200, 2]);
    expect([session.destroyed, session.closed, agent.sockets]).toEqual([false, false, port]);
  }, 30_000);

  it("carry calls of several tenants, each its own", async () => {
    const [mx, pe] = await Promise.all([lab.token("agent-mx"), lab.token("agent-pe")]);
    lab.store.clear();
    for (const token of [mx, pe, mx, pe]) expect(await both(token)).toEqual([0, 200, 2]);
    expect(lab.stored().map(({ tenant }) => tenant)).toEqual(
      ["mx", "mx", "pe", "pe", "mx", "mx", "pe", "pe"].map((id) => `tenant-${id}`),
    );
  });

  it("finish a call that began while its token was good", async () => {
    const until = Date.now() + LEFT * 1_000;
    const call = new HeldCall(lab, { authorization: `Bearer ${await dying()}` }, "token_held_end");
    await sleep(until - Date.now() + 1_500);
    expect(call.open).toBe(true);
    expect(await call.finish()).toBe("0");
    expect(lab.stored({ contains: "token_held_end" }).map(({ tenant }) => tenant)).toEqual(["tenant-mx"]);
  }, 30_000);

  it("are of no use once their tenant is suspended, and again when it is active", async () => {
    const shipped = lab.tenants;
    const token = await lab.token("agent-pe");
    expect(await both(token)).toEqual([0, 200, 2]);
    try {
      await lab.applyTenants(
        shipped.map((one) => (one.id === "pe" ? { ...one, state: "suspended" as const } : one)),
      );
      expect(await both(token)).toEqual([7, 403, 0]);
    } finally {
      await lab.applyTenants(shipped);
    }
    expect(await both(token)).toEqual([0, 200, 2]);
    expect([session.destroyed, session.closed]).toEqual([false, false]);
  }, 180_000);
});
