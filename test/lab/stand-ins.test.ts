import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { labInput } from "../../src/lab/declare";
import { labelOf } from "../../src/lab/stand-ins";
import { cortexConfig, cortexLimits, cortexOverrides } from "../../src/lab/stand-ins/cortex";
import { renderStack } from "../../src/stack/render";

const { environment, tenants } = labInput("dev");
const stack = renderStack(environment, tenants);

describe("Cortex in place of Mimir", () => {
  it("has every limit of every tenant, under its own name", () => {
    const { overrides } = parse(cortexOverrides(stack)) as {
      overrides: Record<string, Record<string, unknown>>;
    };
    expect(Object.keys(overrides)).toEqual(["tenant-co", "tenant-mx", "tenant-pe", "tenant-platform"]);
    const mx = tenants.find(({ orgId }) => (orgId as string) === "tenant-mx")?.limits.metrics;
    expect(overrides["tenant-mx"]).toMatchObject({
      ingestion_rate: mx?.samples,
      max_exemplars: mx?.exemplars,
      max_global_series_per_user: mx?.activeSeries,
    });
    expect(Object.keys(overrides["tenant-mx"] ?? {})).toHaveLength(19);
  });

  it("lets in nobody who has no limits, as Mimir", () => {
    const place = { http: 1, grpc: 2, directory: "/d", overrides: "/d/o.yaml" };
    const { limits } = parse(cortexConfig(stack, place)) as { limits: Record<string, unknown> };
    expect(limits).toMatchObject({
      ingestion_rate: 0,
      ingestion_burst_size: 0,
      max_global_series_per_user: 1,
    });
  });

  it("leaves out no limit by mistake", () => {
    expect(() => cortexLimits({ ingestion_rate: 1, brand_new_limit: 2 })).toThrow(
      "src/lab/stand-ins/cortex.ts does not know these limits of Mimir's: brand_new_limit",
    );
  });
});

describe("what stands in for a backend", () => {
  it("says so, and how it differs", () => {
    expect([labelOf("loki"), labelOf("mimir"), labelOf("tempo")]).toEqual([
      expect.stringMatching(/^loki 3\.7\.8: the real one/),
      expect.stringMatching(/^cortex 1\.20\.1 in place of mimir: /),
      expect.stringMatching(/^jaeger 1\.76\.0 in place of tempo: /),
    ]);
  });
});
