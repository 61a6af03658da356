import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { rate } from "../../../../src/model/units";
import { sharedLab } from "../../shared";
import { Faulty } from "../faulty";
import { grpc, http, OTLP, PATIENT, REMOTE_WRITE, Sender } from "../sender";

describe("the OpenTelemetry Collector as a sender that has to wait", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  it("brings every item through when backends say nothing at all", async () => {
    using faulty = new Faulty(lab);
    const ways = [...OTLP, ...PATIENT];
    await using sender = await Sender.open(lab, "mx", ways);
    await sender.giveAll(faulty, ways, ["silent"], 2);
    expect(await faulty.settle("tenant-mx", 100_000)).toEqual([]);
    expect(sender.dropped()).toEqual([]);
  }, 120_000);

  it("gives up after five seconds by remote write, whatever it is told, and says so", async () => {
    using faulty = new Faulty(lab);
    await using sender = await Sender.open(lab, "mx", REMOTE_WRITE);
    await sender.giveAll(faulty, REMOTE_WRITE, ["silent"], 1);
    expect(await faulty.settle("tenant-mx", 20_000)).toHaveLength(REMOTE_WRITE.length);
    expect(sender.dropped()).toHaveLength(REMOTE_WRITE.length);
  }, 60_000);

  it("waits when its tenant is over the edge's own limit, and loses nothing", async () => {
    const shipped = lab.tenants;
    const edge = { requests: rate("4/s"), burst: 4 };
    await lab.applyTenants(
      shipped.map((one) => (one.id === "pe" ? { ...one, limits: { ...one.limits, edge } } : one)),
    );
    try {
      using faulty = new Faulty(lab);
      const ways = [grpc("grpc", "logs"), http("http", "traces"), ...PATIENT];
      await using sender = await Sender.open(lab, "pe", ways);
      await sender.giveAll(faulty, ways, ["none"], 12);
      expect(await faulty.settle("tenant-pe", 60_000)).toEqual([]);
      expect(sender.dropped()).toEqual([]);
      // It was refused, and by every transport: or nothing was tried.
      const log = sender.log();
      expect([
        /code = Unavailable/.test(log),
        /HTTP Status Code 429/.test(log),
        /"status_code": 503/.test(log),
      ]).toEqual([true, true, true]);
    } finally {
      await lab.applyTenants(shipped);
    }
  }, 180_000);
});
