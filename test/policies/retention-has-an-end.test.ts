import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/rules";
import { retentionHasAnEnd } from "../../policies/rules/retention-has-an-end";
import { parseSettings } from "../../policies/rules/settings";
import { files, messages, nothingOf, recording, tenant } from "./builder";

const backend = (name: string, own: object, overrides: object) =>
  files(name, {
    [`/etc/atalaya/${name}/${name}.yaml`]: own,
    [`/var/lib/atalaya/${name}/live/overrides.yaml`]: { overrides },
  });
const LOKI = {
  compactor: { retention_enabled: true },
  limits_config: { retention_period: "400d" },
};
const logs = (period: unknown, streams: readonly object[] = []) => ({
  retention_period: period,
  retention_stream: streams,
});
const all = (loki: object, own: object = LOKI) => [
  tenant("mx"),
  backend(
    "mimir",
    { limits: { compactor_blocks_retention_period: "400d" } },
    {
      "tenant-mx": { compactor_blocks_retention_period: "400d" },
    },
  ),
  backend("loki", own, { "tenant-mx": loki, "tenant-platform": logs("30d") }),
  backend(
    "tempo",
    { overrides: { defaults: { compaction: { block_retention: "90d" } } } },
    {
      "tenant-mx": { compaction: { block_retention: "30d" } },
    },
  ),
];
const found = (loki: object, own?: object) => messages(retentionHasAnEnd, all(loki, own));
const within = (settings: object, loki: object) =>
  evaluate(
    recording(all(loki)),
    [retentionHasAnEnd],
    parseSettings(JSON.stringify({ maximumRetention: settings })),
  ).violations;

describe("retention-has-an-end", () => {
  it("passes what is kept as long as the environment allows", () => {
    expect(found(logs("400d", [{ selector: '{a="b"}', period: "90d" }]))).toEqual([]);
  });

  it("leaves a block without a period to the rule that demands it", () => {
    expect(found({})).toEqual([]);
  });

  it.each<[unknown, string]>([
    ["401d", "loki keeps logs of tenant-mx for 401d, longer than 400d (retention_period)."],
    ["0s", 'loki keeps logs of tenant-mx for ever ("0s") (retention_period).'],
    [0, "loki keeps logs of tenant-mx for ever (0) (retention_period)."],
    ["soon", 'loki keeps logs of tenant-mx for ever ("soon") (retention_period).'],
  ])("refuses %j", (period, message) => {
    expect(found(logs(period))).toEqual([message]);
  });

  it("refuses single streams that are kept longer, or for ever", () => {
    const streams = [{ selector: "{a}", period: "500d" }, { selector: "{b}" }];
    expect(found(logs("30d", streams))).toEqual([
      "loki keeps logs of tenant-mx for 500d, longer than 400d (retention_stream {a}).",
      'loki keeps logs of tenant-mx for ever ("unset") (retention_stream {b}).',
    ]);
  });

  it("says tenant, signal, period and what to change by the settings of the policies", () => {
    // The shorter of the two counts.
    expect(within({ logs: "500d" }, logs("450d")).map(({ remedy }) => remedy)).toEqual([
      "Shorten retention.logs of mx in the tenant list, or raise atalaya:maximumRetention of this environment.",
    ]);
    expect(
      within({ traces: "60d" }, logs("30d")).map(({ message, remedy }) => `${message} ${remedy}`),
    ).toEqual([
      "tempo keeps traces of removed tenants for 90d, longer than 60d. Lower atalaya:maximumRetention.traces of this environment, or raise maximumRetention.traces in policies/settings.json.",
    ]);
    const [other, own] = within({ logs: "20d" }, logs("60d")).filter(({ message }) =>
      message.includes(" of tenant-"),
    );
    expect([own?.tenant, own?.message, own?.remedy]).toEqual([
      "platform",
      "loki keeps logs of tenant-platform for 30d, longer than 20d (retention_period).",
      "Shorten retention.logs of platform in the tenant list, or raise maximumRetention.logs in policies/settings.json.",
    ]);
    expect([other?.tenant, other?.message, other?.remedy]).toEqual([
      "mx",
      "loki keeps logs of tenant-mx for 60d, longer than 20d (retention_period).",
      "Shorten retention.logs of mx in the tenant list, or raise maximumRetention.logs in policies/settings.json.",
    ]);
  });

  it("refuses a Loki that does not delete, and an end that is not written down", () => {
    expect(found(logs("30d"), { ...LOKI, compactor: {} })).toEqual([
      "loki keeps logs for ever: compactor.retention_enabled is not true.",
    ]);
    expect(found(logs("30d"), { ...LOKI, limits_config: {} })).toEqual([
      'loki keeps logs of removed tenants for ever (limits_config.retention_period is "unset").',
    ]);
  });

  it("does not pass without the backends", () => {
    expect(messages(retentionHasAnEnd, [tenant("mx")])).toEqual(
      ["loki", "mimir", "tempo"].map((name) => nothingOf(`configuration of ${name} (${name}.yaml)`)),
    );
  });
});
