import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../../servers";
import { realLab } from "../shared";

const ATALAYA = join(__dirname, "..", "..", "..", "..", "scripts", "atalaya.mjs");

describe("check-tenants, with Loki, Cortex and Jaeger behind the edge", () => {
  it("finds tenants apart, by every signal and transport", async () => {
    const lab = await realLab("loki", "mimir", "tempo");
    const args = ["check-tenants", "--outputs", lab.outputsFile, "--all", "--full"];
    const { code, stdout, stderr } = await run(process.execPath, [ATALAYA, ...args], { timeoutMs: 180_000 });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: expect.stringMatching(/own ✓/) as unknown });
    expect(stdout).not.toContain("LEAK");
  }, 420_000);
});
