import { dataSourceUid, type Signal, type TenantId } from "../src/model/names";

/** Grafana's `jsonData`, by signal: how the three of a tenant lead to each other. Plain, so that it can be compared. */
export interface DataSourceSettings {
  readonly type: string;
  /** Below the edge's query listener, such that Grafana's own paths meet the route table. */
  readonly path: string;
  readonly jsonData: Readonly<Record<string, unknown>>;
}

/** Semantic conventions' name, and the label that Mimir and Loki make of it. */
const SERVICE = { key: "service.name", value: "service_name" } as const;
/** Minutes around a span in which its logs and metrics are looked for. */
const AROUND = { before: "-5m", after: "5m" } as const;

export function dataSourceSettings(signal: Signal, tenant: TenantId): DataSourceSettings {
  const uid = (other: Signal): string => dataSourceUid(other, tenant);
  switch (signal) {
    case "metrics":
      return {
        type: "prometheus",
        path: "/prometheus",
        jsonData: {
          httpMethod: "POST",
          prometheusType: "Mimir",
          timeInterval: "60s",
          // Rules are declared; Grafana could not write them through the edge.
          manageAlerts: false,
          exemplarTraceIdDestinations: [
            { name: "trace_id", datasourceUid: uid("traces") },
            { name: "traceID", datasourceUid: uid("traces") },
          ],
        },
      };
    case "logs":
      return {
        type: "loki",
        path: "",
        jsonData: {
          maxLines: 1_000,
          manageAlerts: false,
          derivedFields: [
            {
              name: "Trace",
              matcherType: "label",
              matcherRegex: "trace_id",
              url: "${__value.raw}",
              datasourceUid: uid("traces"),
            },
          ],
        },
      };
    case "traces":
      return { type: "tempo", path: "/tempo", jsonData: traces(uid) };
    default:
      return signal satisfies never;
  }
}

const traces = (uid: (other: Signal) => string): Readonly<Record<string, unknown>> => ({
  tracesToLogsV2: {
    datasourceUid: uid("logs"),
    spanStartTimeShift: AROUND.before,
    spanEndTimeShift: AROUND.after,
    filterByTraceID: true,
    filterBySpanID: false,
    tags: [SERVICE],
  },
  tracesToMetrics: {
    datasourceUid: uid("metrics"),
    spanStartTimeShift: AROUND.before,
    spanEndTimeShift: AROUND.after,
    tags: [SERVICE],
    queries: [
      { name: "Requests per second", query: "sum(rate(traces_span_metrics_calls_total{$__tags}[5m]))" },
      {
        name: "Failing requests per second",
        query: 'sum(rate(traces_span_metrics_calls_total{$__tags, status_code="STATUS_CODE_ERROR"}[5m]))',
      },
    ],
  },
  serviceMap: { datasourceUid: uid("metrics") },
  nodeGraph: { enabled: true },
  search: { hide: false },
});
