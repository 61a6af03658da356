import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { endpointsOf, type Reached } from "../../src/onboard/endpoints";
import type { KitHost } from "../../src/onboard/kit/host";
import { SIGNALS, type OnboardFile } from "../../src/onboard/model";
import { loopback } from "../servers";

const REACHED: Reached = {
  endpoints: { otlpGrpc: "telemetry.example.net:4317", otlpHttp: "https://telemetry.example.net:4318" },
  keycloakUrl: "https://telemetry.example.net:8090",
};

export const AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** A host of tenant mx far from the environment. */
export const kitHost = (changes: Partial<KitHost> = {}, reached = REACHED): KitHost => ({
  environment: "stack prod",
  option: " --stack prod",
  tenant: "mx",
  organisation: "tenant-mx",
  clientId: "agent-mx",
  signals: SIGNALS,
  endpoints: endpointsOf(reached),
  listen: { grpc: "127.0.0.1:4317", http: "127.0.0.1:4318" },
  authority: AUTHORITY,
  directory: "/opt/atalaya/agent-mx",
  logFiles: "/var/log/*.log",
  ...changes,
});

/** Puts a kit's files where a test can use them. */
export function placeKit(directory: string, files: readonly OnboardFile[]): void {
  for (const { path, content, mode } of files) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content, { mode });
  }
}

export const contentOf = (files: readonly OnboardFile[], path: string): string => {
  const found = files.find((file) => file.path === path);
  if (found === undefined) throw new Error(`no ${path} among ${files.map((file) => file.path).join(", ")}`);
  return found.content;
};

/** Whether a text is an argument or a variable of any process that runs. */
export const inSomeProcess = (text: string): boolean =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`)
    .some((pid) => ["cmdline", "environ"].some((file) => readOr(`/proc/${pid}/${file}`).includes(text)));

function readOr(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

export type Issue = (
  form: URLSearchParams,
  incoming: IncomingMessage,
) => { status: number; body: string } | "hang";

/** Stands for Keycloak's token endpoint: what it answers is the test's, and what was asked is kept. */
export class FakeIssuer implements AsyncDisposable {
  readonly asked: URLSearchParams[] = [];
  answer: Issue;
  readonly #server = createServer((incoming, response) => {
    void this.#take(incoming, response);
  });

  private constructor(answer: Issue) {
    this.answer = answer;
  }

  static async listen(answer: Issue): Promise<FakeIssuer> {
    const issuer = new FakeIssuer(answer);
    await new Promise<void>((resolve) => {
      issuer.#server.listen(0, loopback, resolve);
    });
    return issuer;
  }

  get url(): string {
    return `http://${loopback}:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    this.asked.push(form);
    const answer = this.answer(form, incoming);
    if (answer === "hang") return;
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A script that runs until it is told to stop. */
export class Script implements AsyncDisposable {
  output = "";
  readonly ended: Promise<number | null>;
  readonly #child;

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn("sh", [file, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }
}
