import { createHmac } from "node:crypto";
import { afterEach } from "vitest";
import type { AuditEvent } from "../../../src/auth/api/audit";
import type { RedisSettings } from "../../../src/auth/config";
import { openTrail, type Trail, type TRAIL_TIMES, type TrailOptions } from "../../../src/auth/trail";
import { waitUntil } from "../../servers";
import { PASSWORD, tenantOf } from "../redis/real";

/** Everything the same and shorter, so that tests do not wait. */
export const SHORT: typeof TRAIL_TIMES = {
  ...{ lock: 1_500, stalled: 500, retry: 100, again: 3_600_000, push: 1_000, query: 2_000, close: 2_000 },
  ...{ pause: { first: 50, most: 200 }, busy: { first: 100, most: 300 } },
};

export const seal = (text: string): string => createHmac("sha256", "a pepper").update(text).digest("hex");

const trails: Trail[] = [];
afterEach(async () => {
  await Promise.all(trails.splice(0).map((trail) => trail.close()));
});

/** A trail that is closed after the test. */
export function started(redis: RedisSettings, loki: URL, more: Partial<TrailOptions> = {}): Trail {
  const trail = openTrail({ redis, loki, password: () => PASSWORD, seal, times: SHORT, ...more });
  trails.push(trail);
  trail.start();
  return trail;
}

/** Waits until records are taken. */
export const recording = (trail: Trail): Promise<void> =>
  waitUntil("the trail", async () => Number.isFinite((await trail.backlog()).age));

export const drained = (trail: Trail, timeoutMs = 20_000): Promise<void> =>
  waitUntil("all records to be in Loki", async () => {
    const { waiting, active, delayed, failed } = await trail.backlog();
    return waiting + active + delayed + failed === 0;
  }, { timeoutMs }); // prettier-ignore

let made = 0;
export const event = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  time: new Date().toISOString(),
  action: "get_key",
  tenant: tenantOf("mx").orgId,
  user: "somebody",
  outcome: "success",
  requestId: `request-${made++}`,
  target: "thresholds.cpu",
  ...changes,
});

/** Records so many; returns their request ids. */
export async function recorded(trail: Trail, count: number, changes: Partial<AuditEvent> = {}) {
  const events = Array.from({ length: count }, () => event(changes));
  for (const one of events) await trail.record(one);
  return events.map(({ requestId }) => requestId);
}
