import { parse } from "yaml";
import type { RenderedStack } from "../../stack/render";
import { LARGEST_UNPACKED, LARGEST_WRITE } from "../../model/sizes";
import { toYaml } from "../../render/yaml";
import { loopback } from "../servers/net";
import { LabError } from "../error";

export interface CortexPlace {
  readonly http: number;
  readonly grpc: number;
  /** For its data. */
  readonly directory: string;
  /** The file of limits that it reads again and again. */
  readonly overrides: string;
}

type Block = Readonly<Record<string, unknown>>;

/**
 * Mimir's limits under Cortex's names, where they differ; undefined is one that Cortex does not have. A limit of Mimir's that
 * is not known here is an error, so that none is left out by mistake.
 */
const LIMITS: Readonly<Record<string, string | undefined>> = {
  compactor_blocks_retention_period: "compactor_blocks_retention_period",
  ingestion_burst_size: "ingestion_burst_size",
  ingestion_rate: "ingestion_rate",
  ingestion_tenant_shard_size: "ingestion_tenant_shard_size",
  max_fetched_chunk_bytes_per_query: "max_fetched_chunk_bytes_per_query",
  max_fetched_series_per_query: "max_fetched_series_per_query",
  max_global_exemplars_per_user: "max_exemplars",
  max_global_metadata_per_user: "max_global_metadata_per_user",
  max_global_series_per_metric: "max_global_series_per_metric",
  max_global_series_per_user: "max_global_series_per_user",
  max_label_name_length: "max_label_name_length",
  max_label_names_per_series: "max_label_names_per_series",
  max_label_value_length: "max_label_value_length",
  max_query_lookback: "max_query_lookback",
  max_query_parallelism: "max_query_parallelism",
  max_total_query_length: "max_query_length",
  out_of_order_time_window: "out_of_order_time_window",
  ruler_max_rule_groups_per_tenant: "ruler_max_rule_groups_per_tenant",
  ruler_max_rules_per_rule_group: "ruler_max_rules_per_rule_group",
  cardinality_analysis_enabled: undefined,
  max_estimated_memory_consumption_per_query: undefined,
  otel_metric_suffixes_enabled: undefined,
};

/** A block of Mimir's limits as Cortex's. Throws LabError for one that nobody has decided about. */
export function cortexLimits(mimir: Block): Block {
  const unknown = Object.keys(mimir).filter((name) => !Object.hasOwn(LIMITS, name));
  if (unknown.length > 0)
    throw new LabError(
      `src/lab/stand-ins/cortex.ts does not know these limits of Mimir's: ${unknown.join()}`,
    );
  return Object.fromEntries(
    Object.entries(mimir).flatMap(([name, value]) => {
      const own = LIMITS[name];
      return own === undefined ? [] : [[own, value]];
    }),
  );
}

/** The content of one of Mimir's rendered files. */
function mimirFile({ files }: RenderedStack, path: string): Block {
  const found = files.find((file) => file.path === path);
  if (found === undefined) throw new LabError(`${path} is not rendered.`);
  return parse(found.content) as Block;
}

/** Mimir's rendered overrides for Cortex: the same tenants, the same limits. */
export function cortexOverrides(stack: RenderedStack): string {
  const { overrides } = mimirFile(stack, "mimir/live/overrides.yaml") as { overrides: Record<string, Block> };
  return toYaml({
    overrides: Object.fromEntries(
      Object.entries(overrides).map(([tenant, limits]) => [tenant, cortexLimits(limits)]),
    ),
  });
}

/**
 * Cortex as one process, with the defaults and the limits of Mimir's rendered configuration. Names checked against Cortex 1.20.
 */
export function cortexConfig(stack: RenderedStack, place: CortexPlace): string {
  const under = (name: string): string => `${place.directory}/${name}`;
  const kvstore = { store: "inmemory" };
  const ring = { kvstore, instance_addr: loopback };
  const { limits, runtime_config: runtime } = mimirFile(stack, "mimir/mimir.yaml") as Record<string, Block>;
  return toYaml({
    target: "all",
    auth_enabled: true,
    tenant_federation: { enabled: false },
    server: {
      http_listen_address: loopback,
      http_listen_port: place.http,
      grpc_listen_address: loopback,
      grpc_listen_port: place.grpc,
      log_level: "warn",
    },
    // Without peers: its own port for them would be that of every lab.
    alertmanager: {
      external_url: `http://${loopback}:${place.http}/alertmanager`,
      cluster: { listen_address: "" },
    },
    alertmanager_storage: { backend: "local", local: { path: under("alertmanager") } },
    blocks_storage: {
      backend: "filesystem",
      filesystem: { dir: under("blocks") },
      tsdb: { dir: under("tsdb") },
      bucket_store: { sync_dir: under("sync") },
    },
    compactor: { data_dir: under("compactor"), sharding_ring: { kvstore } },
    distributor: {
      shard_by_all_labels: true,
      max_recv_msg_size: LARGEST_WRITE,
      otlp_max_recv_msg_size: LARGEST_UNPACKED,
      remote_writev2_enabled: true,
      ring,
    },
    frontend_worker: { match_max_concurrent: true },
    ingester: {
      lifecycler: {
        address: loopback,
        final_sleep: "0s",
        min_ready_duration: "0s",
        num_tokens: 128,
        ring: { kvstore, replication_factor: 1 },
      },
    },
    limits: cortexLimits(limits ?? {}),
    ruler: { enable_api: true, rule_path: under("ruler"), ring },
    ruler_storage: { backend: "filesystem", filesystem: { dir: under("rules") } },
    runtime_config: { file: place.overrides, period: runtime?.["period"] },
  });
}
