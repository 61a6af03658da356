import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { Faulty } from "./faulty";
import { grpc, http, OTLP, REMOTE_WRITE, Sender } from "./sender";

describe("the OpenTelemetry Collector as the sender", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  it("brings every item through whatever the backends do, by every transport, with its own retries", async () => {
    using faulty = new Faulty(lab);
    const ways = [...OTLP, ...REMOTE_WRITE];
    await using sender = await Sender.open(lab, "mx", ways);
    await sender.giveAll(faulty, ways, ["none", "limited", "away", "failed", "broken"], 4);
    expect(await faulty.settle("tenant-mx", 60_000)).toEqual([]);
    expect(sender.dropped()).toEqual([]);
  }, 90_000);

  it("is told that zstd is not taken, and gives up at once", async () => {
    using faulty = new Faulty(lab);
    const ways = [
      grpc("grpczstd", "logs", { compression: "zstd" }),
      http("httpzstd", "logs", { compression: "zstd" }),
    ];
    await using sender = await Sender.open(lab, "mx", ways);
    await sender.giveAll(faulty, ways, ["none"], 1);
    await waitUntil("two words about it", () => sender.dropped().length >= 2);
    const said = sender.dropped().join("\n");
    expect([/code = Unimplemented/.test(said), /HTTP Status Code 415/.test(said)]).toEqual([true, true]);
    expect(faulty.stored().size).toBe(0);
  }, 30_000);
});
