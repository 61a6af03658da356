import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { sharedLab } from "../shared";
import { arrived, HandedOut, storedFor } from "./handed-out";

describe("onboard --shipper curl", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  const log = (mark: string): string =>
    JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: mark } }] }] }],
    });

  it("sends a greeting of each signal by its README's command, to its tenant alone", async () => {
    using handedOut = await HandedOut.make(lab, "curl");
    const before = lab.stored({ contains: "atalaya-onboard" }).length;
    for (const command of handedOut.commands("Start"))
      expect(await handedOut.shell(command)).toMatchObject({ code: 0, stderr: "" });
    const stored = lab.stored({ contains: "atalaya-onboard" }).slice(before);
    expect(stored.map(({ backend, tenant }) => `${backend} ${tenant ?? ""}`).sort()).toEqual([
      "loki tenant-mx",
      "mimir tenant-mx",
      "tempo tenant-mx",
    ]);
  }, 120_000);

  it("sends a file, again while it is answered 503", async () => {
    using handedOut = await HandedOut.make(lab, "curl");
    handedOut.write("mine.json", log("onboardcurlfile"));
    let answered = 0;
    lab.backends.loki.answer = ({ body }) =>
      body.includes("onboardcurlfile") && answered++ === 0 ? { status: 503 } : undefined;
    try {
      expect(await handedOut.shell("./send.sh logs mine.json")).toMatchObject({ code: 0 });
    } finally {
      lab.backends.loki.answer = undefined;
    }
    expect([answered, await storedFor(lab, "onboardcurlfile", ["loki"])]).toEqual([2, ["tenant-mx"]]);
  }, 120_000);

  it("fails with a wrong secret, sends nothing, and shows no secret", async () => {
    using handedOut = await HandedOut.make(lab, "curl");
    handedOut.write("secrets/client-secret", "not-the-secret");
    handedOut.write("mine.json", log("onboardcurlwrong"));
    const { code, stdout, stderr } = await handedOut.shell("./send.sh logs mine.json");
    expect([code, stderr.includes("no token"), `${stdout}${stderr}`.includes("not-the-secret")]).toEqual([
      1,
      true,
      false,
    ]);
    expect(arrived(lab, "onboardcurlwrong")).toBe(0);
  }, 60_000);
});
