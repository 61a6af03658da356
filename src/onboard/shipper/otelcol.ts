import type { Signal } from "../../model/names";
import { header } from "../header";
import {
  AUTHORITY_PATH,
  DATA_PATH,
  placed,
  plain,
  SECRET_PATHS,
  SIGNALS,
  wants,
  type Onboarding,
  type Shipper,
} from "../model";
import { command } from "../shell";
import { toOwnYaml } from "../yaml";
import { delivery, MEMORY_LIMITER, otlpReceiver, service, text, TIMEOUT, type Node } from "./collector";

const TITLE = "OpenTelemetry Collector (contrib, 0.158 or newer)";
const MAIN = "otelcol.yaml";
const AUTH = "oauth2client";
const STORAGE = "file_storage";
const EXPORTER = "otlp_http";

/** What feeds a signal besides OTLP. */
const OWN: Readonly<Partial<Record<Signal, string>>> = { logs: "file_log", metrics: "host_metrics" };

function config(onboarding: Onboarding): Node {
  const { clientId, endpoints, signals } = onboarding;
  const pipelines = new Map(
    signals.map((signal) => {
      const own = OWN[signal];
      return [signal, ["otlp", ...(own === undefined ? [] : [own])]] as const;
    }),
  );
  return {
    extensions: {
      [AUTH]: {
        client_id: text(clientId),
        client_secret_file: text(placed(onboarding, SECRET_PATHS.clientSecret)),
        token_url: text(endpoints.tokenUrl),
        // Of five minutes: its default of five would fetch a token for every export.
        expiry_buffer: "1m",
        timeout: "10s",
      },
      [STORAGE]: { directory: text(placed(onboarding, DATA_PATH)), create_directory: true, fsync: true },
    },
    receivers: receivers(onboarding),
    processors: { memory_limiter: MEMORY_LIMITER },
    exporters: {
      [EXPORTER]: {
        endpoint: text(endpoints.otlpHttp),
        tls: { ca_file: text(placed(onboarding, AUTHORITY_PATH)) },
        auth: { authenticator: AUTH },
        timeout: TIMEOUT,
        ...delivery(STORAGE),
      },
    },
    service: service([AUTH, STORAGE], pipelines, EXPORTER),
  };
}

const receivers = (onboarding: Onboarding): Node => ({
  otlp: otlpReceiver(onboarding),
  ...(wants(onboarding, "logs") && {
    file_log: {
      include: [text(onboarding.logFiles)],
      start_at: "end",
      storage: STORAGE,
      resource: { "service.name": "files" },
      // While the queue is full it stops reading, and forgets nothing.
      retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
    },
  }),
  ...(wants(onboarding, "metrics") && {
    host_metrics: {
      collection_interval: "30s",
      scrapers: { cpu: {}, memory: {}, load: {}, disk: {}, filesystem: {}, network: {} },
    },
  }),
});

/** The Collector with a disk queue: what an application without one of its own should send to. */
export const otelcol: Shipper = {
  title: TITLE,
  signals: SIGNALS,
  credential: "clientSecret",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      toOwnYaml(
        header(onboarding, TITLE, {
          run: "on the Collector 0.158, logs from a file and all signals over OTLP.",
        }),
        config(onboarding),
      ),
    ),
  ],
  guide: (onboarding) => ({
    install:
      "`otelcol-contrib` 0.158 or newer, from https://github.com/open-telemetry/opentelemetry-collector-releases.",
    start: command("otelcol-contrib", `--config=${placed(onboarding, MAIN)}`),
    refused:
      "429 and 503 wait in the queue on disk (256 MiB a signal), without end; so does everything while Keycloak is away. What is answered 400, 401 or 403 is dropped.",
    notes: [
      `Programs beside it send OTLP to ${onboarding.listen.grpc} (gRPC) or http://${onboarding.listen.http}, without a credential; ATALAYA_OTLP_GRPC and ATALAYA_OTLP_HTTP choose others.`,
    ],
  }),
};
