import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { TENANT_HEADER } from "../../model/headers";
import type { Counts } from "./counts";

export interface ExportOptions {
  /** The collector, without the path. */
  readonly endpoint: URL;
  /** Whose traces they are. */
  readonly orgId: string;
  /** Milliseconds for a batch, with all attempts. */
  readonly patience: number;
  /** Batches on their way at once. */
  readonly concurrency: number;
  /** Told once for every time that the collector goes away. It names no address and quotes nothing. */
  readonly onFailure: (problem: string) => void;
  readonly counts: Counts;
}

/** OTLP over HTTP, counted: it never throws, and what fails is told once until something is taken again. */
export class CountingExporter implements SpanExporter {
  readonly #inner: OTLPTraceExporter;
  #away = false;
  #taken = 0;

  constructor(private readonly options: ExportOptions) {
    const { endpoint, orgId, patience, concurrency } = options;
    this.#inner = new OTLPTraceExporter({
      url: `${endpoint.href.replace(/\/$/, "")}/v1/traces`,
      headers: { [TENANT_HEADER]: orgId },
      timeoutMillis: patience,
      concurrencyLimit: concurrency,
      httpAgentOptions: { keepAlive: true },
    });
  }

  /** Spans that have left the queue for here. */
  get taken(): number {
    return this.#taken;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#taken += spans.length;
    const finish = (result: ExportResult): void => {
      this.#count(spans.length, result);
      done(result);
    };
    try {
      this.#inner.export(spans, finish);
    } catch {
      finish({ code: ExportResultCode.FAILED });
    }
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  #count(spans: number, { code, error }: ExportResult): void {
    const failed = code === ExportResultCode.FAILED;
    this.options.counts.add(failed ? "failed" : "exported", spans);
    if (failed && !this.#away) this.options.onFailure(problemOf(error));
    this.#away = failed;
  }
}

function problemOf(error: Error | undefined): string {
  const code = error !== undefined && "code" in error ? error.code : undefined;
  if (typeof code === "number") return `status ${code}`;
  return typeof code === "string" ? code : "no answer that says it has them";
}
