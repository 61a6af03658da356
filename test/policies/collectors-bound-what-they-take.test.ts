import { describe, expect, it } from "vitest";
import { collectorsBoundWhatTheyTake } from "../../policies/rules/collectors-bound-what-they-take";
import { files, judge, messages, nothingOf, tenant } from "./builder";

const GOOD = `
  otelcol.receiver.otlp "edge" {
    grpc { max_recv_msg_size = "4MiB" }
    http { max_request_body_size = "1MiB" }
    output { logs = [otelcol.processor.memory_limiter.memory.input] }
  }
  otelcol.processor.memory_limiter "memory" { limit = "384MiB" }`;
const gateway = (text: string) => files("alloy-gateway", { "/etc/atalaya/alloy-gateway/config.alloy": text });
const found = (from: string, to: string) => {
  expect(GOOD).toContain(from);
  return messages(collectorsBoundWhatTheyTake, [gateway(GOOD.replace(from, to))]);
};
const TITLE = 'alloy-gateway: otelcol.receiver.otlp "edge"';

describe("collectors-bound-what-they-take", () => {
  it("passes sizes that the edge has, and a memory limit first", () => {
    expect(messages(collectorsBoundWhatTheyTake, [gateway(GOOD)])).toEqual([]);
  });

  it.each([
    [' max_recv_msg_size = "4MiB" ', "", `${TITLE} takes grpc requests of any size (max_recv_msg_size).`],
    ["1MiB", "1GiB", `${TITLE} takes http requests of 1GiB (max_request_body_size).`],
    ["1MiB", "0B", `${TITLE} takes http requests of 0B (max_request_body_size).`],
    [
      'limit = "384MiB"',
      "",
      `${TITLE} passes logs to [ otelcol.processor.memory_limiter.memory.input ] without a memory limit.`,
    ],
    [
      "[otelcol.processor.memory_limiter.memory.input]",
      "[otelcol.processor.memory_limiter.memory.input, otelcol.exporter.otlphttp.loki.input]",
      `${TITLE} passes logs to [ otelcol.processor.memory_limiter.memory.input , otelcol.exporter.otlphttp.loki.input ] without a memory limit.`,
    ],
  ])("refuses %s instead of %s", (from, to, message) => {
    expect(found(from, to)).toEqual([message]);
  });

  it("knows Zipkin's and Jaeger's receivers", () => {
    const more = `${GOOD}
  otelcol.receiver.zipkin "zipkin" {
    output { traces = [otelcol.processor.transform.redact.input] }
  }
  otelcol.receiver.jaeger "jaeger" {
    protocols {
      grpc { max_recv_msg_size = "1GiB" }
      thrift_http { }
    }
    output { traces = [otelcol.processor.memory_limiter.memory.input] }
  }`;
    expect(messages(collectorsBoundWhatTheyTake, [gateway(more)])).toEqual(
      [
        'otelcol.receiver.jaeger "jaeger" takes grpc requests of 1GiB (max_recv_msg_size)',
        'otelcol.receiver.jaeger "jaeger" takes thrift_http requests of any size (max_request_body_size)',
        'otelcol.receiver.zipkin "zipkin" passes traces to [ otelcol.processor.transform.redact.input ] without a memory limit',
        'otelcol.receiver.zipkin "zipkin" takes http requests of any size (max_request_body_size)',
      ].map((problem) => `alloy-gateway: ${problem}.`),
    );
  });

  it("says whose agent it is", () => {
    const text = GOOD.replace("1MiB", "1GiB");
    const agent = files("agent-mx", { "/etc/atalaya/agent-mx/config.alloy": text }, { parent: tenant("mx") });
    expect(judge(collectorsBoundWhatTheyTake, [tenant("mx"), agent]).map((one) => one.tenant)).toEqual([
      "mx",
    ]);
  });

  it("does not pass without a collector", () => {
    expect(messages(collectorsBoundWhatTheyTake, [])).toEqual([
      nothingOf("configuration of a collector (config.alloy)"),
    ]);
  });
});
