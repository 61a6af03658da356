import type { Size } from "../model/environment";
import type { Signal } from "../model/names";
import type { Agent, Tenant } from "../model/tenant";

export const SHIPPER_NAMES = [
  "alloy",
  "otelcol",
  "prometheus",
  "fluentbit",
  "vector",
  "fluentd",
  "jaeger",
  "curl",
  "otel-sdk-node",
  "otel-sdk-python",
  "token-file",
  "local-envoy",
] as const;
export type ShipperName = (typeof SHIPPER_NAMES)[number];

export const SIGNALS: readonly Signal[] = ["logs", "metrics", "traces"];

/** Where a shipper sends to, and where it gets its tokens. */
export interface Endpoints {
  /** `https://host:port`, without a trailing slash; OTLP is below `/v1`. */
  readonly otlpHttp: string;
  /** `host:port` */
  readonly otlpGrpc: string;
  readonly lokiPush: string;
  readonly remoteWrite: string;
  readonly tokenUrl: string;
  /** Where people of the tenant make API keys. */
  readonly apiKeys: string;
}

/** Where a collector listens for the programs beside it, `host:port`. */
export interface Listen {
  readonly grpc: string;
  readonly http: string;
}

/** All that a shipper's files say of one tenant. No secret: files name the place where it lies. */
export interface Onboarding {
  /** What the environment is called in a sentence: `stack prod`. */
  readonly environment: string;
  /** The options that find it again, to be shown: ` --stack prod`. */
  readonly option: string;
  readonly tenant: string;
  readonly organisation: string;
  /** The agent that it sends as; shippers with an API key have no use for it. */
  readonly clientId: string;
  readonly signals: readonly Signal[];
  readonly endpoints: Endpoints;
  readonly listen: Listen;
  /** The authority of the edge's certificate, PEM. */
  readonly authority: string;
  /** Where the files will lie on the machine that sends, absolute. */
  readonly directory: string;
  /** Which log files are read, by shippers that read files. */
  readonly logFiles: string;
  readonly declared?: Declared;
}

/** What the tenant list says of an agent, for a shipper that works by its tenant's limits. */
export interface Declared {
  readonly tenant: Tenant;
  readonly agent: Agent;
  readonly size: Size;
  readonly imageRegistry?: string;
}

/** A file of the directory that is handed out; the same shape as a kit's. */
export interface OnboardFile {
  readonly path: string;
  readonly content: string;
  readonly mode: 0o644 | 0o755 | 0o600;
}

export const plain = (path: string, content: string): OnboardFile => ({ path, content, mode: 0o644 });
export const program = (path: string, content: string): OnboardFile => ({ path, content, mode: 0o755 });

/** What a shipper proves itself by, and the file that holds it. */
export type Credential = "clientSecret" | "apiKey";
export const SECRET_PATHS: Readonly<Record<Credential, string>> = {
  clientSecret: "secrets/client-secret",
  apiKey: "secrets/api-key",
};
export const AUTHORITY_PATH = "ca.crt";
/** Queues, positions: what must outlive a restart. */
export const DATA_PATH = "data";

/** How people install it, start it, and what it does with what is refused; the README is made of it. */
export interface Guide {
  /** A sentence, Markdown. */
  readonly install: string;
  /** One command for a shell. */
  readonly start: string;
  /** What becomes of data that is refused or cannot be sent, in a few sentences. */
  readonly refused: string;
  /** What else is to be known. */
  readonly notes?: readonly string[];
}

export interface Shipper {
  readonly title: string;
  /** What it can send. */
  readonly signals: readonly Signal[];
  readonly credential: Credential;
  /** It is the agent itself, on a host of the tenant's: it works by what is declared of it (`Onboarding.declared`). */
  readonly isAgent?: true;
  /** It runs as a user of its own, who reads its directory. */
  readonly ownUser?: true;
  /** Of its files, the one to read first: printed when nothing is written. */
  readonly main: string;
  readonly files: (onboarding: Onboarding) => readonly OnboardFile[];
  readonly guide: (onboarding: Onboarding) => Guide;
}

/** A path in the directory, as the shipper sees it. */
export const placed = ({ directory }: Onboarding, path: string): string => `${directory}/${path}`;
export const wants = ({ signals }: Onboarding, signal: Signal): boolean => signals.includes(signal);
