import { describe, expect, it } from "vitest";
import { DEFAULT_PLAN } from "../../src/model/plans";
import { queueHours, queueLasts, queueSizes, queuesInWords } from "../../src/model/queues";
import { AGENT_DISK } from "../../src/model/sizes";
import { byteRate, duration, rate, size } from "../../src/model/units";

const { limits } = DEFAULT_PLAN;
const sum = (sizes: Readonly<Record<string, number>>) =>
  Object.values(sizes).reduce((all, one) => all + one, 0);

describe("an agent's queues", () => {
  it("share its disk by what the limits let each signal send, so that they last equally long", () => {
    const sizes = queueSizes(limits, {});
    expect(AGENT_DISK - sum(sizes)).toBeLessThan(3);
    expect(sizes.traces / sizes.logs).toBeCloseTo(5 / 4, 1);
    const seconds = (bytes: number, perSecond: number) => bytes / perSecond;
    const lasting = [
      seconds(sizes.traces, limits.traces.ingest),
      seconds(sizes.logs, limits.logs.ingest),
      seconds(sizes.metrics, limits.metrics.samples * 140),
    ];
    expect(Math.max(...lasting) / Math.min(...lasting)).toBeLessThan(1.1);
  });

  it("are as large as the tenant says, and no more than a day needs", () => {
    expect(sum(queueSizes(limits, { disk: size("40GiB") }))).toBeGreaterThan(size("40GiB") - 3);
    const few = {
      ...limits,
      metrics: { ...limits.metrics, samples: rate("10/s") },
      logs: { ...limits.logs, ingest: byteRate("1KiB/s") },
      traces: { ...limits.traces, ingest: byteRate("1KiB/s") },
    };
    expect(queueSizes(few, {})).toEqual({
      traces: size("32MiB") + 86_400 * 1_024,
      metrics: size("32MiB") + 86_400 * 1_400,
      logs: size("32MiB") + 86_400 * 1_024,
    });
    expect(queueLasts(few, {})).toBeGreaterThan(duration("1d"));
  });

  it("hold two of the largest requests, however small the disk and the limit", () => {
    for (const bytes of Object.values(queueSizes(limits, { disk: size("64MiB") })))
      expect(bytes).toBe(size("32MiB"));
  });

  it("are told in hours, at the limits and at a tenth of them", () => {
    expect(queueHours(limits, {})).toEqual(["0.11 h", "1.1 h"]);
    expect(queueHours(limits, { disk: size("100GiB") })).toEqual(["2.8 h", "28 h"]);
    expect(queuesInWords(limits, {})).toBe(
      "While nobody takes it, an agent keeps 0.11 h of what its tenant's limits let through, 1.1 h of a tenth of it.",
    );
  });
});
