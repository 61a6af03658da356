import { REALM, type ClientId, type Signal } from "../model/names";
import { SECRET_FILES } from "../model/secret-files";
import { AGENT_QUEUE_BYTES, LARGEST_WRITE } from "../model/sizes";
import type { Agent, Tenant } from "../model/tenant";
import { authority, httpUrl } from "../model/topology";
import { duration, size, type Bytes } from "../model/units";
import { byDefault, setAttribute } from "./gateway-pipeline";
import type { RenderInput } from "./input";
import { DEFAULT_LOG_CLASS, LOG_CLASS_ATTRIBUTE } from "./log-class";
import { share } from "./memory";
import type { Component, DiskQueue, Flow, OtlpHttpExporter, Pipeline, Transform } from "./pipeline";

/** How its own logs and metrics are found in its tenant: `{service_name="alloy-agent"}`. */
export const AGENT_SERVICE = "alloy-agent";

/** One for some 8 KiB of memory, at most: an undecided trace is a few spans. */
const MEMORY_PER_TRACE = 8 * 1024;

/**
 * One tenant's agent: it has the credentials, a disk and one tenant, so queueing, batching and retrying are its work, and
 * so is what has to see whole traces: metrics from all spans first, then sampling.
 */
export function agentPipeline(input: RenderInput, tenant: Tenant, agent: Agent): Pipeline {
  const { sampling } = tenant;
  const place = input.topology.agents[agent.id];
  if (place === undefined) throw new Error(`topology: agent "${agent.id}" has no place`);
  const { memory } = input.environment.sizes.agent;
  // Who keeps everything needs no decision, and then no span waits in memory, where a kill would lose it.
  const sampled = sampling.keep < 1;
  const components: Record<string, Component> = {
    programs: {
      kind: "otlpReceiver",
      grpc: `${place.bind}:${place.ports.otlpGrpc}`,
      http: `${place.bind}:${place.ports.otlpHttp}`,
      metadata: false,
      largestRequest: LARGEST_WRITE,
    },
    memory: { kind: "memoryLimiter", limit: share(memory, 0.75), spike: share(memory, 0.15) },
    own: { kind: "ownTelemetry", every: duration("1m") },
    classify: CLASSIFY,
    fit: fit(tenant.limits),
    spans: SPAN_METRICS,
    graph: { kind: "serviceGraph", flush: duration("15s") },
    derived: derived(agent.id),
    name: name(agent.id),
    traces: exporter(input, tenant, agent.id, "traces"),
    metrics: exporter(input, tenant, agent.id, "metrics"),
    logs: exporter(input, tenant, agent.id, "logs"),
    ...(sampled && {
      sample: {
        kind: "tailSampling",
        traces: Math.floor(share(memory, 0.5) / MEMORY_PER_TRACE),
        ...sampling,
      },
    }),
  };
  return { components, flows: flows(sampled) };
}

/** The metrics of spans see every span; the sampling after them does not. */
const flows = (sampled: boolean): readonly Flow[] => [
  { id: "observed", signal: "traces", from: ["programs"], through: ["memory"], to: ["spans", "graph"] },
  {
    id: "kept",
    signal: "traces",
    from: ["programs"],
    through: ["memory", ...(sampled ? ["sample"] : [])],
    to: ["traces"],
  },
  { id: "derived", signal: "metrics", from: ["spans", "graph"], through: ["derived"], to: ["metrics"] },
  { id: "metrics", signal: "metrics", from: ["programs"], through: ["memory"], to: ["metrics"] },
  { id: "logs", signal: "logs", from: ["programs"], through: ["memory", "classify", "fit"], to: ["logs"] },
  { id: "own-metrics", signal: "metrics", from: ["own"], through: ["name"], to: ["metrics"] },
  { id: "own-logs", signal: "logs", from: ["own"], through: ["name"], to: ["logs"] },
];

