import { describe, expect, it } from "vitest";
import { RefusalRecorder } from "../../../src/auth/decisions/recorder";
import { createMetrics } from "../../../src/auth/metrics";
import type { Observed } from "../../../src/auth/observed";
import { noTracing } from "../../../src/auth/tracing/tracing";

const observed: Observed = {
  keysAge: () => undefined,
  cachedTokens: () => 0,
  droppedLines: () => 0,
  spans: noTracing.counts,
  files: {},
};
const lines = async (metrics: ReturnType<typeof createMetrics>, name: string): Promise<readonly string[]> =>
  (await metrics.text()).split("\n").filter((line) => line.startsWith(`atalaya_auth_${name}`));

describe("metrics of the tenant API", () => {
  it("count answers by operation and status, and say how long they took", async () => {
    const metrics = createMetrics();
    metrics.answered({ operation: "getEntry", status: 200, seconds: 0.004 });
    metrics.answered({ operation: "getEntry", status: 200, seconds: 0.02 });
    metrics.answered({ operation: "getEntry", status: 404, seconds: 0.004 });
    metrics.answered({ operation: "none", status: 404, seconds: 20 });
    expect(await lines(metrics, "api_requests_total")).toEqual([
      'atalaya_auth_api_requests_total{operation="getEntry",status="200"} 2',
      'atalaya_auth_api_requests_total{operation="getEntry",status="404"} 1',
      'atalaya_auth_api_requests_total{operation="none",status="404"} 1',
    ]);
    const durations = await lines(metrics, "api_request_duration_seconds");
    expect(durations.filter((line) => /le="(?:0.0025|0.005|0.025|10|\+Inf)"|count/.test(line))).toEqual([
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.0025",operation="getEntry"} 0',
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.005",operation="getEntry"} 2',
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.025",operation="getEntry"} 3',
      'atalaya_auth_api_request_duration_seconds_bucket{le="10",operation="getEntry"} 3',
      'atalaya_auth_api_request_duration_seconds_bucket{le="+Inf",operation="getEntry"} 3',
      'atalaya_auth_api_request_duration_seconds_count{operation="getEntry"} 3',
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.0025",operation="none"} 0',
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.005",operation="none"} 0',
      'atalaya_auth_api_request_duration_seconds_bucket{le="0.025",operation="none"} 0',
      'atalaya_auth_api_request_duration_seconds_bucket{le="10",operation="none"} 0',
      'atalaya_auth_api_request_duration_seconds_bucket{le="+Inf",operation="none"} 1',
      'atalaya_auth_api_request_duration_seconds_count{operation="none"} 1',
    ]);
  });

  it("say what became of refusals and what is not in Loki yet, where there is a Redis to keep them", async () => {
    const recorder = new RefusalRecorder({ store: { keep: (all) => Promise.resolve(all.length) } });
    const metrics = createMetrics();
    const backlog = () => Promise.resolve({ waiting: 7, active: 1, delayed: 2, failed: 3, age: 12.5 });
    const management = { up: () => true, refusals: () => recorder.counts, backlog };
    metrics.observe({ ...observed, management });
    for (let n = 0; n < 203; n++)
      recorder.record({
        ...{ time: "", request_id: `request-${n}`, method: "GET", path: "/", routes: [], credential: "none" },
        ...{ outcome: "deny", code: "credential_missing" },
      });
    await recorder.flush();
    expect(await lines(metrics, "audit_backlog")).toEqual([
      "atalaya_auth_audit_backlog_age_seconds 12.5",
      'atalaya_auth_audit_backlog_records{state="waiting"} 7',
      'atalaya_auth_audit_backlog_records{state="active"} 1',
      'atalaya_auth_audit_backlog_records{state="delayed"} 2',
      'atalaya_auth_audit_backlog_records{state="failed"} 3',
    ]);
    expect(await lines(metrics, "refusal_records_total")).toEqual([
      'atalaya_auth_refusal_records_total{result="kept"} 200',
      'atalaya_auth_refusal_records_total{result="repeated"} 0',
      'atalaya_auth_refusal_records_total{result="no_id"} 0',
      'atalaya_auth_refusal_records_total{result="rate_unknown"} 3',
      'atalaya_auth_refusal_records_total{result="rate_known"} 0',
      'atalaya_auth_refusal_records_total{result="queue_full"} 0',
      'atalaya_auth_refusal_records_total{result="failed"} 0',
    ]);
    const none = createMetrics();
    none.observe(observed);
    expect(await lines(none, "refusal_records_total")).toEqual([]);
  });
});
