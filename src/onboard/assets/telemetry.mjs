// OpenTelemetry for a Node.js program that sends to Atalaya itself: node --import ./telemetry.mjs app.mjs
// Atalaya's tests run this file as it stands. Settings are in atalaya.json; no secret is in either.
//
// An SDK has queues in memory alone: what waits is lost when the process ends hard, and a batch that could not be sent for
// `patienceSeconds` is dropped. Not to lose it, send to a collector on the same machine (npx atalaya onboard TENANT --shipper otelcol).
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { metrics, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, detectResources, envDetector } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const here = dirname(fileURLToPath(import.meta.url));
const settings = JSON.parse(readFileSync(resolve(here, "atalaya.json"), "utf8"));
const SECOND = 1_000;
const PATIENCE = settings.patienceSeconds * SECOND;

let token = { value: "", until: 0 };
let asking;

async function newToken() {
  const response = await fetch(settings.tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: settings.clientId,
      client_secret: readFileSync(resolve(here, settings.secretFile), "utf8").trim(),
    }),
    signal: AbortSignal.timeout(10 * SECOND),
  });
  if (!response.ok) throw new Error(`${settings.tokenUrl} answers ${response.status}`);
  const { access_token: value, expires_in: life } = await response.json();
  // A minute before its end, or at half of a life that is short.
  return { value, until: Date.now() + Math.max(life - 60, life / 2) * SECOND };
}

/** Of every request. Waits while no token can be had; a factory must not throw, and without a token the edge answers 401. */
async function authorization() {
  for (const end = Date.now() + PATIENCE; Date.now() >= token.until && Date.now() < end;) {
    try {
      asking ??= newToken();
      token = await asking;
    } catch (error) {
      console.error(`telemetry: no token: ${error.message}`);
      await new Promise((later) => setTimeout(later, SECOND));
    } finally {
      asking = undefined;
    }
  }
  return { Authorization: `Bearer ${token.value}` };
}

const exporting = (signal) => ({
  url: `${settings.endpoint}/v1/${signal}`,
  headers: authorization,
  httpAgentOptions: { ca: readFileSync(resolve(here, settings.authorityFile)) },
  timeoutMillis: PATIENCE,
});

const resource = defaultResource().merge(detectResources({ detectors: [envDetector] }));
const providers = [];
const wants = (signal) => settings.signals.includes(signal);

if (wants("traces")) {
  const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter(exporting("traces")))];
  const provider = new NodeTracerProvider({ resource, spanProcessors });
  provider.register();
  trace.getTracer("atalaya");
  providers.push(provider);
}
if (wants("metrics")) {
  const exporter = new OTLPMetricExporter(exporting("metrics"));
  const readers = [
    new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: 30 * SECOND,
      exportTimeoutMillis: PATIENCE,
    }),
  ];
  const provider = new MeterProvider({ resource, readers });
  metrics.setGlobalMeterProvider(provider);
  providers.push(provider);
}
if (wants("logs")) {
  const processors = [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(exporting("logs")) })];
  const provider = new LoggerProvider({ resource, processors });
  logs.setGlobalLoggerProvider(provider);
  providers.push(provider);
}

let stopping;
/** Sends what waits, when the program ends by itself or is asked to. */
export const shutdown = () =>
  (stopping ??= Promise.allSettled(providers.map((provider) => provider.shutdown())));
process.once("beforeExit", shutdown);
for (const signal of ["SIGTERM", "SIGINT"])
  process.once(signal, async () => {
    await shutdown();
    // Unless the program itself decides what such a signal means.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
