import type { RenderedFile } from "../model/files";
import { LARGEST_UNPACKED, LARGEST_WRITE } from "../model/sizes";
import { formatDuration, type Bytes } from "../model/units";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { share } from "./memory";
import { innerAddress, RELOAD_PERIOD, ringOfOne, serverBlock } from "./monolith";
import { perOrganisation, type Quota } from "./quotas";
import { toYaml } from "./yaml";

const OVERRIDES = "overrides.yaml";

/** Mimir as one process on its own disk, and what it is told of each organisation. Names checked against Mimir 3. */
export function renderMimir(input: RenderInput): readonly RenderedFile[] {
  const place = input.topology.services.mimir;
  return [
    serviceFile("mimir", place, "static", "mimir.yaml", toYaml(config(input))),
    serviceFile("mimir", place, "live", OVERRIDES, toYaml({ overrides: perOrganisation(input, overrides) })),
  ];
}

function config({ environment, topology }: RenderInput) {
  const place = topology.services.mimir;
  const { bind, directories, ports } = place;
  const under = (name: string) => `${directories.data}/${name}`;
  const ring = ringOfOne(bind);
  const { memory } = environment.sizes.mimir;
  return {
    target: "all,alertmanager",
    multitenancy_enabled: true,
    // A header that names several tenants is refused, on reads as well.
    tenant_federation: { enabled: false },
    server: serverBlock(place),
    activity_tracker: { filepath: under("activity.log") },
    alertmanager: {
      data_dir: under("alertmanager"),
      external_url: `http://${innerAddress(bind)}:${ports.http}/alertmanager`,
      sharding_ring: { ...ring, replication_factor: 1 },
    },
    alertmanager_storage: filesystem(under("alertmanager-config")),
    blocks_storage: {
      ...filesystem(under("blocks")),
      bucket_store: { sync_dir: under("tsdb-sync") },
      tsdb: { dir: under("tsdb") },
    },
    compactor: { data_dir: under("compactor"), sharding_ring: ring },
    distributor: { ring, ...writes(memory) },
    frontend: { address: innerAddress(bind) },
    // Kafka is for installations of many processes.
    ingest_storage: { enabled: false },
    ingester: {
      // What it calls itself is in its refusals, which tenants read: not the host's name.
      ring: { ...ring, instance_id: "mimir", replication_factor: 1 },
      // Series that ended stay in memory for some two hours. Above it new ones wait (503), and those that are there go on.
      instance_limits: { max_series: 2 * environment.capacity.activeSeries },
    },
    limits: {
      ...UNLISTED,
      // What a removed tenant left is kept no longer than anything.
      compactor_blocks_retention_period: formatDuration(environment.maximumRetention.metrics),
      max_estimated_memory_consumption_per_query: share(memory, 0.5 / QUERIES),
    },
    querier: { ring, max_concurrent: QUERIES },
    query_scheduler: { ring },
    ruler: {
      alertmanager_url: `http://${innerAddress(bind)}:${ports.http}/alertmanager`,
      ring,
      rule_path: under("ruler"),
    },
    ruler_storage: filesystem(under("rules")),
    runtime_config: { file: `${directories.live}/${OVERRIDES}`, period: formatDuration(RELOAD_PERIOD) },
    store_gateway: { sharding_ring: { ...ring, replication_factor: 1 } },
    usage_stats: { enabled: false },
  };
}

/** At once; the memory that one may take is its part of half of what Mimir has. */
const QUERIES = 8;

/** Mimir's own: 100 MiB a request, and no bound on all that are under way. Beyond that it answers 503, which is retried. */
const writes = (memory: Bytes) => ({
  max_recv_msg_size: LARGEST_WRITE,
  // Counted unpacked.
  max_otlp_request_size: LARGEST_UNPACKED,
  max_request_pool_buffer_size: LARGEST_WRITE,
  instance_limits: { max_inflight_push_requests_bytes: Math.max(LARGEST_UNPACKED, share(memory, 0.125)) },
});

const filesystem = (dir: string) => ({ backend: "filesystem", filesystem: { dir } }) as const;

/**
 * For organisations that are not in the overrides. Nothing of theirs is stored, and the answer is 429, which senders retry:
 * a tenant that Envoy knows already and Mimir not yet waits a moment and loses nothing. Tenants' blocks inherit from here.
 */
const UNLISTED = {
  ingestion_rate: 0,
  ingestion_burst_size: 0,
  max_global_series_per_user: 1,
  ruler_max_rule_groups_per_tenant: 1,
  ruler_max_rules_per_rule_group: 1,
  // The edge has routes to it.
  cardinality_analysis_enabled: true,
  // `http_requests_total` and `..._seconds`, the names that dashboards and Prometheus' own clients use.
  otel_metric_suffixes_enabled: true,
};

function overrides({ limits: { metrics }, retention }: Quota) {
  return {
    ingestion_rate: metrics.samples,
    ingestion_burst_size: metrics.burst,
    ingestion_tenant_shard_size: metrics.shards,
    max_global_series_per_user: metrics.activeSeries,
    max_global_series_per_metric: metrics.seriesPerMetric,
    max_global_metadata_per_user: metrics.metadata,
    max_global_exemplars_per_user: metrics.exemplars,
    max_label_names_per_series: metrics.labelsPerSeries,
    max_label_name_length: metrics.labelNameLength,
    max_label_value_length: metrics.labelValueLength,
    out_of_order_time_window: formatDuration(metrics.outOfOrder),
    max_total_query_length: formatDuration(metrics.queryRange),
    max_fetched_series_per_query: metrics.querySeries,
    max_fetched_chunk_bytes_per_query: metrics.queryBytes,
    max_query_parallelism: metrics.queryParallelism,
    ruler_max_rule_groups_per_tenant: metrics.ruleGroups,
    ruler_max_rules_per_rule_group: metrics.rulesPerGroup,
    compactor_blocks_retention_period: formatDuration(retention.metrics),
    // Blocks are deleted some time after they are due: what is past its time is not shown until then either.
    max_query_lookback: formatDuration(retention.metrics),
  };
}
