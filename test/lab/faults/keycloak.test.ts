import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { read, undecided, write } from "./people";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const UNDECIDED = undecided("keys_unavailable");

/** Longer absences, and keys that come unannounced: long/keycloak.test.ts. */
describe("Keycloak", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);
  afterEach(async () => {
    for (const name of ["keycloak", "auth", "envoy"] as const) await lab.processes[name].start();
    await lab.edge.hasKeys();
  }, 120_000);

  it("that is down when the edge starts: nobody is told that his token is wrong, and then all goes on by itself", async () => {
    const token = bearer(await lab.token("agent-mx"));
    const { keycloak, auth, envoy } = lab.processes;
    for (const one of [keycloak, auth, envoy]) await one.stop();
    await Promise.all([auth.start(), envoy.start()]);
    const pids = [auth.pid, envoy.pid];
    expect(await write(lab, "otlp-http-logs", token)).toEqual({ ...UNDECIDED, stored: [] });
    expect(await write(lab, "otlp-grpc-logs", token)).toMatchObject({
      status: 14,
      retryAfter: "5",
      stored: [],
    });
    expect(await write(lab, "loki-push", token)).toEqual({ ...UNDECIDED, stored: [] });
    expect((await read(lab, token)).status).toBe(503);
    // Keys are no concern of Keycloak's.
    expect((await read(lab)).status).toBe(200);
    await keycloak.start();
    await waitUntil(
      "Envoy to have the keys",
      async () => (await write(lab, "otlp-http-logs", token)).status === 200,
    );
    // An agent's token is good, and may not read. The auth service asks Keycloak again at most every 30 s.
    await waitUntil("the auth service to have them", async () => (await read(lab, token)).status === 403, {
      timeoutMs: 40_000,
    });
    expect([auth.pid, envoy.pid]).toEqual(pids);
  }, 180_000);
});
