import { toJson } from "../../render/yaml";
import { asset, type Asset } from "../assets";
import {
  AUTHORITY_PATH,
  plain,
  SECRET_PATHS,
  SIGNALS,
  type Guide,
  type OnboardFile,
  type Onboarding,
  type Shipper,
} from "../model";
import { command } from "../shell";

const SETTINGS = "atalaya.json";

/** What both programs read beside them. Paths are from the file's own place: it moves with the program that uses it. */
const settings = ({ endpoints, clientId, signals }: Onboarding): OnboardFile =>
  plain(
    SETTINGS,
    toJson({
      endpoint: endpoints.otlpHttp,
      tokenUrl: endpoints.tokenUrl,
      clientId,
      signals,
      // How long a batch is tried for.
      patienceSeconds: 30,
      secretFile: SECRET_PATHS.clientSecret,
      authorityFile: AUTHORITY_PATH,
    }),
  );

const sdk = (title: string, main: Asset, guide: (onboarding: Onboarding) => Guide): Shipper => ({
  title,
  signals: SIGNALS,
  credential: "clientSecret",
  main,
  files: (onboarding) => [plain(main, asset(main)), settings(onboarding)],
  guide,
});

const LOST =
  "429, 503 and a Keycloak that is away are tried again for half a minute (`patienceSeconds` in `atalaya.json`); then the batch is dropped, as is what is answered 400, 401 or 403, and what waits in memory when the process is killed. Not to lose it, run --shipper otelcol on the same machine and send to that.";

/** Exact ones, of one release: the packages of an SDK must match each other. */
export const NODE_PACKAGES: Readonly<Record<string, string>> = {
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/api-logs": "0.223.0",
  "@opentelemetry/exporter-logs-otlp-proto": "0.223.0",
  "@opentelemetry/exporter-metrics-otlp-proto": "0.223.0",
  "@opentelemetry/exporter-trace-otlp-proto": "0.223.0",
  "@opentelemetry/resources": "2.12.1",
  "@opentelemetry/sdk-logs": "0.223.0",
  "@opentelemetry/sdk-metrics": "2.12.1",
  "@opentelemetry/sdk-trace-node": "2.12.0",
};
export const PYTHON_PACKAGES: Readonly<Record<string, string>> = {
  "opentelemetry-exporter-otlp-proto-http": "1.45.2",
  "opentelemetry-sdk": "1.45.2",
  requests: "2.34.2",
};

const listed = (packages: Readonly<Record<string, string>>, between: string): string =>
  Object.entries(packages)
    .map(([name, version]) => `${name}${between}${version}`)
    .join(" ");

const BESIDE =
  "The files stay together, with `secrets/`: copy the directory, or put them beside your program.";

export const otelSdkNode = sdk("OpenTelemetry SDK for Node.js", "telemetry.mjs", () => ({
  install: `\`npm install ${listed(NODE_PACKAGES, "@")}\``,
  start: command("node", "--import", "./telemetry.mjs", "app.mjs"),
  refused: LOST,
  notes: [BESIDE, "OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say who sends."],
}));

export const otelSdkPython = sdk("OpenTelemetry SDK for Python", "atalaya_telemetry.py", () => ({
  install: `\`pip install ${listed(PYTHON_PACKAGES, "==")}\``,
  start: command("python3", "app.py"),
  refused: LOST,
  notes: [
    `${BESIDE} The program begins with \`import atalaya_telemetry\`.`,
    "OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say who sends.",
  ],
}));
