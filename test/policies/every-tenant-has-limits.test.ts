import { describe, expect, it } from "vitest";
import { everyTenantHasLimits } from "../../policies/rules/every-tenant-has-limits";
import { files, judge, messages, nothingOf, tenant } from "./builder";

const BLOCK = { ingestion_rate: 1, burst: 2 };
const GOOD = { "tenant-mx": BLOCK, "tenant-pe": BLOCK, "tenant-platform": BLOCK };
const overrides = (backend: string, content: unknown) =>
  files(backend, { [`/var/lib/atalaya/${backend}/live/overrides.yaml`]: content });
const all = (mimir: unknown) => [
  tenant("mx"),
  tenant("pe"),
  overrides("mimir", mimir),
  overrides("loki", { overrides: GOOD }),
  overrides("tempo", { overrides: GOOD }),
];
const found = (mimir: unknown) => messages(everyTenantHasLimits, all(mimir));

describe("every-tenant-has-limits", () => {
  it("passes a whole block for each tenant and the platform", () => {
    expect(found({ overrides: GOOD })).toEqual([]);
    expect(
      found(
        "overrides:\n  tenant-mx: &x { ingestion_rate: 1, burst: 2 }\n  tenant-pe: *x\n  tenant-platform: *x\n",
      ),
    ).toEqual([]);
  });

  it.each<[object, string]>([
    [{ "tenant-pe": undefined }, "mimir has no limits for tenant-pe."],
    [{ "tenant-pe": null }, "mimir has no limits for tenant-pe."],
    [{ "tenant-platform": undefined }, "mimir has no limits for tenant-platform."],
    [{ "tenant-pe": { burst: 2 } }, "mimir leaves ingestion_rate of tenant-pe unset."],
    [{ "tenant-pe": { ...BLOCK, burst: null } }, "mimir leaves burst of tenant-pe unset."],
    [{ "tenant-co": BLOCK }, 'mimir has limits for "tenant-co", which is no tenant of this environment.'],
    [{ "*": BLOCK }, 'mimir has limits for "*", which is no tenant of this environment.'],
    [
      { "tenant-mx|tenant-pe": BLOCK },
      'mimir has limits for "tenant-mx|tenant-pe", which is no tenant of this environment.',
    ],
  ])("refuses %j", (change, message) => {
    const reported = found({ overrides: { ...GOOD, ...change } });
    expect(reported).toContain(message);
    expect(reported.length).toBeLessThanOrEqual(2);
  });

  it("says whose limits are missing", () => {
    const [found] = judge(everyTenantHasLimits, all({ overrides: { ...GOOD, "tenant-pe": undefined } }));
    expect(found?.tenant).toBe("pe");
  });

  it("refuses a file that nobody can read", () => {
    expect(found("overrides: [")[0]).toMatch(
      /^The rule could not decide: \/var\/lib\/atalaya\/mimir\/live\/overrides.yaml cannot be read: /,
    );
  });

  it("does not pass a backend without overrides", () => {
    expect(messages(everyTenantHasLimits, [tenant("mx")])).toEqual(
      ["loki", "mimir", "tempo"].map((backend) => nothingOf(`overrides.yaml of ${backend}`)),
    );
  });
});
