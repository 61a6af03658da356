import type { Signal } from "../../model/names";
import { addressOf } from "../endpoints";
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
import { word } from "../shell";
import { toOwnYaml } from "../yaml";

const TITLE = "Fluent Bit (5.1)";
const MAIN = "fluent-bit.yaml";
const KEY = "ATALAYA_API_KEY";

type Plugin = Readonly<Record<string, string | number | boolean>>;

/** A text as it is: Fluent Bit knows no way to write `${` that stays. */
function text(value: string): string {
  if (value.includes("${")) throw new Error(`fluentbit: cannot be written: ${value}`);
  return value;
}

/** Of each signal, what reads it here. */
const INPUTS: Readonly<Record<Signal, (onboarding: Onboarding) => Plugin>> = {
  logs: (onboarding) => ({
    name: "tail",
    tag: "logs",
    path: text(onboarding.logFiles),
    path_key: "filename",
    db: text(placed(onboarding, `${DATA_PATH}/tail.db`)),
    "storage.type": "filesystem",
  }),
  metrics: () => ({
    name: "node_exporter_metrics",
    tag: "metrics",
    scrape_interval: 15,
    "storage.type": "filesystem",
  }),
  traces: ({ listen }) => {
    const { host, port } = addressOf(`http://${listen.http}`);
    return { name: "opentelemetry", tag: "traces", listen: host, port, "storage.type": "filesystem" };
  },
};

/** TLS that also looks at the name, an API key as basic authentication's password, and no end to retries. */
function reaching(onboarding: Onboarding): Plugin {
  const { host, port } = addressOf(onboarding.endpoints.otlpHttp);
  return {
    host: text(host),
    port,
    tls: "on",
    "tls.verify": "on",
    "tls.verify_hostname": "on",
    "tls.ca_file": text(placed(onboarding, AUTHORITY_PATH)),
    http_user: "atalaya",
    http_passwd: `\${${KEY}}`,
    retry_limit: "no_limits",
    "storage.total_limit_size": "512M",
  };
}

const OUTPUTS: Readonly<Record<Signal, Plugin>> = {
  // Its Loki output also sends again what is answered 401 or 403, where the OpenTelemetry output drops it.
  logs: { name: "loki", match: "logs", uri: "/loki/api/v1/push", labels: "service_name=files" },
  metrics: { name: "opentelemetry", match: "metrics", metrics_uri: "/v1/metrics", compress: "gzip" },
  traces: { name: "opentelemetry", match: "traces", traces_uri: "/v1/traces", compress: "gzip" },
};

const config = (onboarding: Onboarding) => ({
  service: {
    flush: 1,
    log_level: "info",
    "storage.path": text(placed(onboarding, `${DATA_PATH}/storage`)),
    "storage.sync": "full",
    "storage.max_chunks_up": 128,
  },
  pipeline: {
    inputs: onboarding.signals.map((signal) => INPUTS[signal](onboarding)),
    outputs: onboarding.signals.map((signal) => ({ ...OUTPUTS[signal], ...reaching(onboarding) })),
  },
});

export const fluentbit: Shipper = {
  title: TITLE,
  signals: SIGNALS,
  credential: "apiKey",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      toOwnYaml(
        header(onboarding, TITLE, {
          notRun: "its options are held against the documentation of Fluent Bit 5.1.",
        }),
        config(onboarding),
      ),
    ),
  ],
  guide: (onboarding) => ({
    install: "`fluent-bit` 5.1, from https://docs.fluentbit.io/manual/installation.",
    start: `${KEY}="$(cat ${word(placed(onboarding, SECRET_PATHS.apiKey))})" fluent-bit --config=${word(placed(onboarding, MAIN))}`,
    refused:
      "429 and 503 wait on disk (512 MB an output: beyond it the oldest go) and are sent again without end, logs after 401 and 403 too. Metrics and traces that are answered 400, 401 or 403 are dropped.",
    notes: [
      "These files are not run by our tests: look at its first lines of output before you rely on it.",
      ...(wants(onboarding, "traces")
        ? [
            `Programs beside it send traces as OTLP to http://${onboarding.listen.http}, without a credential.`,
          ]
        : []),
    ],
  }),
};
