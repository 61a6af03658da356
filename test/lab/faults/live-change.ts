import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import type { Tenant } from "../../../src/model/tenant";
import { tenant } from "../../render/input";
import { FLAWLESS, Load } from "./load";
import { agent, agentHeaders, agents, newMark, read, write } from "./people";
import { HeldCall, openTail } from "./streams";

/** From a file's rename until the running process works by it (DESIGN 8). Milliseconds. */
const LIVE_MS = 2_000;

/** A change of one tenant's while many others work; what there was before is there again afterwards. */
export async function changeUnderLoad(lab: Lab, others: number): Promise<void> {
  const shipped = lab.tenants;
  const extra = Array.from({ length: others }, (_, index) => tenant(`other${index}`, { services: [] }));
  const changing = tenant("changing", { services: [] });
  const suspended: Tenant = { ...changing, state: "suspended" };
  const all = [...shipped, ...extra];
  await lab.applyTenants(all);
  lab.store.clear();
  const { pids } = lab;
  // About a hundred requests a second in all.
  const senders = [...extra.map(({ id }) => agent(lab, id)), ...agents(lab)];
  const load = new Load(lab, senders, 10 * senders.length);
  const [bystander, tail] = [await heldCall(lab, "mx"), await openTail(lab, "mx")];
  try {
    // It is let in before it has a credential.
    await lab.applyTenants([...all, changing]);
    const token = await agentHeaders(lab, "agent-changing")();
    expect((await write(lab, "otlp-http-logs", token)).stored).toEqual(["tenant-changing"]);
    const key = lab.grafana("changing");
    expect((await read(lab, key)).status).toBe(200);
    const call = await heldCall(lab, "changing");

    const out = await Promise.all([
      seen(bindings(lab), async () => (await write(lab, "otlp-http-logs", token)).status === 403),
      seen(directory(lab), async () => (await read(lab, key)).status === 403),
      lab.applyTenants([...all, suspended]),
    ]);
    expect(out[0]).toBeLessThan(LIVE_MS);
    expect(out[1]).toBeLessThan(LIVE_MS);
    expect((await write(lab, "otlp-grpc-logs", token)).status).toBe(7);
    // What began before may end, within the route's max_stream_duration: stream-bound.test.ts.
    expect([call.open, await call.finish()]).toEqual([true, "0"]);

    const back = await Promise.all([
      seen(bindings(lab), async () => (await write(lab, "otlp-http-logs", token)).status === 200),
      lab.applyTenants([...all, changing]),
    ]);
    expect(back[0]).toBeLessThan(LIVE_MS);
    await lab.applyTenants([...all, suspended]);
    await lab.applyTenants(all);
    expect((await write(lab, "otlp-http-logs", token)).status).toBe(403);

    expect([bystander.open, tail.destroyed, lab.pids]).toEqual([true, false, pids]);
    expect(await bystander.finish()).toBe("0");
    expect(lab.stored({ contains: bystander.mark }).map(({ tenant: of }) => of)).toEqual(["tenant-mx"]);
    const delivered = await load.stop();
    expect(delivered).toMatchObject(FLAWLESS);
    expect(delivered.accepted).toBeGreaterThan(2 * senders.length);
    console.info(
      `live after ${out[0]} ms (Envoy, suspended), ${out[1]} ms (auth service), ${back[0]} ms (Envoy, active); ${delivered.accepted} items of ${senders.length} senders`,
    );
  } finally {
    bystander.close();
    tail.destroy();
    load.abandon();
    await lab.applyTenants([...shipped, ...extra.map((one) => ({ ...one, state: "suspended" as const }))]);
    await lab.applyTenants(shipped);
  }
}

async function heldCall(lab: Lab, of: string): Promise<HeldCall> {
  const call = new HeldCall(lab, await agentHeaders(lab, `agent-${of}`)(), newMark());
  await sleep(100);
  return call;
}

export const bindings = (lab: Lab): string =>
  join(lab.topology.services.envoy.directories.live, "bindings.yaml");
export const directory = (lab: Lab): string =>
  join(lab.topology.services.auth.directories.live, "tenants.json");

/** Milliseconds from a file's next rename until `check` is true. */
async function seen(file: string, check: () => Promise<boolean>): Promise<number> {
  const before = readFileSync(file, "utf8");
  while (readFileSync(file, "utf8") === before) await sleep(5);
  // A rename changes the inode's ctime.
  const renamed = statSync(file).ctimeMs;
  const until = Date.now() + 30_000;
  while (!(await check())) if (Date.now() > until) throw new Error(`${file}: not seen in 30 s`);
  return Math.round(Date.now() - renamed);
}
