import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ratio } from "../../src/model/units";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { alloyDocument } from "../../src/render/alloy/document";
import { gatewayPipeline } from "../../src/render/gateway-pipeline";
import { toCollector } from "../../src/render/otelcol";
import { outputs, queues, type Pipeline } from "../../src/render/pipeline";
import { DEFAULT_PLAN } from "../../src/model/plans";
import { queueSizes } from "../../src/model/queues";
import { size } from "../../src/model/units";
import { input, tenant } from "./input";
import type { Tenant } from "../../src/model/tenant";

const agentOf = (of: Tenant) => {
  const [agent] = of.agents;
  if (agent === undefined) throw new Error("no agent");
  return agentPipeline(settingOf(input([of]), agent), of, agent);
};

describe("the gateway", () => {
  const pipeline = gatewayPipeline(input());
  const text = alloyDocument(pipeline);

  it("holds nothing back", () => {
    expect(queues(pipeline)).toEqual([]);
    expect(text).not.toMatch(/processor\.batch|storage\.file|batch \{/);
    expect(text.match(/sending_queue \{\n\t\tenabled = false\n/g)).toHaveLength(3);
    expect(text.match(/retry_on_failure \{\n\t\tenabled = false\n/g)).toHaveLength(3);
  });

  it("takes the tenant from the request and from nothing else", () => {
    expect(text.match(/include_metadata +=/g)).toHaveLength(2);
    expect(text.match(/include_metadata +=\s+true/g)).toHaveLength(2);
    expect(text.match(/auth +=\s+otelcol\.auth\.headers\.tenant\.handler/g)).toHaveLength(3);
    const { mark } = pipeline.components;
    if (mark?.kind !== "transform") throw new Error("no transform");
    for (const signal of ["traces", "metrics", "logs"] as const)
      expect(mark.statements[signal]?.[0]?.statements.slice(0, 2)).toEqual([
        String.raw`delete_matching_keys(resource.attributes, "^tenant\\.id$")`,
        'set(resource.attributes["tenant.id"], otelcol.client.metadata["x-scope-orgid"][0])',
      ]);
    expect(text).toContain('error_mode = "propagate"');
  });

  it("sends each signal to its backend", () => {
    expect(outputs(pipeline, "edge")).toEqual({ traces: ["memory"], metrics: ["memory"], logs: ["memory"] });
    expect(outputs(pipeline, "mark")).toEqual({ traces: ["tempo"], metrics: ["mimir"], logs: ["loki"] });
  });
});

describe("an agent", () => {
  const pipeline = agentOf(tenant("mx"));

  it("measures all spans before it samples them", () => {
    expect(outputs(pipeline, "redact").traces).toEqual(["spans", "graph", "sample"]);
    expect(outputs(pipeline, "sample")).toEqual({ traces: ["traces"] });
  });

  it("queues each signal on disk, in a folder of its own, with nothing before the queue that batches", () => {
    expect(queues(pipeline).map(([id, { directory }]) => [id, directory])).toEqual([
      ["traces", "/var/lib/atalaya/agent-mx/data/queue-traces"],
      ["metrics", "/var/lib/atalaya/agent-mx/data/queue-metrics"],
      ["logs", "/var/lib/atalaya/agent-mx/data/queue-logs"],
    ]);
    const text = alloyDocument(pipeline);
    expect(text.match(/fsync +=\s+true/g)).toHaveLength(3);
    expect(text.match(/max_elapsed_time = "0s"/g)).toHaveLength(3);
    expect(text).not.toContain("processor.batch");
  });

  it("counts what waits and what it sends in bytes, and gives a drained queue's space back", () => {
    expect(queues(pipeline).map(([id, { capacity }]) => [id, capacity])).toEqual(
      Object.entries(queueSizes(DEFAULT_PLAN.limits, {})),
    );
    const text = alloyDocument(pipeline);
    expect(text.match(/sizer +=.*/g)).toEqual(
      Array.from({ length: 6 }, () => expect.stringMatching(/= "bytes"$/) as string),
    );
    expect(text.match(/on_rebound +=\s+true/g)).toHaveLength(3);
    const { extensions } = parse(toCollector(pipeline)) as { extensions: Readonly<Record<string, object>> };
    const directory = "/var/lib/atalaya/agent-mx/data/queue-logs";
    expect(extensions["file_storage/logs"]).toMatchObject({ compaction: { directory, on_rebound: true } });
  });

  it("keeps the beginning of a line that Loki would refuse", () => {
    const cut = (of: Tenant) => {
      const { fit } = agentOf(of).components;
      return fit?.kind === "transform" ? fit.statements.logs?.[0]?.statements : undefined;
    };
    expect(cut(tenant("mx"))).toEqual([
      "set(log.body.string, Substring(log.body.string, 0, 262144, true)) where IsString(log.body) and Len(log.body.string) > 262144",
      "truncate_all(log.attributes, 65536)",
    ]);
    const { limits } = DEFAULT_PLAN;
    const narrow = { ...limits, logs: { ...limits.logs, burst: size("240KiB") } };
    // Half a batch, which is half of the burst.
    expect(cut(tenant("mx", { limits: narrow }))?.[1]).toBe("truncate_all(log.attributes, 30720)");
  });

  it("samples nothing, and holds no span in memory, where everything is kept", () => {
    const all = agentOf(tenant("mx", { sampling: { ...DEFAULT_PLAN.sampling, keep: ratio("100%") } }));
    expect(alloyDocument(all)).not.toContain("tail_sampling");
    expect(outputs(all, "redact").traces).toEqual(["spans", "graph", "traces"]);
  });

  it("makes no batch that is larger than the tenant's burst", () => {
    const { limits } = DEFAULT_PLAN;
    const narrow = {
      ...limits,
      metrics: { ...limits.metrics, burst: 100 },
      logs: { ...limits.logs, burst: size("1MiB"), streamBurst: size("512KiB") },
      traces: { ...limits.traces, burst: size("1KiB") },
    };
    const wide = {
      metrics: { ...limits.metrics, burst: 10_000_000 },
      logs: { ...limits.logs, burst: size("1GiB"), streamBurst: size("1GiB") },
      traces: { ...limits.traces, burst: size("1GiB") },
    };
    const batches = (of: Pipeline) => Object.fromEntries(queues(of).map(([id, { batch }]) => [id, batch.to]));
    expect(batches(pipeline)).toEqual({
      traces: size("2MiB"),
      metrics: 1_600_000,
      logs: size("768KiB"),
    });
    expect(batches(agentOf(tenant("mx", { limits: narrow })))).toEqual({
      // One data point or span has to fit.
      traces: size("16KiB"),
      metrics: size("16KiB"),
      logs: size("256KiB"),
    });
    // What the gateway takes is 4 MiB.
    const widest = agentOf(tenant("mx", { limits: { ...limits, ...wide } }));
    const most = size("2MiB");
    expect(batches(widest)).toEqual({ traces: most, metrics: most, logs: most });
  });

  it("sends its own logs and metrics to its tenant, as alloy-agent", () => {
    const text = alloyDocument(pipeline);
    expect(text).toContain("write_to = [otelcol.receiver.loki.own.receiver]");
    expect(text).toContain("forward_to      = [otelcol.receiver.prometheus.own.receiver]");
    expect(outputs(pipeline, "name")).toEqual({ metrics: ["redact"], logs: ["redact"] });
    expect(text).toContain(String.raw`set(resource.attributes[\"service.name\"], \"alloy-agent\")`);
  });

  it("listens on its own name for OTLP, Zipkin and Jaeger, with the limit of the edge's writes", () => {
    const text = alloyDocument(pipeline);
    expect(text.match(/endpoint +=\s+"agent-mx:\d+"/g)?.map((line) => /\d+/.exec(line)?.[0])).toEqual([
      "24317",
      "24318",
      "9411",
      "14250",
      "14268",
    ]);
    expect(text.match(/max_re[a-z_]+_size +=\s+"16MiB"/g)).toHaveLength(5);
    for (const receiver of ["programs", "zipkin", "jaeger"])
      expect(outputs(pipeline, receiver).traces).toEqual(["memory"]);
    expect(outputs(pipeline, "memory")).toEqual({
      traces: ["redact"],
      metrics: ["redact"],
      logs: ["redact"],
    });
  });

  it("takes no log class that no retention knows", () => {
    const { classify } = agentOf(tenant("mx")).components;
    expect(classify?.kind === "transform" && classify.statements.logs?.[0]?.statements).toEqual([
      'set(resource.attributes["log.class"], "application") where not (resource.attributes["log.class"] == "access" or resource.attributes["log.class"] == "application" or resource.attributes["log.class"] == "system")',
    ]);
  });

  it("holds no secret: the file of its own is named", () => {
    expect(alloyDocument(pipeline)).toContain(
      'client_secret_file = "/var/lib/atalaya/agent-mx/secrets/client-secret"',
    );
  });
});

describe("a pipeline", () => {
  it("is refused when a component leads to two ends by where things come from, which Alloy would mix", () => {
    const { components } = gatewayPipeline(input());
    const flow = { signal: "logs", through: ["memory"] } as const;
    const mixed: Pipeline = {
      components: { ...components, other: components["edge"] as Pipeline["components"][string] },
      flows: [
        { ...flow, id: "a", from: ["edge"], to: ["loki"] },
        { ...flow, id: "b", from: ["other"], to: ["tempo"] },
      ],
    };
    expect(() => alloyDocument(mixed)).toThrow('pipeline: "memory" leads elsewhere for edge and for other');
  });

  it("may join ways that go on together", () => {
    const { components, flows } = gatewayPipeline(input());
    const [first] = flows.filter(({ signal }) => signal === "logs");
    if (first === undefined) throw new Error("no flow");
    const other = components["edge"] as Pipeline["components"][string];
    const joined = {
      components: { ...components, other },
      flows: [first, { ...first, id: "b", from: ["other"] }],
    };
    expect(outputs(joined, "memory")).toEqual({ logs: ["mark"] });
    expect(outputs(joined, "other")).toEqual({ logs: ["memory"] });
  });

  it("names only components that it has", () => {
    const { components, flows } = gatewayPipeline(input());
    const [first] = flows;
    if (first === undefined) throw new Error("no flow");
    expect(() => alloyDocument({ components, flows: [{ ...first, to: ["nowhere"] }] })).toThrow(
      'pipeline: no component is called "nowhere"',
    );
  });

  it("is the same for the OpenTelemetry Collector, less Alloy's own telemetry", () => {
    const { service } = parse(toCollector(agentOf(tenant("mx")))) as {
      service: { pipelines: Readonly<Record<string, unknown>> };
    };
    expect(service.pipelines).toEqual({
      "logs/logs": {
        receivers: ["otlp/programs"],
        processors: ["memory_limiter/memory", "transform/redact", "transform/classify", "transform/fit"],
        exporters: ["otlp_http/logs"],
      },
      "metrics/derived": {
        receivers: ["spanmetrics/spans", "servicegraph/graph"],
        processors: ["transform/derived"],
        exporters: ["otlp_http/metrics"],
      },
      "metrics/metrics": {
        receivers: ["otlp/programs"],
        processors: ["memory_limiter/memory", "transform/redact"],
        exporters: ["otlp_http/metrics"],
      },
      "traces/kept": {
        receivers: ["otlp/programs", "zipkin/zipkin", "jaeger/jaeger"],
        processors: ["memory_limiter/memory", "transform/redact", "tail_sampling/sample"],
        exporters: ["otlp_http/traces"],
      },
      "traces/observed": {
        receivers: ["otlp/programs", "zipkin/zipkin", "jaeger/jaeger"],
        processors: ["memory_limiter/memory", "transform/redact"],
        exporters: ["spanmetrics/spans", "servicegraph/graph"],
      },
    });
  });
});
