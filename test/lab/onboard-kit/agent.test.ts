import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { ROUTES } from "../../../src/model/routes";
import { kitPipeline, type AgentKit } from "../../../src/onboard/kit/agent";
import { addressOf } from "../../../src/onboard/kit/host";
import type { KitPlace } from "../../../src/onboard/kit/places";
import { authorities } from "../../../src/onboard/kit/scripts";
import { toCollector } from "../../../src/render/otelcol";
import { ratio } from "../../../src/model/units";
import { ENVIRONMENT } from "../../render/input";
import { loopback, server, start, waitUntil, type Running } from "../../servers";
import { sharedLab } from "../shared";
import { labHost, newMark, Placed, storedFor } from "./handed";

const OTLP = ROUTES.filter(({ id }) => /^otlp-http-[a-z]+$/.test(id));

/** Alloy's components under the Collector's syntax: with the kit's files, and nothing of the lab's own. */
describe("the kit's agent on a host of its own", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  async function make(): Promise<{ kit: AgentKit; placed: Placed; begin: () => Promise<Running> }> {
    const tenant = lab.tenants.find(({ id }) => id === "mx");
    const agent = tenant?.agents.find(({ id }) => id === "agent-mx");
    if (tenant === undefined || agent === undefined) throw new Error("no agent-mx");
    const host = await labHost(lab);
    // Every trace: one that was not kept would be missing here.
    const sampling = { ...tenant.sampling, keep: ratio("100%") };
    const kit: AgentKit = { host, agent, tenant: { ...tenant, sampling }, size: ENVIRONMENT.sizes.agent };
    const placed = new Placed(lab, authorities(host));
    const place: KitPlace = {
      ...{ bind: loopback, config: placed.directory, secrets: placed.at("secrets"), data: placed.at("data") },
      authority: placed.at("ca.crt"),
    };
    mkdirSync(placed.at("data"));
    writeFileSync(placed.at("otelcol.yaml"), toCollector(kitPipeline(kit, place)));
    const begin = (): Promise<Running> =>
      start(server("otelcol").bin, ["--config", placed.at("otelcol.yaml")], {
        ...{ ready: { port: addressOf(host.listen.http).port }, timeoutMs: 90_000, graceMs: 30_000 },
      });
    return { kit, placed, begin };
  }

  async function send({ host }: AgentKit, mark: string): Promise<readonly number[]> {
    const statuses: number[] = [];
    for (const route of OTLP) {
      const { contentType, body } = marked(route, mark);
      const response = await fetch(`http://${host.listen.http}${route.path}`, {
        method: "POST",
        headers: { "content-type": contentType, "x-scope-orgid": "tenant-pe" },
        body: new Uint8Array(body),
      });
      statuses.push(response.status);
    }
    return statuses;
  }

  const everywhere = (mark: string): Promise<void> =>
    waitUntil(
      `${mark} in all backends`,
      () =>
        (["loki", "mimir", "tempo"] as const).every(
          (backend) => lab.stored({ contains: mark, backend }).length > 0,
        ),
      { timeoutMs: 120_000 },
    );

  it("brings all signals to its tenant; what came while the edge was away is there afterwards, across a restart", async () => {
    const { kit, placed: directory, begin } = await make();
    using placed = directory;
    const [first, away] = [newMark(), newMark()];
    {
      await using running = await begin();
      expect(await send(kit, first)).toEqual([200, 200, 200]);
      await everywhere(first);
      await lab.processes.envoy.stop();
      expect(await send(kit, away)).toEqual([200, 200, 200]);
      expect(running.running()).toBe(true);
    }
    expect(readdirSync(placed.at("data")).sort()).toEqual(["queue-logs", "queue-metrics", "queue-traces"]);
    expect(storedFor(lab, away)).toEqual([]);
    try {
      await using running = await begin();
      await lab.processes.envoy.start();
      await everywhere(away);
      expect(running.output()).not.toMatch(/permanent|dropp/i);
    } finally {
      await lab.processes.envoy.start();
      await lab.edge.hasKeys();
    }
    for (const mark of [first, away]) expect(new Set(storedFor(lab, mark))).toEqual(new Set(["tenant-mx"]));
  }, 300_000);
});
