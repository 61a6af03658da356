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
import { toJson } from "../../render/yaml";
import { toOwnYaml } from "../yaml";

const TITLE = "Prometheus (2.42 or newer)";
const MAIN = "prometheus.yml";
const TARGETS = "targets";
const LISTEN = "127.0.0.1:9090";

const config = (onboarding: Onboarding) => ({
  global: {
    scrape_interval: "15s",
    // Two agents that scrape the same target count in series of their own.
    external_labels: { agent: onboarding.clientId },
  },
  scrape_configs: [
    {
      job_name: "targets",
      file_sd_configs: [{ files: [placed(onboarding, `${TARGETS}/*.json`)], refresh_interval: "30s" }],
    },
  ],
  remote_write: [
    {
      name: "atalaya",
      url: onboarding.endpoints.remoteWrite,
      remote_timeout: "40s",
      send_exemplars: true,
      oauth2: {
        client_id: onboarding.clientId,
        client_secret_file: placed(onboarding, SECRET_PATHS.clientSecret),
        token_url: onboarding.endpoints.tokenUrl,
      },
      tls_config: { ca_file: placed(onboarding, AUTHORITY_PATH) },
      // The edge says 503 where a tenant is over its limits; a proxy in between may say 429, which is dropped without this.
      queue_config: { retry_on_http_429: true, max_samples_per_send: 2_000, max_backoff: "30s" },
    },
  ],
});

export const prometheus: Shipper = {
  title: TITLE,
  signals: ["metrics"],
  credential: "clientSecret",
  main: MAIN,
  files: (onboarding) => [
    plain(
      MAIN,
      toOwnYaml(
        header(onboarding, TITLE, { run: "checked by promtool, and run on Prometheus 2.42." }),
        config(onboarding),
      ),
    ),
    plain(`${TARGETS}/prometheus.json`, toJson([{ targets: [LISTEN] }])),
  ],
  guide: (onboarding) => ({
    install: "Prometheus 2.42 or newer, from https://prometheus.io/download or your distribution.",
    start: command(
      "prometheus",
      `--config.file=${placed(onboarding, MAIN)}`,
      `--storage.tsdb.path=${placed(onboarding, DATA_PATH)}`,
      `--web.listen-address=${LISTEN}`,
    ),
    refused:
      "429, 503 and whatever happens while Keycloak is away is sent again out of the write-ahead log, which holds about two hours: of a longer outage the older samples are lost. What is answered 400, 401 or 403 is dropped.",
    notes: [
      `It scrapes itself: write your own targets into \`${placed(onboarding, TARGETS)}/NAME.json\`, as \`[{"targets": ["host:port"], "labels": {}}]\`. They are read without a restart.`,
    ],
  }),
};
