import { toFluentd, type Directive } from "../fluentd-syntax";
import { header } from "../header";
import {
  AUTHORITY_PATH,
  DATA_PATH,
  placed,
  plain,
  SECRET_PATHS,
  type Onboarding,
  type Shipper,
} from "../model";
import { command } from "../shell";
import { commented } from "../yaml";

const TITLE = "Fluentd (1.18 or newer) with fluent-plugin-grafana-loki";
const MAIN = "fluentd.conf";
const TAG = "files";

const source = (onboarding: Onboarding): Directive => ({
  name: "source",
  parameters: {
    "@type": "tail",
    tag: TAG,
    path: onboarding.logFiles,
    pos_file: placed(onboarding, `${DATA_PATH}/${TAG}.pos`),
  },
  inside: [{ name: "parse", parameters: { "@type": "none" } }],
});

const match = (onboarding: Onboarding): Directive => ({
  name: "match",
  argument: TAG,
  parameters: {
    "@type": "loki",
    // It adds /loki/api/v1/push itself.
    url: onboarding.endpoints.otlpHttp,
    bearer_token_file: placed(onboarding, SECRET_PATHS.apiKey),
    ca_cert: placed(onboarding, AUTHORITY_PATH),
    extra_labels: { hash: { service_name: "files" } },
    drop_single_key: true,
  },
  inside: [
    {
      name: "buffer",
      parameters: {
        "@type": "file",
        path: placed(onboarding, `${DATA_PATH}/buffer`),
        chunk_limit_size: "1m",
        total_limit_size: "512m",
        flush_mode: "interval",
        flush_interval: "1s",
        // Full means that it reads no further.
        overflow_action: "block",
        retry_forever: true,
        retry_max_interval: "30s",
      },
    },
  ],
});

export const fluentd: Shipper = {
  title: TITLE,
  signals: ["logs"],
  credential: "apiKey",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      commented(
        header(onboarding, TITLE, {
          notRun: "its parameters are held against Fluentd's documentation and the plugin's source.",
        }),
      ) + toFluentd([source(onboarding), match(onboarding)]),
    ),
  ],
  guide: (onboarding) => ({
    install:
      "Fluentd from https://docs.fluentd.org/installation, then `fluent-gem install fluent-plugin-grafana-loki`.",
    start: command("fluentd", "--config", placed(onboarding, MAIN)),
    refused:
      "429 and 503 wait on disk (512 MB; then it stops reading) and are sent again without end. The plugin drops what is answered 400, 401 or 403.",
    notes: [
      "These files are not run by our tests: look at its first lines of output before you rely on it.",
      "The plugin reads the key when it starts: after a rotation start it again.",
    ],
  }),
};
