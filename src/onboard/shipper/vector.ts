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

const TITLE = "Vector (0.58)";
const MAIN = "vector.yaml";
/** A backend that reads files; its name, and the file's, stand in the reference. */
const SECRETS = "atalaya";
const [DIRECTORY = "", KEY = ""] = SECRET_PATHS.apiKey.split("/");

type Node = Readonly<Record<string, unknown>>;

/** A text as it is: Vector takes references, templates and, where that is allowed, variables out of every text. */
function text(value: string): string {
  if (/\$|SECRET\[|\{\{/.test(value)) throw new Error(`vector: cannot be written: ${value}`);
  return value;
}

const auth: Node = { strategy: "bearer", token: `SECRET[${SECRETS}.${KEY}]` };
const tls = (onboarding: Onboarding): Node => ({ ca_file: text(placed(onboarding, AUTHORITY_PATH)) });

/** On disk, and full means that sources wait; files are read no further than what was stored. */
const KEPT: Node = {
  buffer: { type: "disk", max_size: 536_870_912, when_full: "block" },
  // It would ask paths that the edge does not have.
  healthcheck: { enabled: false },
};
const ACKNOWLEDGED: Node = { acknowledgements: { enabled: true } };

const sources = (onboarding: Onboarding): Node => ({
  ...(wants(onboarding, "logs") && {
    files: { type: "file", include: [text(onboarding.logFiles)], read_from: "end" },
  }),
  ...(wants(onboarding, "metrics") && { host: { type: "host_metrics", scrape_interval_secs: 15 } }),
  ...(wants(onboarding, "traces") && {
    otlp: {
      type: "opentelemetry",
      grpc: { address: onboarding.listen.grpc },
      http: { address: onboarding.listen.http },
      use_otlp_decoding: { traces: true },
    },
  }),
});

const sinks = (onboarding: Onboarding): Node => ({
  ...(wants(onboarding, "logs") && {
    logs: {
      type: "loki",
      inputs: ["files"],
      endpoint: text(onboarding.endpoints.otlpHttp),
      encoding: { codec: "text" },
      labels: { service_name: "files" },
      auth,
      tls: tls(onboarding),
      ...ACKNOWLEDGED,
      ...KEPT,
    },
  }),
  ...(wants(onboarding, "metrics") && {
    metrics: {
      type: "prometheus_remote_write",
      inputs: ["host"],
      endpoint: text(onboarding.endpoints.remoteWrite),
      auth,
      tls: tls(onboarding),
      ...ACKNOWLEDGED,
      ...KEPT,
    },
  }),
  ...(wants(onboarding, "traces") && {
    traces: {
      type: "opentelemetry",
      inputs: ["otlp.traces"],
      protocol: {
        type: "http",
        uri: text(`${onboarding.endpoints.otlpHttp}/v1/traces`),
        encoding: { codec: "otlp" },
        auth,
        tls: tls(onboarding),
        ...ACKNOWLEDGED,
      },
      ...KEPT,
    },
  }),
});

const config = (onboarding: Onboarding): Node => ({
  data_dir: text(placed(onboarding, DATA_PATH)),
  secret: {
    [SECRETS]: {
      type: "directory",
      path: text(placed(onboarding, DIRECTORY)),
      remove_trailing_whitespace: true,
    },
  },
  sources: sources(onboarding),
  sinks: sinks(onboarding),
});

export const vector: Shipper = {
  title: TITLE,
  signals: SIGNALS,
  credential: "apiKey",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      toOwnYaml(
        header(onboarding, TITLE, {
          notRun: "its options are held against the reference of Vector 0.58.",
        }),
        config(onboarding),
      ),
    ),
  ],
  guide: (onboarding) => ({
    install: "`vector` 0.58, from https://vector.dev/docs/setup/installation.",
    start: command("vector", "--config", placed(onboarding, MAIN)),
    refused:
      "429 and 503 wait on disk (512 MiB a sink; then it stops reading) and are sent again without end. What is answered 400, 401 or 403 is dropped.",
    notes: [
      "These files are not run by our tests: try `vector validate` on the configuration before you rely on it.",
      ...(wants(onboarding, "traces")
        ? [
            `Programs beside it send traces as OTLP to ${onboarding.listen.grpc} (gRPC) or http://${onboarding.listen.http}, without a credential.`,
          ]
        : []),
    ],
  }),
};
