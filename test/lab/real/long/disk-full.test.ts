import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { waitUntil } from "../../../servers";
import { abandonLoads, COMPLETE, Load } from "../../faults/load";
import { agent } from "../../faults/people";
import { SmallDisk } from "../../small-disk";
import { realLab } from "../shared";
import { shown } from "../shown";

/** Of each disk, MiB. */
const DISK = 96;
/** Loki looks at its disk every 10 s, and takes nothing from 90 % on. */
const NOTICED_MS = 60_000;

describe("a backend whose disk is full", () => {
  let lab: Lab;
  const disks = new Map<"loki" | "mimir", SmallDisk>();
  beforeAll(async () => {
    lab = await realLab("loki", "mimir", "tempo");
    lab.store.clear();
    const places = {
      loki: lab.topology.services.loki.directories.data,
      mimir: join(lab.directory, "cortex"),
    };
    for (const name of ["loki", "mimir"] as const) {
      await lab.servers[name]?.stop();
      // Cortex finds its configuration there.
      const kept = name === "mimir" ? ["cp", "-a", `${places[name]}/.`] : undefined;
      const aside = `${places[name]}-aside`;
      if (kept !== undefined) execFileSync("cp", ["-a", places[name], aside]);
      disks.set(name, new SmallDisk(places[name], DISK));
      if (kept !== undefined) execFileSync("cp", ["-a", `${aside}/.`, places[name]]);
      await lab.servers[name]?.start();
    }
  }, 300_000);
  afterEach(() => {
    abandonLoads();
    for (const disk of disks.values()) disk.clear();
  });
  afterAll(async () => {
    for (const [name, disk] of disks) {
      await lab.servers[name]?.kill();
      disk.remove();
      await lab.servers[name]?.start();
    }
  }, 120_000);

  it.each([
    ["logs", "loki", ["otlp-http-logs", "otlp-grpc-logs", "loki-push"]],
    ["metrics", "mimir", ["otlp-http-metrics", "otlp-grpc-metrics", "prometheus-push"]],
  ] as const)(
    "%s: senders wait, and what was acknowledged before, meanwhile and after is there",
    async (signal, name, routes) => {
      const load = new Load(
        lab,
        routes.map((by) => agent(lab, "mx", by)),
      );
      await waitUntil("load", () => load.accepted > 30, { timeoutMs: 30_000 });
      disks.get(name)?.fill();
      await waitUntil("refusals by every way", () => Object.keys(load.refused).length >= 2, {
        timeoutMs: NOTICED_MS,
      });
      await sleep(2_000);
      // With a full disk nothing is taken back, also by a restart.
      disks.get(name)?.clear();
      const before = load.accepted;
      await waitUntil("it to go on", () => load.accepted > before + 60, { timeoutMs: NOTICED_MS });
      const delivered = await load.stop();
      expect(delivered).toMatchObject(COMPLETE);
      expect(
        Object.keys(delivered.refused).filter((status) => !["14", "500", "503"].includes(status)),
      ).toEqual([]);
      await lab.servers[name]?.kill();
      await lab.servers[name]?.start();
      const marks = [...load.marks.keys()];
      const missing = async (): Promise<readonly string[]> => {
        const seen = await shown(lab, "mx", signal, marks);
        return marks.filter((mark) => !seen.has(mark));
      };
      await waitUntil("all of it", async () => (await missing()).length === 0, {
        timeoutMs: 30_000,
        everyMs: 1_000,
      }).catch(() => undefined);
      expect(await missing()).toEqual([]);
      console.info(
        `${signal}: ${marks.length} acknowledged around a full disk, all shown after SIGKILL; refused ${JSON.stringify(delivered.refused)}`,
      );
    },
    240_000,
  );
});
