import { header } from "../header";
import { AUTHORITY_PATH, placed, plain, SECRET_PATHS, type Onboarding, type Shipper } from "../model";
import { command } from "../shell";
import { toOwnYaml } from "../yaml";
import {
  delivery,
  fileReference,
  MEMORY_LIMITER,
  otlpReceiver,
  service,
  text,
  TIMEOUT,
  type Node,
} from "./collector";

const TITLE = "Jaeger 2.20 or newer, as a collector that passes on";
const MAIN = "jaeger.yaml";
const EXPORTER = "otlp_http";

/** Jaeger 2 is a Collector without OAuth2 and without a disk queue (its cmd/jaeger/internal/components.go). */
const config = (onboarding: Onboarding): Node => ({
  receivers: {
    otlp: otlpReceiver(onboarding),
    jaeger: {
      protocols: {
        grpc: { endpoint: "${env:ATALAYA_JAEGER_GRPC:-127.0.0.1:14250}" },
        thrift_http: { endpoint: "${env:ATALAYA_JAEGER_HTTP:-127.0.0.1:14268}" },
      },
    },
    zipkin: { endpoint: "${env:ATALAYA_ZIPKIN:-127.0.0.1:9411}" },
  },
  processors: { memory_limiter: MEMORY_LIMITER },
  exporters: {
    [EXPORTER]: {
      endpoint: text(onboarding.endpoints.otlpHttp),
      tls: { ca_file: text(placed(onboarding, AUTHORITY_PATH)) },
      headers: { "X-API-Key": fileReference(placed(onboarding, SECRET_PATHS.apiKey)) },
      timeout: TIMEOUT,
      ...delivery(undefined),
    },
  },
  service: service([], new Map([["traces", ["otlp", "jaeger", "zipkin"]]]), EXPORTER),
});

export const jaeger: Shipper = {
  title: TITLE,
  signals: ["traces"],
  credential: "apiKey",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      toOwnYaml(
        header(onboarding, TITLE, {
          run: "on the OpenTelemetry Collector 0.158, which has the same components (Jaeger 2.20 is built of 0.155); not on Jaeger itself.",
        }),
        config(onboarding),
      ),
    ),
  ],
  guide: (onboarding) => ({
    install: "`jaeger` 2.20 or newer, from https://www.jaegertracing.io/download.",
    start: command("jaeger", `--config=${placed(onboarding, MAIN)}`),
    refused:
      "429 and 503 wait in memory (64 MiB), without end, because Jaeger has no queue on disk: a restart loses what waits. What is answered 400, 401 or 403 is dropped. Not to lose any, use --shipper otelcol: it takes the same from the same programs over OTLP.",
    notes: ["It reads the key when it starts: after a rotation start it again."],
  }),
};
