import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { realLab } from "../../real/shared";
import { HandedOut } from "../handed-out";

/** What real backends take of it: Loki, Cortex in place of Mimir, Jaeger in place of Tempo. */
describe("onboard, against real backends", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await realLab("loki", "mimir", "tempo");
  }, 300_000);

  it("has the greetings of its curl script taken by each, for its tenant alone", async () => {
    using handedOut = await HandedOut.make(lab, "curl");
    for (const command of handedOut.commands("Start"))
      expect(await handedOut.shell(command)).toMatchObject({ code: 0, stderr: "" });
    const stored = lab.stored({ contains: "atalaya-onboard" });
    expect(stored.map(({ backend, tenant }) => `${backend} ${tenant ?? ""}`).sort()).toEqual([
      "loki tenant-mx",
      "mimir tenant-mx",
      "tempo tenant-mx",
    ]);
  }, 120_000);
});