function exporter(
  { topology }: RenderInput,
  tenant: Tenant,
  agent: ClientId,
  signal: Signal,
): OtlpHttpExporter {
  const { services } = topology;
  const { secrets, data } = topology.agents[agent]?.directories ?? { secrets: "", data: "" };
  return {
    kind: "otlpHttpExporter",
    endpoint: `https://${authority(services.envoy, "otlpHttp")}`,
    // Longer than the edge takes (model/routes.ts), so that its answer is heard.
    timeout: duration("40s"),
    caFile: `${secrets}/${SECRET_FILES.agent.ca}`,
    auth: {
      kind: "clientCredentials",
      name: "keycloak",
      clientId: agent,
      secretFile: `${secrets}/${SECRET_FILES.agent.clientSecret}`,
      tokenUrl: `${httpUrl(services.keycloak, "http")}/realms/${REALM}/protocol/openid-connect/token`,
      // Of five minutes. Not longer than the token lives, or every export would fetch one.
      expiryBuffer: duration("1m"),
      timeout: duration("10s"),
    },
    queue: {
      directory: `${data}/queue-${signal}`,
      capacity: AGENT_QUEUE_BYTES[signal],
      batch: batch(signal, tenant.limits),
      consumers: 4,
      retry: { first: duration("1s"), longest: duration("30s") },
    },
  };
}

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
function largestBatch(signal: Signal, { metrics, logs, traces }: Tenant["limits"]): Bytes {
  const fitting = {
    metrics: (metrics.burst / 2) * SMALLEST_SAMPLE,
    logs: logsThatFit(logs),
    traces: traces.burst / 2,
  };
  return Math.floor(Math.max(SMALLEST_BATCH, Math.min(LARGEST_WRITE / 2, fitting[signal]))) as Bytes;
}

/** One data point, span or record with all that its resource says has room in it, however small the burst. */
const SMALLEST_BATCH = size("16KiB");
const SMALLEST_SAMPLE = 16;
const LOKI_COUNTS = 8;

function logsThatFit({ burst, streamBurst, lineSize, metadataSize }: Tenant["limits"]["logs"]): number {
  const atOnce = Math.min(burst, streamBurst);
  return Math.max(atOnce / LOKI_COUNTS, Math.min(atOnce / 2, 2 * (lineSize + metadataSize)));
}

/**
 * Loki refuses a longer line, and a record that fits no batch would be dropped with its neighbours: its beginning is kept.
 * An attribute likewise.
 */
function fit(limits: Tenant["limits"]): Transform {
  const room = largestBatch("logs", limits) / 2;
  const line = Math.floor(Math.min(limits.logs.lineSize, room));
  const attribute = Math.floor(Math.min(limits.logs.metadataSize, room / 2));
  return {
    kind: "transform",
    statements: {
      logs: {
        context: "log",
        statements: [
          `set(log.body.string, Substring(log.body.string, 0, ${line}, true)) where IsString(log.body) and Len(log.body.string) > ${line}`,
          `truncate_all(log.attributes, ${attribute})`,
        ],
      },
    },
  };
}

const CLASSIFY: Transform = {
  kind: "transform",
  statements: {
    logs: { context: "resource", statements: [byDefault(LOG_CLASS_ATTRIBUTE, DEFAULT_LOG_CLASS)] },
  },
};

const SPAN_METRICS: Component = {
  kind: "spanMetrics",
  flush: duration("15s"),
  expiry: duration("15m"),
  cardinality: 10_000,
  dimensions: ["http.request.method", "http.response.status_code", "rpc.method"],
  resourceKey: ["service.name", "service.namespace"],
};

/** Two agents of a tenant may see the same service: each counts in series of its own. */
const derived = (agent: ClientId): Transform => ({
  kind: "transform",
  statements: {
    metrics: {
      context: "datapoint",
      statements: [`set(datapoint.attributes["agent"], ${JSON.stringify(agent)})`],
    },
  },
});

/** The agent's own logs and metrics. */
const name = (agent: ClientId): Transform => {
  const who = [setAttribute("service.name", AGENT_SERVICE), setAttribute("service.instance.id", agent)];
  return {
    kind: "transform",
    statements: {
      metrics: { context: "resource", statements: who },
      logs: { context: "resource", statements: [...who, setAttribute(LOG_CLASS_ATTRIBUTE, "system")] },
    },
  };
};
