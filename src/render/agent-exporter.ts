import { SECRET_FILES } from "../model/secret-files";
import type { Signal } from "../model/names";
import { queueSizes } from "../model/queues";
import { LARGEST_OTLP } from "../model/sizes";
import type { Agent, Tenant } from "../model/tenant";
import { duration, size, type Bytes } from "../model/units";
import type { AgentSetting } from "./agent-pipeline";
import type { DiskQueue, OtlpHttpExporter } from "./pipeline";

/** One signal's way to the edge: queued on disk, batched within the queue, retried without end, with a token of its own. */
export const agentExporter = (
  { edge, tokenUrl, directories: { secrets, data } }: AgentSetting,
  { limits }: Tenant,
  agent: Agent,
  signal: Signal,
): OtlpHttpExporter => ({
  kind: "otlpHttpExporter",
  endpoint: edge,
  // Longer than the edge takes (model/routes.ts), so that its answer is heard.
  timeout: duration("40s"),
  caFile: `${secrets}/${SECRET_FILES.agent.ca}`,
  auth: {
    kind: "clientCredentials",
    name: "keycloak",
    clientId: agent.id,
    secretFile: `${secrets}/${SECRET_FILES.agent.clientSecret}`,
    tokenUrl,
    // Of five minutes. Not longer than the token lives, or every export would fetch one.
    expiryBuffer: duration("1m"),
    timeout: duration("10s"),
  },
  queue: {
    directory: `${data}/queue-${signal}`,
    capacity: queueSizes(limits, agent)[signal],
    batch: batch(signal, limits),
    consumers: 4,
    retry: { first: duration("1s"), longest: duration("30s") },
  },
});

/** Sent at half of it, so that what arrives meanwhile rarely has to be split. */
function batch(signal: Signal, limits: Tenant["limits"]): DiskQueue["batch"] {
  const to = largestBatch(signal, limits);
  return { from: Math.ceil(to / 2) as Bytes, to, after: duration("1s") };
}

/**
 * A request that is larger than the tenant's burst is answered 429 however long one waits, and would be tried for ever; one
 * that is larger than the gateway takes is answered 400, and dropped. So batches are well below both, as the backends count:
 * - Mimir counts samples, and a name and a unit for each metric. None takes less than 16 bytes (a bucket: count and bound).
 * - Loki counts a record's resource attributes with each record, where a batch has them once: up to eight times as much.
 *   One record that Loki would take is never too large for a batch.
 * - Tempo counts the bytes as they come, and what the gateway marks them with.
 */
export function largestBatch(signal: Signal, { metrics, logs, traces }: Tenant["limits"]): Bytes {
  const fitting = {
    metrics: (metrics.burst / 2) * SMALLEST_SAMPLE,
    logs: logsThatFit(logs),
    traces: traces.burst / 2,
  };
  return Math.floor(Math.max(SMALLEST_BATCH, Math.min(LARGEST_OTLP / 2, fitting[signal]))) as Bytes;
}

/** One data point, span or record with all that its resource says has room in it, however small the burst. */
const SMALLEST_BATCH = size("16KiB");
const SMALLEST_SAMPLE = 16;
const LOKI_COUNTS = 8;

function logsThatFit({ burst, streamBurst, lineSize, metadataSize }: Tenant["limits"]["logs"]): number {
  const atOnce = Math.min(burst, streamBurst);
  return Math.max(atOnce / LOKI_COUNTS, Math.min(atOnce / 2, 2 * (lineSize + metadataSize)));
}
