import type { RenderedFile } from "../model/files";
import type { Retention } from "../model/limits";
import { LARGEST_UNPACKED, LARGEST_WRITE } from "../model/sizes";
import { formatDuration, type Bytes, type BytesPerSecond, type Seconds } from "../model/units";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { DEFAULT_LOG_CLASS, LOG_CLASS_ATTRIBUTE, LOG_CLASS_LABEL } from "../model/log-class";
import { MEBIBYTE } from "./memory";
import { IN_MEMORY, innerAddress, RELOAD_PERIOD, serverBlock } from "./monolith";
import { perOrganisation, type Quota } from "./quotas";
import { toYaml } from "./yaml";

const OVERRIDES = "overrides.yaml";

/** Loki as one process on its own disk, and what it is told of each organisation. Names checked against Loki 3.7. */
export function renderLoki(input: RenderInput): readonly RenderedFile[] {
  const place = input.topology.services.loki;
  return [
    serviceFile("loki", place, "static", "loki.yaml", toYaml(config(input))),
    serviceFile("loki", place, "live", OVERRIDES, toYaml({ overrides: perOrganisation(input, overrides) })),
  ];
}

function config({ environment, topology }: RenderInput) {
  const place = topology.services.loki;
  const { bind, directories } = place;
  const under = (name: string) => `${directories.data}/${name}`;
  return {
    target: "all",
    auth_enabled: true,
    server: serverBlock(place),
    analytics: { reporting_enabled: false },
    common: {
      instance_addr: innerAddress(bind),
      path_prefix: directories.data,
      replication_factor: 1,
      ring: { instance_addr: innerAddress(bind), kvstore: IN_MEMORY },
      storage: { filesystem: { chunks_directory: under("chunks"), rules_directory: under("rules") } },
    },
    compactor: {
      working_directory: under("compactor"),
      // Without these two Loki keeps everything for ever and cannot delete a tenant's data.
      retention_enabled: true,
      delete_request_store: "filesystem",
    },
    distributor: {
      // Its own: 100 MiB, and 5 GB unpacked. Loki 3.7 has no bound on what is under way.
      max_recv_msg_size: LARGEST_WRITE,
      max_decompressed_size: LARGEST_UNPACKED,
      otlp_config: { default_resource_attributes_as_index_labels: INDEX_LABELS },
    },
    // What a removed tenant left is kept no longer than anything.
    limits_config: { ...UNLISTED, retention_period: formatDuration(environment.maximumRetention.logs) },
    pattern_ingester: { enabled: true },
    querier: { multi_tenant_queries_enabled: false },
    runtime_config: { file: `${directories.live}/${OVERRIDES}`, period: formatDuration(RELOAD_PERIOD) },
    schema_config: { configs: [SCHEMA] },
    storage_config: {
      tsdb_shipper: { active_index_directory: under("tsdb-index"), cache_location: under("tsdb-cache") },
    },
  };
}

/** Never change an entry of what has data: Loki reads old data by it. A new one is added with a date to come. */
const SCHEMA = {
  from: "2024-01-01",
  store: "tsdb",
  object_store: "filesystem",
  schema: "v13",
  index: { prefix: "index_", period: "24h" },
} as const;

/** Resource attributes that become labels. Few: each combination of values is a stream, and instances come and go. */
const INDEX_LABELS = [
  "service.name",
  "service.namespace",
  "deployment.environment.name",
  "k8s.cluster.name",
  "k8s.namespace.name",
  LOG_CLASS_ATTRIBUTE,
];

/** As in mimir.ts: for organisations not in the overrides, 429; the rest is what all tenants share. */
const UNLISTED = {
  ingestion_rate_mb: 0,
  ingestion_burst_size_mb: 0,
  max_global_streams_per_user: 1,
  allow_structured_metadata: true,
  reject_old_samples: true,
  // For Grafana's Logs Drilldown.
  volume_enabled: true,
};

const mebibytes = (bytes: Bytes | BytesPerSecond): number => bytes / MEBIBYTE;
/** Loki's own size syntax takes `KB` for 1024 bytes and knows no `KiB`; a number is bytes. */
const bytes = (value: Bytes | BytesPerSecond): number => value;

function overrides({ limits: { logs }, retention }: Quota) {
  return {
    ingestion_rate_mb: mebibytes(logs.ingest),
    ingestion_burst_size_mb: mebibytes(logs.burst),
    per_stream_rate_limit: bytes(logs.streamIngest),
    per_stream_rate_limit_burst: bytes(logs.streamBurst),
    max_global_streams_per_user: logs.activeStreams,
    max_line_size: bytes(logs.lineSize),
    max_label_names_per_series: logs.labelsPerStream,
    max_label_name_length: logs.labelNameLength,
    max_label_value_length: logs.labelValueLength,
    max_structured_metadata_entries_count: logs.metadataEntries,
    max_structured_metadata_size: bytes(logs.metadataSize),
    reject_old_samples_max_age: formatDuration(logs.oldest),
    // Loki spreads a tenant's streams over all ingesters; what it can confine are its queries.
    max_queriers_per_tenant: logs.shards,
    index_gateway_shard_size: logs.shards,
    max_query_length: formatDuration(logs.queryRange),
    max_query_series: logs.querySeries,
    max_entries_limit_per_query: logs.queryEntries,
    max_query_bytes_read: bytes(logs.queryBytes),
    // The TSDB index has a limit of its own, and the smaller one counts.
    max_query_parallelism: logs.queryParallelism,
    tsdb_max_query_parallelism: logs.queryParallelism,
    max_concurrent_tail_requests: logs.tails,
    ...retentionOf(retention.logs),
  };
}

/** A class's own period outranks the general one, which is that of `application`: a line without a class is that. */
function retentionOf(logs: Retention["logs"]) {
  const classes = Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1));
  const longest = Math.max(...Object.values(logs)) as Seconds;
  return {
    retention_period: formatDuration(logs.application),
    retention_stream: classes
      .filter(([name]) => name !== DEFAULT_LOG_CLASS)
      .map(([name, period]) => ({
        selector: `{${LOG_CLASS_LABEL}=${JSON.stringify(name)}}`,
        // A stream has one class, so no two of these ever meet: above 0, and all alike.
        priority: 1,
        period: formatDuration(period),
      })),
    // Deletion lags behind: what is past every period is not shown until then either.
    max_query_lookback: formatDuration(longest),
  };
}
