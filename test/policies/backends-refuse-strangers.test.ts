import { describe, expect, it } from "vitest";
import { backendsRefuseStrangers } from "../../policies/rules/backends-refuse-strangers";
import { files, messages, nothingOf } from "./builder";

const live = (backend: string) => `/var/lib/atalaya/${backend}/live/overrides.yaml`;
const GOOD = {
  mimir: { limits: { ingestion_rate: 0, ingestion_burst_size: 0 }, runtime_config: { file: live("mimir") } },
  loki: {
    limits_config: { ingestion_rate_mb: 0, ingestion_burst_size_mb: 0 },
    runtime_config: { file: live("loki") },
  },
  tempo: {
    overrides: {
      defaults: { ingestion: { rate_limit_bytes: 0, burst_size_bytes: 0 } },
      per_tenant_override_config: live("tempo"),
    },
  },
};
const found = (change: Partial<Record<keyof typeof GOOD, object>> = {}) =>
  messages(
    backendsRefuseStrangers,
    Object.entries({ ...GOOD, ...change }).map(([backend, config]) =>
      files(backend, {
        [`/etc/atalaya/${backend}/${backend}.yaml`]: config,
        [live(backend)]: "overrides: {}",
      }),
    ),
  );

describe("backends-refuse-strangers", () => {
  it("passes backends that read their limits and give nobody else any", () => {
    expect(found()).toEqual([]);
  });

  it.each<[string, Parameters<typeof found>[0], readonly string[]]>([
    [
      "a backend that reads no limits",
      { loki: { ...GOOD.loki, runtime_config: {} } },
      [
        'loki reads tenants\' limits from "nowhere", and they are in /var/lib/atalaya/loki/live/overrides.yaml.',
      ],
    ],
    [
      "one that reads another file",
      { mimir: { ...GOOD.mimir, runtime_config: { file: "/etc/mimir/runtime.yaml" } } },
      [
        'mimir reads tenants\' limits from "/etc/mimir/runtime.yaml", and they are in /var/lib/atalaya/mimir/live/overrides.yaml.',
      ],
    ],
    [
      "a quota for strangers",
      { mimir: { ...GOOD.mimir, limits: { ingestion_rate: 10, ingestion_burst_size: 0 } } },
      ["mimir: limits.ingestion_rate is 10 for organisations that no list names."],
    ],
    [
      "the program's own quota",
      { tempo: { overrides: { ...GOOD.tempo.overrides, defaults: {} } } },
      [
        'tempo: overrides.defaults.ingestion.burst_size_bytes is "unset" for organisations that no list names.',
        'tempo: overrides.defaults.ingestion.rate_limit_bytes is "unset" for organisations that no list names.',
      ],
    ],
  ])("refuses %s", (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  it("does not pass what it cannot find", () => {
    expect(messages(backendsRefuseStrangers, [])).toEqual(
      ["loki", "mimir", "tempo"].map((name) => nothingOf(`configuration of ${name} (${name}.yaml)`)),
    );
  });
});
