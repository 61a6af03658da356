import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStackConfig } from "../../src/config";
import main from "../../src/index";
import { record } from "../../src/preview/recorder";
import { only } from "./environment";

const ROOT = join(__dirname, "..", "..");

describe("Pulumi's entry", () => {
  const run = (change: (config: Map<string, string>) => void) => {
    const { project, config, secretKeys } = loadStackConfig(ROOT, "dev");
    const changed = new Map(config);
    change(changed);
    return record(main, {
      project,
      stack: "dev",
      config: changed,
      secretConfigKeys: secretKeys,
      onLog: () => undefined,
    });
  };

  it("declares the shipped tenant list", async () => {
    const recording = await run(() => undefined);
    expect(Object.keys(recording.outputs["tenants"] as object)).toEqual(["co", "mx", "pe"]);
    expect(only(recording, "atalaya:tenant:Tenant mx").inputs).toEqual({
      tenant: "mx",
      orgId: "tenant-mx",
      state: "active",
    });
  });

  it("says what is wrong with the configuration, all at once", async () => {
    const broken = run((config) => {
      config.set("atalaya:domain", "https://x");
      config.set("atalaya:colour", "red");
    });
    await expect(broken).rejects.toThrow(/atalaya:colour[^]*atalaya:domain|atalaya:domain[^]*atalaya:colour/);
  });
});
