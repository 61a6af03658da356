import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TENANT_HEADER } from "../../src/model/headers";
import { server } from "../../src/lab/servers/installed";
import { loopback } from "../../src/lab/servers/net";
import { start, type Running } from "../../src/lab/servers/process";
import { extension, type Message } from "../../src/render/envoy/protobuf";
import { toYaml } from "../../src/render/yaml";

const LOG = "envoy.extensions.access_loggers.file.v3.FileAccessLog";

/** Answers 200 to everything, without a body, and notes of each request whose it was. */
const listener = (port: number, log: string): Message => ({
  name: "counter",
  address: { socket_address: { address: loopback, port_value: port } },
  filter_chains: [
    {
      filters: [
        extension(
          "envoy.filters.network.http_connection_manager",
          "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          {
            stat_prefix: "counter",
            access_log: [
              extension("file", LOG, {
                path: log,
                log_format: {
                  text_format_source: {
                    inline_string: `%REQ(${TENANT_HEADER})% %REQ(authorization)% %RESPONSE_CODE%\n`,
                  },
                },
              }),
            ],
            route_config: {
              virtual_hosts: [
                {
                  name: "counter",
                  domains: ["*"],
                  routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
                },
              ],
            },
            http_filters: [
              // Reads the body first: answered before it is whole, Envoy would close the connection.
              extension("envoy.filters.http.buffer", "envoy.extensions.filters.http.buffer.v3.Buffer", {
                max_request_bytes: 65_536,
              }),
              extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
            ],
          },
        ),
      ],
    },
  ],
});

/** What stands for Mimir, Loki and Tempo: an Envoy that answers by itself, and counts by tenant. */
export class Counter implements AsyncDisposable {
  private constructor(
    private readonly process: Running,
    private readonly log: string,
    readonly port: number,
  ) {}

  static async start(directory: string, take: () => Promise<number>): Promise<Counter> {
    const [admin, port] = [await take(), await take()];
    mkdirSync(directory, { recursive: true });
    const [file, log] = [join(directory, "counter.yaml"), join(directory, "counted.log")];
    const bootstrap: Message = {
      admin: { address: { socket_address: { address: loopback, port_value: admin } } },
      static_resources: { listeners: [listener(port, log)] },
    };
    writeFileSync(file, toYaml(bootstrap));
    const args = ["--config-path", file, "--disable-hot-restart", "--concurrency", "1"];
    const process = await start(server("envoy").bin, [...args, "--file-flush-interval-msec", "200"], {
      logFile: join(directory, "counter-envoy.log"),
      ready: { url: `http://${loopback}:${admin}/ready` },
    });
    return new Counter(process, log, port);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Requests since the last time, by tenant. Throws when one brought a credential. */
  taken(): ReadonlyMap<string, number> {
    const lines = existsSync(this.log) ? readFileSync(this.log, "utf8").trimEnd().split("\n") : [];
    const counts = new Map<string, number>();
    for (const line of lines.filter((one) => one !== "")) {
      const [tenant = "-", credential, status] = line.split(" ");
      if (credential !== "-" || status !== "200")
        throw new Error(`A request arrived badly: ${status ?? line}`);
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
    }
    if (lines.length > 0) truncateSync(this.log);
    return counts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process.stop();
  }
}
