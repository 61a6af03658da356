import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Agent } from "../../src/model/tenant";
import { agentPipeline, settingOf, type AgentSetting } from "../../src/render/agent-pipeline";
import { alloyDocument } from "../../src/render/alloy/document";
import { renderEnvironment } from "../../src/render";
import { toCollector } from "../../src/render/otelcol";
import { outputs, queues, storages } from "../../src/render/pipeline";
import { input, tenant } from "./input";

const FILE = "file_c40dade05aea";
const agent: Agent = {
  ...(tenant("mx").agents[0] as Agent),
  runs: "elsewhere",
  hostMetrics: true,
  fileLogs: [
    { path: "/var/log/app/*.log", class: "access", service: "front" },
    { path: "/var/log/syslog", class: "system", service: "os" },
  ],
};
const mx = tenant("mx", { agents: [agent] });

/** As a tenant's own machine is: nothing of it is in the topology. */
const SETTING: AgentSetting = {
  edge: "https://edge.example.com:4318",
  tokenUrl: "https://login.example.com/realms/observability/protocol/openid-connect/token",
  bind: "127.0.0.1",
  ports: { otlpGrpc: 4317, otlpHttp: 4318, zipkin: 9411, jaegerGrpc: 14250, jaegerHttp: 14268, http: 12345 },
  directories: { data: "/var/lib/agent", secrets: "/etc/agent" },
  memory: settingOf(input([tenant("mx")]), agent).memory,
};

describe("an agent on a machine of its tenant's", () => {
  const pipeline = agentPipeline(SETTING, mx, agent);
  const text = alloyDocument(pipeline);

  it("reads the machine and its files into the same queues, by way of the memory limit and the redaction", () => {
    expect(outputs(pipeline, "machine")).toEqual({ metrics: ["place"] });
    expect(outputs(pipeline, "place")).toEqual({ metrics: ["memory"] });
    expect(outputs(pipeline, FILE)).toEqual({ logs: ["memory"] });
    expect(outputs(pipeline, "redact").logs).toEqual(["classify"]);
    expect(queues(pipeline).map(([id]) => id)).toEqual(["traces", "metrics", "logs"]);
  });

  it("notes on disk how far it has read each file, whatever the order of the list", () => {
    expect(storages(pipeline)).toEqual([
      { id: FILE, directory: `/var/lib/agent/${FILE}`, grows: false },
      { id: "file_6170ec3837f1", directory: "/var/lib/agent/file_6170ec3837f1", grows: false },
      ...["traces", "metrics", "logs"].map((id) => ({
        id,
        directory: `/var/lib/agent/queue-${id}`,
        grows: true,
      })),
    ]);
    const turned = { ...agent, fileLogs: [...(agent.fileLogs ?? [])].reverse() };
    const ids = (of: Agent) =>
      storages(agentPipeline(SETTING, mx, of))
        .map(({ id }) => id)
        .sort();
    expect(ids(turned)).toEqual(ids(agent));
    expect(text).toContain(`storage  = otelcol.storage.file.${FILE}.handler`);
    expect(text.match(/start_at = "beginning"/g)).toHaveLength(2);
  });

  it("sees them where they are mounted", () => {
    const mounted = alloyDocument(agentPipeline({ ...SETTING, hostRoot: "/host" }, mx, agent));
    expect(mounted).toContain('include  = ["/host/var/log/app/*.log"]');
    expect(mounted).toContain('exclude  = ["/host/var/log/app/*.gz"]');
    for (const path of ["/host/proc", "/host/", "/host/sys", "/host/run/udev/data"])
      expect(mounted).toMatch(new RegExp(`= "${path}"`));
    expect(text).toContain('prometheus.exporter.unix "machine" { }');
  });

  it("is the same in the OpenTelemetry Collector", () => {
    const { receivers, service } = parse(toCollector(pipeline)) as {
      receivers: Readonly<Record<string, unknown>>;
      service: { pipelines: Readonly<Record<string, { receivers: readonly string[] }>> };
    };
    expect(receivers[`file_log/${FILE}`]).toEqual({
      include: ["/var/log/app/*.log"],
      exclude: ["/var/log/app/*.gz"],
      start_at: "beginning",
      storage: `file_storage/${FILE}`,
      resource: { "service.name": "front", "service.instance.id": "agent-mx", "log.class": "access" },
      retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
    });
    expect(service.pipelines["metrics/machine"]?.receivers).toEqual(["host_metrics/machine"]);
    expect(service.pipelines["logs/files"]?.receivers).toEqual([
      `file_log/${FILE}`,
      "file_log/file_6170ec3837f1",
    ]);
  });

  it("is not among the environment's files", () => {
    expect(renderEnvironment(input([mx])).filter(({ path }) => path.startsWith("alloy/agents/"))).toEqual([]);
  });

  it("is refused a place on the environment's host", () => {
    expect(() =>
      settingOf({ ...input([mx]), topology: { ...input([mx]).topology, agents: {} } }, agent),
    ).toThrow('topology: agent "agent-mx" has no place');
  });
});
