import { SpanStatusCode } from "@opentelemetry/api";
import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { agentHeaders } from "../faults/people";
import { sharedLab } from "../shared";
import { FAULTS, Faulty, type Fault } from "./faulty";

/** One finished span of this name. */
function spanOf(name: string) {
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] });
  const span = provider.getTracer("lab").startSpan(name);
  span.setStatus({ code: SpanStatusCode.OK });
  span.end();
  return kept.getFinishedSpans();
}

describe("the OpenTelemetry SDK for JavaScript as the sender, with its own settings", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  async function send(tenant: string, mark: string): Promise<ExportResult> {
    const exporter = new OTLPTraceExporter({
      url: `${lab.urls.otlpHttp}/v1/traces`,
      headers: agentHeaders(lab, `agent-${tenant}`),
      httpAgentOptions: { ca: lab.ca, keepAlive: false },
    });
    const result = await new Promise<ExportResult>((resolve) => {
      exporter.export(spanOf(mark), resolve);
    });
    await exporter.shutdown();
    return result;
  }

  it("brings its spans through", async () => {
    using faulty = new Faulty(lab);
    const faults = ["none", "limitedonce", "awayonce", "brokenonce"] as const;
    const marks = faults.flatMap((fault) => [1, 2, 3].map(() => faulty.mark("js", fault)));
    const results = await Promise.all(marks.map((mark) => send("mx", mark)));
    expect(results.map(({ code }) => code)).toEqual(marks.map(() => ExportResultCode.SUCCESS));
    expect(await faulty.settle("tenant-mx", 1_000)).toEqual([]);
    const attempts = marks.map((mark) => faulty.attempts(mark));
    expect(attempts).toEqual(faults.flatMap((fault) => [1, 1, 1].map(() => FAULTS[fault].length + 1)));
  }, 30_000);

  it.each<readonly [Fault, status: number]>([
    ["refused", 400],
    ["denied", 403],
  ])(
    "is told at once of what can never pass, and drops it: %s",
    async (fault, status) => {
      using faulty = new Faulty(lab);
      const mark = faulty.mark("js", fault);
      const { code, error } = await send("mx", mark);
      expect([code, faulty.attempts(mark), faulty.stored().size]).toEqual([ExportResultCode.FAILED, 1, 0]);
      expect((error as (Error & { readonly code?: number }) | undefined)?.code).toBe(status);
    },
    30_000,
  );

  it("is told at once that it is too large", async () => {
    using faulty = new Faulty(lab);
    const mark = `${faulty.mark("js", "none")}${"x".repeat(16 * 1024 ** 2)}`;
    const { error } = await send("mx", mark);
    expect((error as (Error & { readonly code?: number }) | undefined)?.code).toBe(413);
    expect(faulty.stored().size).toBe(0);
  }, 30_000);
});
