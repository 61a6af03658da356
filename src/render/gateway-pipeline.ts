import { TENANT_HEADER } from "../model/headers";
import type { Signal } from "../model/names";
import { LARGEST_OTLP } from "../model/sizes";
import { httpUrl } from "../model/topology";
import { duration } from "../model/units";
import type { RenderInput } from "./input";
import { DEFAULT_LOG_CLASS, LOG_CLASS_ATTRIBUTE } from "../model/log-class";
import { share } from "./memory";
import { SIGNALS, type OtlpHttpExporter, type Pipeline } from "./pipeline";

/** The organisation whose data it is: from the verified request, never from the sender. */
export const TENANT_ATTRIBUTE = "tenant.id";

/**
 * The shared gateway: knows no tenant and holds nothing back. It has no batch, no queue and no retry, so that the sender
 * gets the backend's own answer, no tenant waits for another and nothing that was acknowledged can be lost in it.
 */
export function gatewayPipeline({ environment, topology }: RenderInput): Pipeline {
  const { services } = topology;
  const place = services["alloy-gateway"];
  const { memory } = environment.sizes["alloy-gateway"];
  const exporter = (endpoint: string): OtlpHttpExporter => ({
    kind: "otlpHttpExporter",
    endpoint,
    // Shorter than the edge waits: "cannot reach the backend" is this process's answer, 503.
    timeout: duration("20s"),
    idleConnections: 256,
    auth: { kind: "requestHeader", name: "tenant", header: TENANT_HEADER },
  });
  const flow = (signal: Signal, to: string) => ({
    id: signal,
    signal,
    from: ["edge"],
    through: ["memory", "mark"],
    to: [to],
  });
  return {
    components: {
      edge: {
        kind: "otlpReceiver",
        grpc: `${place.bind}:${place.ports.otlpGrpc}`,
        http: `${place.bind}:${place.ports.otlpHttp}`,
        metadata: true,
        largestRequest: LARGEST_OTLP,
      },
      memory: { kind: "memoryLimiter", limit: share(memory, 0.75), spike: share(memory, 0.15) },
      mark: {
        kind: "transform",
        statements: Object.fromEntries(
          SIGNALS.map((signal) => [
            signal,
            [{ context: "resource", statements: marks(signal, environment.name) }],
          ]),
        ),
      },
      mimir: exporter(`${httpUrl(services.mimir, "http")}/otlp`),
      loki: exporter(`${httpUrl(services.loki, "http")}/otlp`),
      tempo: exporter(httpUrl(services.tempo, "otlpHttp")),
    },
    flows: [flow("metrics", "mimir"), flow("logs", "loki"), flow("traces", "tempo")],
  };
}

const attribute = (name: string): string => `resource.attributes[${JSON.stringify(name)}]`;
const overwrite = (name: string, value: string): readonly string[] => [
  // Deleted first: an attribute may be there twice, and `set` would change only one of them.
  `delete_matching_keys(resource.attributes, ${JSON.stringify(`^${name.replaceAll(".", "\\.")}$`)})`,
  `set(${attribute(name)}, ${value})`,
];
/** Only where the sender says nothing. */
export const byDefault = (name: string, value: string): string =>
  `set(${attribute(name)}, ${JSON.stringify(value)}) where ${attribute(name)} == nil`;
export const setAttribute = (name: string, value: string): string =>
  `set(${attribute(name)}, ${JSON.stringify(value)})`;

const marks = (signal: Signal, environment: string): readonly string[] => [
  ...overwrite(TENANT_ATTRIBUTE, `otelcol.client.metadata[${JSON.stringify(TENANT_HEADER)}][0]`),
  ...overwrite("collector", JSON.stringify("alloy-gateway")),
  byDefault("deployment.environment.name", environment),
  byDefault("service.name", "unknown_service"),
  ...(signal === "logs" ? [byDefault(LOG_CLASS_ATTRIBUTE, DEFAULT_LOG_CLASS)] : []),
];
