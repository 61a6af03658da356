import { describe, expect, it } from "vitest";
import { theCollectorSaysWhoseItIs } from "../../policies/rules/the-collector-says-whose-it-is";
import { files, messages, nothingOf } from "./builder";

const SET = String.raw`"set(resource.attributes[\"tenant.id\"], otelcol.client.metadata[\"x-scope-orgid\"][0])"`;
const GOOD = `
  otelcol.processor.transform "mark" {
    trace_statements { statements = ["delete_key(resource.attributes, \\"tenant.id\\")", ${SET}] }
    log_statements { statements = [${SET}] }
    output {
      traces = [otelcol.exporter.otlphttp.tempo.input]
      logs   = [otelcol.exporter.otlphttp.loki.input]
    }
  }
  otelcol.exporter.otlphttp "loki" { }`;
const found = (text: string) =>
  messages(theCollectorSaysWhoseItIs, [
    files("alloy-gateway", { "/etc/atalaya/alloy-gateway/config.alloy": text }),
  ]);
const MARK = 'alloy-gateway: otelcol.processor.transform "mark"';

describe("the-collector-says-whose-it-is", () => {
  it("passes what overwrites the tenant of every signal", () => {
    expect(found(GOOD)).toEqual([]);
  });

  it("refuses a signal that keeps what its sender wrote", () => {
    expect(found(GOOD.replace(`[${SET}]`, "[]"))).toEqual([`${MARK} does not overwrite tenant.id of logs.`]);
    const sometimes = SET.replace(')"', String.raw`) where resource.attributes[\"tenant.id\"] == nil"`);
    expect(found(GOOD.replace(`[${SET}]`, `[${sometimes}]`))[1]).toBe(
      `${MARK} does not overwrite tenant.id of logs.`,
    );
  });

  it("refuses another word after ours", () => {
    const other = String.raw`set(resource.attributes[\"tenant.id\"], \"tenant-pe\")`;
    expect(found(GOOD.replace(`[${SET}]`, `[${SET}, "${other}"]`))).toEqual([
      `${MARK} changes tenant.id of logs by set(resource.attributes["tenant.id"], "tenant-pe").`,
    ]);
  });

  it("refuses a way past it", () => {
    const past = `otelcol.receiver.otlp "x" { output { metrics = [otelcol.exporter.otlphttp.mimir.input] } }`;
    expect(found(`${GOOD}\n${past}`)).toEqual([
      'alloy-gateway: otelcol.receiver.otlp "x" passes metrics on without saying whose they are.',
    ]);
  });

  it("does not pass without the collector", () => {
    expect(messages(theCollectorSaysWhoseItIs, [])).toEqual([
      nothingOf("configuration of the shared collector (alloy-gateway)"),
    ]);
  });
});
