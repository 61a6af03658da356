import { beforeAll, describe, expect, it } from "vitest";
import { EdgeClient } from "../../src/client/edge";
import type { Lab } from "../../src/lab/lab";
import { ROUTES } from "../../src/model/routes";
import type { Tenant } from "../../src/model/tenant";
import { tenant } from "../render/input";
import { waitUntil } from "../servers";
import { sharedLab } from "./shared";

const LOGS = ROUTES.find(({ id }) => id === "otlp-http-logs");
const CL = tenant("cl", { services: [] });

let counter = 0;

/** Other tenants while everything runs, and processes that go away and come back. */
describe("a running lab", () => {
  let lab: Lab;
  let edge: EdgeClient;
  let shipped: readonly Tenant[];
  beforeAll(async () => {
    lab = await sharedLab();
    edge = new EdgeClient(lab);
    shipped = lab.tenants;
  }, 180_000);

  const bearer = async (client: string) => ({ authorization: `Bearer ${await lab.token(client)}` });
  /** The status, and the tenants under which it was stored. */
  async function write(headers: Readonly<Record<string, string>>) {
    if (LOGS === undefined) throw new Error("no route");
    const mark = `change_${Date.now()}_${counter++}`;
    const { status } = await edge.write(LOGS, mark, headers);
    return [status, ...lab.stored({ contains: mark }).map(({ tenant }) => tenant)];
  }

  it("takes a new tenant, suspends it and removes it, in the same processes", async () => {
    const { pids } = lab;
    const added = await lab.applyTenants([...shipped, CL]);
    expect(
      added.files.filter((file) => !file.includes("agent-cl")).map((file) => file.split("/").slice(-3)),
    ).toEqual(
      expect.arrayContaining([
        ["auth", "live", "tenants.json"],
        ["auth", "secrets", "keys.json"],
        ["envoy", "live", "bindings.yaml"],
        ["loki", "live", "overrides.yaml"],
      ]),
    );
    const token = await bearer("agent-cl");
    expect(await write(token)).toEqual([200, "tenant-cl"]);
    expect((await edge.ask("query", "/loki/api/v1/labels", { headers: lab.grafana("cl") })).status).toBe(200);

    await lab.applyTenants([...shipped, { ...CL, state: "suspended" }]);
    expect(await write(token)).toEqual([403]);
    await expect(lab.token("agent-cl")).rejects.toThrow("Keycloak gives agent-cl no token");

    const removed = await lab.applyTenants(shipped);
    expect(removed.keycloak.removed.some((urn) => urn.endsWith("agent-cl-client"))).toBe(true);
    expect(await write(token)).toEqual([403]);
    expect(await write(await bearer("agent-mx"))).toEqual([200, "tenant-mx"]);
    expect(lab.pids).toEqual(pids);
  }, 60_000);

  it("refuses to remove an active tenant, as the program does", async () => {
    const without = shipped.filter(({ id }) => id !== "mx");
    await expect(lab.applyTenants(without)).rejects.toThrow(
      /suspend a tenant before you remove it.*mx-anchor/,
    );
    expect(lab.tenants).toEqual(shipped);
    expect(await write(await bearer("agent-mx"))).toEqual([200, "tenant-mx"]);
  });

  it("starts a process again that was killed, and lets go on one that was halted", async () => {
    const token = await bearer("agent-mx");
    await lab.processes.envoy.kill();
    await expect(write(token)).rejects.toThrow("ECONNREFUSED");
    await lab.processes.envoy.start();
    await lab.edge.hasKeys();
    expect(await write(token)).toEqual([200, "tenant-mx"]);

    lab.processes.collector.pause();
    const waiting = write(token);
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 500, "waits"))]);
    expect(first).toBe("waits");
    lab.processes.collector.resume();
    expect(await waiting).toEqual([200, "tenant-mx"]);
  });

  it("lets a backend answer as it is told, break, and come back", async () => {
    const token = await bearer("agent-mx");
    lab.backends.loki.answer = () => ({ status: 429 });
    expect(await write(token)).toEqual([429]);
    lab.backends.loki.answer = undefined;
    await lab.backends.loki.stop();
    expect(await write(token)).toEqual([503]);
    await lab.backends.loki.start();
    await waitUntil("Loki", async () => (await write(token))[0] === 200);
  });
});
