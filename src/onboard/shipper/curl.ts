import { asset } from "../assets";
import { header } from "../header";
import {
  AUTHORITY_PATH,
  placed,
  program,
  SECRET_PATHS,
  SIGNALS,
  type Onboarding,
  type Shipper,
} from "../model";
import { assignments, command } from "../shell";
import { commented } from "../yaml";

const TITLE = "curl (7.76 or newer)";
const MAIN = "send.sh";

const RESOURCE = {
  attributes: [{ key: "service.name", value: { stringValue: "atalaya-onboard" } }],
};

/** One item of each signal; what stands between @ the script puts in. */
const GREETINGS = {
  LOGS: {
    resourceLogs: [
      {
        resource: RESOURCE,
        scopeLogs: [{ logRecords: [{ timeUnixNano: "@NOW@", body: { stringValue: "hello" } }] }],
      },
    ],
  },
  METRICS: {
    resourceMetrics: [
      {
        resource: RESOURCE,
        scopeMetrics: [
          {
            metrics: [
              {
                name: "atalaya_onboard_hello",
                gauge: { dataPoints: [{ timeUnixNano: "@NOW@", asDouble: 1 }] },
              },
            ],
          },
        ],
      },
    ],
  },
  TRACES: {
    resourceSpans: [
      {
        resource: RESOURCE,
        scopeSpans: [
          {
            spans: [
              {
                traceId: "@TRACE@",
                spanId: "@SPAN@",
                name: "hello",
                kind: 1,
                startTimeUnixNano: "@NOW@",
                endTimeUnixNano: "@NOW@",
              },
            ],
          },
        ],
      },
    ],
  },
};

const settings = (onboarding: Onboarding): string =>
  assignments({
    EDGE: onboarding.endpoints.otlpHttp,
    AUTHORITY: placed(onboarding, AUTHORITY_PATH),
    TOKEN_URL: onboarding.endpoints.tokenUrl,
    CLIENT_ID: onboarding.clientId,
    SECRET_FILE: placed(onboarding, SECRET_PATHS.clientSecret),
    ...Object.fromEntries(
      Object.entries(GREETINGS).map(([name, greeting]) => [name, JSON.stringify(greeting)]),
    ),
  });

export const curl: Shipper = {
  title: TITLE,
  signals: SIGNALS,
  credential: "clientSecret",
  main: MAIN,
  files: (onboarding) => [
    program(
      MAIN,
      [
        "#!/bin/sh\n",
        commented(header(onboarding, TITLE, { run: "each signal, by sh and curl." })),
        "set -eu\n",
        settings(onboarding),
        asset("send.sh"),
      ].join(""),
    ),
  ],
  guide: (onboarding) => ({
    install: "`curl` 7.76 or newer; it is on most machines.",
    start: onboarding.signals.map((signal) => command(placed(onboarding, MAIN), signal)).join(" && "),
    refused:
      "It tries again for four minutes on 429 and 503 and says by its exit code whether the data was taken; it keeps nothing. For more than a script or a try use --shipper otelcol.",
    notes: ["`send.sh logs FILE` sends a file of yours: a request of OTLP in JSON."],
  }),
};
