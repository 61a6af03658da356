import { REALM, type ClientId } from "../model/names";
import type { PortName } from "../model/services";
import { LARGEST_WRITE } from "../model/sizes";
import type { Agent, Tenant } from "../model/tenant";
import { authority, httpUrl, type Directories } from "../model/topology";
import { duration, type Bytes } from "../model/units";
import { agentExporter } from "./agent-exporter";
import { classify, fit } from "./agent-logs";
import { fileId, machine } from "./agent-machine";
import { setAttribute } from "./gateway-pipeline";
import type { RenderInput } from "./input";
import { LOG_CLASS_ATTRIBUTE } from "../model/log-class";
import { share } from "./memory";
import { redact } from "./redaction";
import type { Component, Flow, Pipeline, Transform } from "./pipeline";

/** How its own logs and metrics are found in its tenant: `{service_name="alloy-agent"}`. */
export const AGENT_SERVICE = "alloy-agent";

/** One for some 8 KiB of memory, at most: an undecided trace is a few spans. */
const MEMORY_PER_TRACE = 8 * 1024;

/** Where an agent runs, and what is around it there. Its files lie in `directories.secrets` by the names of `SECRET_FILES.agent`. */
export interface AgentSetting {
  /** The edge's OTLP over HTTP: `https://host:port`. */
  readonly edge: string;
  readonly tokenUrl: string;
  /** What it listens on: an address or a name. */
  readonly bind: string;
  readonly ports: Readonly<Record<PortName<"agent">, number>>;
  /** Absolute, as the process sees them. */
  readonly directories: Pick<Directories, "data" | "secrets">;
  /** What the process may use. */
  readonly memory: Bytes;
  /** Where it sees the host's files, if not at their own paths: `/host` in a container that has them mounted there. */
  readonly hostRoot?: string;
}

/** An agent on the environment's own host. */
export function settingOf({ environment, topology }: RenderInput, agent: Agent): AgentSetting {
  const place = topology.agents[agent.id];
  if (place === undefined) throw new Error(`topology: agent "${agent.id}" has no place`);
  const { bind, ports, directories } = place;
  const { envoy, keycloak } = topology.services;
  return {
    edge: `https://${authority(envoy, "otlpHttp")}`,
    tokenUrl: `${httpUrl(keycloak, "http")}/realms/${REALM}/protocol/openid-connect/token`,
    bind,
    ports,
    directories,
    memory: environment.sizes.agent.memory,
  };
}

/**
 * One tenant's agent: it has the credentials, a disk and one tenant, so queueing, batching and retrying are its work, and
 * so is what has to see whole traces: metrics from all spans first, then sampling.
 */
export function agentPipeline(setting: AgentSetting, tenant: Tenant, agent: Agent): Pipeline {
  const { sampling } = tenant;
  const { memory } = setting;
  // Who keeps everything needs no decision, and then no span waits in memory, where a kill would lose it.
  const sampled = sampling.keep < 1;
  const components: Record<string, Component> = {
    ...receivers(setting),
    ...machine(setting, agent),
    memory: { kind: "memoryLimiter", limit: share(memory, 0.75), spike: share(memory, 0.15) },
    own: { kind: "ownTelemetry", every: duration("1m") },
    redact: redact(tenant),
    classify: classify(tenant),
    fit: fit(tenant.limits),
    spans: SPAN_METRICS,
    graph: { kind: "serviceGraph", flush: duration("15s") },
    derived: derived(agent.id),
    name: name(agent.id),
    traces: agentExporter(setting, tenant, agent, "traces"),
    metrics: agentExporter(setting, tenant, agent, "metrics"),
    logs: agentExporter(setting, tenant, agent, "logs"),
    ...(sampled && {
      sample: {
        kind: "tailSampling",
        traces: Math.floor(share(memory, 0.5) / MEMORY_PER_TRACE),
        ...sampling,
      },
    }),
  };
  return { components, flows: flows(sampled, agent) };
}

/** What the tenant's programs send to. */
function receivers({ bind, ports }: AgentSetting) {
  const at = (port: PortName<"agent">): string => `${bind}:${ports[port]}`;
  const largestRequest = LARGEST_WRITE;
  return {
    programs: {
      kind: "otlpReceiver",
      grpc: at("otlpGrpc"),
      http: at("otlpHttp"),
      metadata: false,
      largestRequest,
    },
    zipkin: { kind: "zipkinReceiver", endpoint: at("zipkin"), largestRequest },
    jaeger: { kind: "jaegerReceiver", grpc: at("jaegerGrpc"), http: at("jaegerHttp"), largestRequest },
  } as const satisfies Record<string, Component>;
}

/** All of it is redacted before anything else sees it. The metrics of spans see every span; the sampling after them does not. */
function flows(sampled: boolean, agent: Agent): readonly Flow[] {
  const traces = { signal: "traces", from: ["programs", "zipkin", "jaeger"] } as const;
  const metrics = { signal: "metrics", to: ["metrics"] } as const;
  const logs = { signal: "logs", to: ["logs"] } as const;
  const lines = ["redact", "classify", "fit"];
  const files = (agent.fileLogs ?? []).map(fileId);
  return [
    { id: "observed", ...traces, through: ["memory", "redact"], to: ["spans", "graph"] },
    {
      id: "kept",
      ...traces,
      through: ["memory", "redact", ...(sampled ? ["sample"] : [])],
      to: ["traces"],
    },
    { id: "derived", ...metrics, from: ["spans", "graph"], through: ["derived"] },
    { id: "metrics", ...metrics, from: ["programs"], through: ["memory", "redact"] },
    { id: "logs", ...logs, from: ["programs"], through: ["memory", ...lines] },
    ...(agent.hostMetrics === true
      ? [{ id: "machine", ...metrics, from: ["machine"], through: ["place", "memory", "redact"] }]
      : []),
    ...(files.length > 0 ? [{ id: "files", ...logs, from: files, through: ["memory", ...lines] }] : []),
    { id: "own-metrics", ...metrics, from: ["own"], through: ["name", "redact"] },
    { id: "own-logs", ...logs, from: ["own"], through: ["name", ...lines] },
  ];
}

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
    metrics: [
      { context: "datapoint", statements: [`set(datapoint.attributes["agent"], ${JSON.stringify(agent)})`] },
    ],
  },
});

/** The agent's own logs and metrics. */
const name = (agent: ClientId): Transform => {
  const who = [setAttribute("service.name", AGENT_SERVICE), setAttribute("service.instance.id", agent)];
  return {
    kind: "transform",
    statements: {
      metrics: [{ context: "resource", statements: who }],
      logs: [{ context: "resource", statements: [...who, setAttribute(LOG_CLASS_ATTRIBUTE, "system")] }],
    },
  };
};
