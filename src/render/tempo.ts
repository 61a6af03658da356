import type { RenderedFile } from "../model/files";
import { LARGEST_WRITE } from "../model/sizes";
import { formatDuration } from "../model/units";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { MEBIBYTE } from "./memory";
import { innerAddress, RELOAD_PERIOD, ringOfOne, serverBlock, IN_MEMORY } from "./monolith";
import { perOrganisation, type Quota } from "./quotas";
import { toYaml } from "./yaml";

const OVERRIDES = "overrides.yaml";

/** Tempo as one process on its own disk, and what it is told of each organisation. Names checked against Tempo 3.0. */
export function renderTempo(input: RenderInput): readonly RenderedFile[] {
  const place = input.topology.services.tempo;
  return [
    serviceFile("tempo", place, "static", "tempo.yaml", toYaml(config(input))),
    serviceFile("tempo", place, "live", OVERRIDES, toYaml({ overrides: perOrganisation(input, overrides) })),
  ];
}

function config({ environment, topology }: RenderInput) {
  const place = topology.services.tempo;
  const { bind, directories, ports } = place;
  const under = (name: string) => `${directories.data}/${name}`;
  const inner = `${innerAddress(bind)}:${ports.grpc}`;
  return {
    target: "all",
    multitenancy_enabled: true,
    server: serverBlock(place),
    backend_scheduler: { local_work_path: under("scheduler") },
    backend_worker: { backend_scheduler_addr: inner },
    distributor: {
      receivers: {
        otlp: {
          protocols: {
            grpc: {
              endpoint: `${bind}:${ports.otlpGrpc}`,
              max_recv_msg_size_mib: LARGEST_WRITE / MEBIBYTE,
            },
            http: { endpoint: `${bind}:${ports.otlpHttp}`, max_request_body_size: LARGEST_WRITE },
          },
        },
      },
      ring: ringOfOne(bind),
    },
    live_store: {
      partition_ring: { kvstore: IN_MEMORY },
      ring: ringOfOne(bind),
      shutdown_marker_dir: under("live-store/shutdown-marker"),
      wal: { path: under("live-store/traces") },
    },
    overrides: {
      defaults: {
        ...UNLISTED,
        // What a removed tenant left is kept no longer than anything.
        compaction: { block_retention: formatDuration(environment.maximumRetention.traces) },
      },
      per_tenant_override_config: `${directories.live}/${OVERRIDES}`,
      per_tenant_override_period: formatDuration(RELOAD_PERIOD),
    },
    querier: { frontend_worker: { frontend_address: inner } },
    query_frontend: {
      // On by default in Tempo: `X-Scope-OrgID: a|b` would read both.
      multi_tenant_queries_enabled: false,
      mcp_server: { enabled: false },
    },
    storage: {
      trace: { backend: "local", local: { path: under("blocks") }, wal: { path: under("wal") } },
    },
    usage_report: { reporting_enabled: false },
  };
}

/** As in mimir.ts: whoever is not in the overrides gets 429. A tenant's block inherits nothing of this. */
const UNLISTED = {
  ingestion: { rate_strategy: "local", rate_limit_bytes: 0, burst_size_bytes: 0, retry_info_enabled: true },
};

/** Every field that has a meaning here, because what a tenant's block does not set is 0: no limit, or nothing allowed. */
function overrides({ limits: { traces }, retention }: Quota) {
  return {
    ingestion: {
      rate_strategy: "local",
      rate_limit_bytes: traces.ingest,
      burst_size_bytes: traces.burst,
      max_traces_per_user: traces.activeTraces,
      max_global_traces_per_user: traces.activeTraces,
      max_attribute_bytes: traces.attributeSize,
      tenant_shard_size: traces.shards,
      // Without it a gRPC sender takes "too much" for final and drops.
      retry_info_enabled: true,
    },
    global: { max_bytes_per_trace: traces.traceSize },
    read: {
      max_search_duration: formatDuration(traces.searchRange),
      max_metrics_duration: formatDuration(traces.metricsRange),
      max_bytes_per_tag_values_query: traces.tagValues,
    },
    compaction: { block_retention: formatDuration(retention.traces) },
  };
}
