import { describe, expect, it } from "vitest";
import { agentsMaskSecrets } from "../../policies/rules/agents-mask-secrets";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { alloyDocument } from "../../src/render/alloy/document";
import { input, tenant as declared } from "../render/input";
import { files, judge, messages, nothingOf, resource, tenant } from "./builder";

const MX = tenant("mx");
const mx = declared("mx");
const [agent] = mx.agents;
if (agent === undefined) throw new Error("no agent");
const CONFIG = alloyDocument(agentPipeline(settingOf(input([mx]), agent), mx, agent));
const found = (config: string) =>
  judge(agentsMaskSecrets, [
    MX,
    files("agent-mx", { "/etc/atalaya/agent-mx/config.alloy": config }, { parent: MX }),
  ]).map(({ tenant: id, message }) => `${id ?? ""}: ${message}`);
const around = (config: string, from: string, to: string): string => {
  expect(config).toContain(from);
  return config.replaceAll(from, to);
};
const leads = (receiver: string, signal: string, exporter = signal) =>
  `mx: agent-mx: otelcol.receiver.${receiver} leads ${signal} to otelcol.exporter.otlphttp "${exporter}" with their secrets.`;

describe("agents-mask-secrets", () => {
  it("passes an agent as it is rendered", () => {
    expect(found(CONFIG)).toEqual([]);
  });

  it("refuses a way around, for every receiver that takes it", () => {
    const direct = around(
      CONFIG,
      "logs    = [otelcol.processor.transform.redact.input]",
      "logs    = [otelcol.processor.transform.classify.input]",
    );
    expect(found(direct)).toEqual([leads('loki "own"', "logs"), leads('otlp "programs"', "logs")]);
  });

  it("refuses metrics of spans that were not masked", () => {
    const measured = around(
      CONFIG,
      "traces  = [otelcol.processor.transform.redact.input]",
      "traces  = [otelcol.processor.transform.redact.input, otelcol.connector.spanmetrics.spans.input]",
    );
    expect(found(measured)).toEqual(
      ['jaeger "jaeger"', 'otlp "programs"', 'zipkin "zipkin"'].map((receiver) => leads(receiver, "metrics")),
    );
  });

  it("refuses a masking that does not know what is secret, or forgets a place", () => {
    const own = leads('loki "own"', "logs");
    const logs = [own, leads('otlp "programs"', "logs")];
    expect(found(around(CONFIG, "log.attributes", "log.nothing"))).toEqual(logs);
    expect(found(around(CONFIG, "AKIA", "x"))).toHaveLength(9);
  });

  it.each([
    ["log", "body", "logs"],
    ["span", "name", "traces"],
    ["span", "status.message", "traces"],
    ["spanevent", "name", "traces"],
  ] as const)(
    "refuses a masking that does not see a %s's %s, or does not use it",
    (context, text, signal) => {
      const place = `${context}.attributes[\\"atalaya.${text}\\"]`;
      const [there, back] = [`set(${place}, ${context}.${text})`, `set(${context}.${text}, ${place})`];
      for (const left of [
        around(CONFIG, there, "set(x, y)"),
        around(CONFIG, back, "set(x, y)"),
        around(around(around(CONFIG, there, "set(z)"), back, there), "set(z)", back),
      ])
        expect(found(left)).toContain(leads('otlp "programs"', signal));
    },
  );

  it("refuses exemplars with attributes", () => {
    const kept = found(around(CONFIG, "keep_keys(exemplar.filtered_attributes, [])", "set(x, y)"));
    expect(kept).toContain(leads('otlp "programs"', "metrics"));
  });

  it("does not pass tenants without an agent", () => {
    expect(messages(agentsMaskSecrets, [MX])).toEqual([nothingOf("configuration of a tenant's agent")]);
    expect(messages(agentsMaskSecrets, [resource("atalaya:docker:Host", "docker")])).toEqual([]);
  });
});
