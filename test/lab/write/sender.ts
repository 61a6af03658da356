import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOKEN_PATH } from "../../../src/client/token";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import type { Signal } from "../../../src/model/names";
import { toYaml } from "../../../src/render/yaml";
import { freePort, loopback, server, start, tempDir, type Running } from "../../servers";
import { route } from "../faults/load";
import type { Fault, Faulty } from "./faulty";

/** One way to send: an exporter of the OpenTelemetry Collector, its settings beside the address and the credential. */
export interface Way {
  /** `[a-z0-9]+`: stands in its items' marks. */
  readonly name: string;
  readonly exporter: "otlp_grpc" | "otlp_http" | "prometheusremotewrite";
  readonly signal: Signal;
  readonly settings: Readonly<Record<string, unknown>>;
}

const way =
  (exporter: Way["exporter"]) =>
  (name: string, signal: Signal, settings: Way["settings"] = {}): Way => ({
    name,
    exporter,
    signal,
    settings,
  });
export const grpc = way("otlp_grpc");
export const http = way("otlp_http");
export const remoteWrite = (name: string, settings: Way["settings"] = {}): Way =>
  way("prometheusremotewrite")(name, "metrics", {
    target_info: { enabled: false },
    add_metric_suffixes: false,
    ...settings,
  });
const RW2 = { protobuf_message: "io.prometheus.write.v2.Request" };

/** With what the collector does by itself when nobody says anything: five seconds, then longer, for five minutes. */
export const OTLP: readonly Way[] = [
  grpc("grpc", "logs"),
  grpc("grpcplain", "traces", { compression: "none" }),
  grpc("grpcsnappy", "metrics", { compression: "snappy" }),
  http("http", "metrics"),
  http("httpplain", "logs", { compression: "none" }),
  http("httpjson", "traces", { encoding: "json" }),
  http("httpsnappy", "traces", { compression: "snappy" }),
  http("httpdeflate", "logs", { compression: "deflate" }),
  http("httplz4", "metrics", { compression: "lz4" }),
];
/** Its exporter for remote write gives an item up after `timeout`, with all attempts: five seconds. */
export const REMOTE_WRITE: readonly Way[] = [remoteWrite("rw1"), remoteWrite("rw2", RW2)];
export const PATIENT: readonly Way[] = [
  remoteWrite("rw1patient", { timeout: "90s" }),
  remoteWrite("rw2patient", { timeout: "90s", ...RW2 }),
];

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

const clientOf = (lab: Lab, tenant: string, client: string): Client => {
  const { tenants } = JSON.parse(readFileSync(lab.outputsFile, "utf8")) as {
    readonly tenants: Readonly<Record<string, { readonly clients: Readonly<Record<string, Client>> }>>;
  };
  const found = Object.values(tenants[tenant]?.clients ?? {}).find(({ clientId }) => clientId === client);
  if (found === undefined) throw new Error(`no client ${client}`);
  return found;
};

const endpoint = (lab: Lab, { exporter }: Way): string => {
  if (exporter === "otlp_grpc") return lab.urls.otlpGrpc;
  return exporter === "otlp_http"
    ? lab.urls.otlpHttp
    : `${lab.urls.otlpHttp}${route("prometheus-push").path}`;
};

/** A real OpenTelemetry Collector beside the lab: takes items on a port for each way, and sends them to the edge as an agent. */
export class Sender implements AsyncDisposable {
  private constructor(
    private readonly running: Running,
    private readonly ports: ReadonlyMap<Way, number>,
    private readonly dispose: () => void,
  ) {}

  static async open(lab: Lab, tenant: string, ways: readonly Way[]): Promise<Sender> {
    const dir = tempDir();
    const ports = new Map<Way, number>();
    for (const one of ways) ports.set(one, await freePort());
    const file = join(dir.path, "sender.yaml");
    writeFileSync(file, configuration(lab, clientOf(lab, tenant, `agent-${tenant}`), ports), { mode: 0o600 });
    const [first = 0] = ports.values();
    const running = await start(
      server("otelcol").bin,
      ["--config", file, "--feature-gates", "+exporter.prometheusremotewritexporter.enableSendingRW2"],
      { ready: { port: first }, logFile: join(dir.path, "log"), ownGroup: true },
    );
    return new Sender(running, ports, () => {
      dir.remove();
    });
  }

  /** Gives it one item; it has taken it when this returns. */
  async give(way: Way, mark: string): Promise<void> {
    const { contentType, body } = marked(route(`otlp-http-${way.signal}`), mark);
    const response = await fetch(`http://${loopback}:${this.ports.get(way) ?? 0}/v1/${way.signal}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: new Uint8Array(body),
    });
    if (response.status !== 200) throw new Error(`the sender answers ${response.status}`);
    await response.arrayBuffer();
  }

  /** Items of these ways with these faults, all at once. */
  async giveAll(
    faulty: Faulty,
    ways: readonly Way[],
    faults: readonly Fault[],
    count: number,
  ): Promise<void> {
    const items = ways.flatMap((way) =>
      faults.flatMap((fault) => Array.from({ length: count }, () => [way, fault] as const)),
    );
    await Promise.all(items.map(([way, fault]) => this.give(way, faulty.mark(way.name, fault))));
  }

  /** Its log so far. */
  log(): string {
    return this.running.output();
  }

  /** What it says of items that it gave up. */
  dropped(): readonly string[] {
    return this.log()
      .split("\n")
      .filter((line) => /Exporting failed\. (Dropping|Rejecting) data|Partial success/.test(line))
      .map((line) => line.slice(0, 600));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop();
    this.dispose();
  }
}

function configuration(lab: Lab, client: Client, ports: ReadonlyMap<Way, number>): string {
  const ways = [...ports];
  return toYaml({
    receivers: Object.fromEntries(
      ways.map(([{ name }, port]) => [
        `otlp/${name}`,
        { protocols: { http: { endpoint: `${loopback}:${port}` } } },
      ]),
    ),
    exporters: Object.fromEntries(
      ways.map(([one]) => [
        `${one.exporter}/${one.name}`,
        {
          endpoint: endpoint(lab, one),
          tls: { ca_file: lab.caFile },
          auth: { authenticator: "oauth2client" },
          ...one.settings,
        },
      ]),
    ),
    extensions: {
      oauth2client: {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        token_url: `${lab.urls.keycloak}${TOKEN_PATH}`,
        expiry_buffer: "60s",
      },
    },
    service: {
      extensions: ["oauth2client"],
      pipelines: Object.fromEntries(
        ways.map(([{ name, signal, exporter }]) => [
          `${signal}/${name}`,
          { receivers: [`otlp/${name}`], exporters: [`${exporter}/${name}`] },
        ]),
      ),
      telemetry: { metrics: { level: "none" } },
    },
  });
}
