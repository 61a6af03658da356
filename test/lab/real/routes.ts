import { traceId } from "../../../src/client/telemetry";

/** How a read route is asked, and whether what it answers shows the word of whoever's data it is. */
export interface Reading {
  readonly route: string;
  /** Below the route's path, with its `{...}` filled; the word may be in it. */
  readonly path: (word: string) => string;
  readonly method?: "POST";
  /** What it answers holds the word, of its own tenant. Else it holds no data at all. */
  readonly shows: boolean;
}

const seconds = (): number => Math.floor(Date.now() / 1_000);
const range = (): Readonly<Record<string, string>> => ({
  start: `${seconds() - 1_800}`,
  end: `${seconds() + 60}`,
});
const asked = (path: string, query: Readonly<Record<string, string>> = {}): string =>
  `${path}?${new URLSearchParams(query).toString()}`;

const LOKI = "/loki/api/v1";
const MIMIR = "/prometheus/api/v1";
const TEMPO = "/tempo/api";

// Everybody's own data, without the word in the question: an answer that holds it has it from what is stored.
const ALL_LOGS = '{service_name=~".+"}';
const ALL_SERIES = '{own=~".+"}';

const shows = (route: string, path: Reading["path"]): Reading => ({ route, path, shows: true });
const silent = (route: string, path: Reading["path"]): Reading => ({ route, path, shows: false });

export const LOKI_READS: readonly Reading[] = [
  shows("loki-query", () =>
    asked(`${LOKI}/query`, { query: `sum by (service_name) (count_over_time(${ALL_LOGS}[30m]))` }),
  ),
  shows("loki-query-range", () => asked(`${LOKI}/query_range`, { query: ALL_LOGS, ...range() })),
  silent("loki-labels", () => asked(`${LOKI}/labels`, range())),
  silent("loki-label", () => asked(`${LOKI}/label`, range())),
  shows("loki-label-name-values", () => asked(`${LOKI}/label/own/values`, range())),
  shows("loki-series", () => asked(`${LOKI}/series`, { "match[]": ALL_LOGS, ...range() })),
  silent("loki-index-stats", () => asked(`${LOKI}/index/stats`, { query: ALL_LOGS, ...range() })),
  shows("loki-index-volume", () => asked(`${LOKI}/index/volume`, { query: ALL_LOGS, ...range() })),
  shows("loki-index-volume-range", () =>
    asked(`${LOKI}/index/volume_range`, { query: ALL_LOGS, step: "60", ...range() }),
  ),
  silent("loki-patterns", () => asked(`${LOKI}/patterns`, { query: ALL_LOGS, ...range() })),
  silent("loki-detected-fields", () => asked(`${LOKI}/detected_fields`, { query: ALL_LOGS, ...range() })),
  silent("loki-detected-labels", () => asked(`${LOKI}/detected_labels`, { query: ALL_LOGS, ...range() })),
  shows("loki-detected-field-name-values", () =>
    asked(`${LOKI}/detected_field/word/values`, { query: ALL_LOGS, ...range() }),
  ),
  silent("loki-format-query", () => asked(`${LOKI}/format_query`, { query: ALL_LOGS })),
  silent("loki-status-buildinfo", () => `${LOKI}/status/buildinfo`),
  silent("loki-drilldown-limits", () => `${LOKI}/drilldown-limits`),
];

export const MIMIR_READS: readonly Reading[] = [
  shows("mimir-query", () => asked(`${MIMIR}/query`, { query: ALL_SERIES })),
  shows("mimir-query-range", () =>
    asked(`${MIMIR}/query_range`, { query: ALL_SERIES, step: "15", ...range() }),
  ),
  shows("mimir-query-exemplars", () => asked(`${MIMIR}/query_exemplars`, { query: ALL_SERIES, ...range() })),
  silent("mimir-labels", () => asked(`${MIMIR}/labels`, range())),
  shows("mimir-label-name-values", () => asked(`${MIMIR}/label/own/values`, range())),
  shows("mimir-series", () => asked(`${MIMIR}/series`, { "match[]": ALL_SERIES, ...range() })),
  silent("mimir-format-query", () => asked(`${MIMIR}/format_query`, { query: "up" })),
  shows("mimir-metadata", () => `${MIMIR}/metadata`),
  silent("mimir-status-buildinfo", () => `${MIMIR}/status/buildinfo`),
  silent("mimir-rules", () => `${MIMIR}/rules`),
  silent("mimir-alerts", () => `${MIMIR}/alerts`),
];

/** Mimir's own, which Cortex does not have; and remote read, which a client of its own tries (clients.test.ts). */
export const NOT_OF_CORTEX = ["mimir-cardinality-label-names", "mimir-cardinality-label-values"];
export const BY_CLIENTS = ["mimir-read", "loki-tail"];

export const TEMPO_READS: readonly Reading[] = [
  shows("tempo-search", () => asked(`${TEMPO}/search`, { q: "{}", ...range() })),
  shows("tempo-v2-search", () => asked(`${TEMPO}/v2/search`, { q: "{}", ...range() })),
  silent("tempo-search-tags", () => `${TEMPO}/search/tags`),
  silent("tempo-v2-search-tags", () => `${TEMPO}/v2/search/tags`),
  shows("tempo-search-tag-name-values", () => `${TEMPO}/search/tag/service.name/values`),
  shows("tempo-v2-search-tag-name-values", () => `${TEMPO}/v2/search/tag/resource.service.name/values`),
  shows("tempo-traces-id", (word) => `${TEMPO}/traces/${traceId(word)}`),
  shows("tempo-v2-traces-id", (word) => `${TEMPO}/v2/traces/${traceId(word)}`),
  silent("tempo-echo", () => `${TEMPO}/echo`),
  silent("tempo-status-buildinfo", () => `${TEMPO}/status/buildinfo`),
];

/** Metrics from traces, which Jaeger does not have. */
export const NOT_OF_JAEGER = ["tempo-metrics-query", "tempo-metrics-query-range"];
