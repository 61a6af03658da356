import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TENANT_HEADER } from "../../src/model/headers";
import { server } from "../../src/lab/servers/installed";
import { loopback } from "../../src/lab/servers/net";
import { start, type Running } from "../../src/lab/servers/process";
import { extension, type Message } from "../../src/render/envoy/protobuf";
import { toYaml } from "../../src/render/yaml";

/** `strict` answers 200 to a request of the expected tenant that brings no credential, and 400 to all else; `open` to everyone. */
export const GATES = ["strict", "open"] as const;
export type Gate = (typeof GATES)[number];

const absent = (name: string): Message => ({ name, present_match: true, invert_match: true });

const answer = (status: number, match: Message): Message => ({ match, direct_response: { status } });

const routes = (gate: Gate, tenant: string): readonly Message[] => {
  if (gate === "open") return [answer(200, { prefix: "/" })];
  const headers = [
    { name: TENANT_HEADER, string_match: { exact: tenant } },
    absent("authorization"),
    absent("x-api-key"),
  ];
  return [answer(200, { prefix: "/", headers }), answer(400, { prefix: "/" })];
};

const listener = (gate: Gate, port: number, tenant: string): Message => ({
  name: gate,
  address: { socket_address: { address: loopback, port_value: port } },
  filter_chains: [
    {
      filters: [
        extension(
          "envoy.filters.network.http_connection_manager",
          "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          {
            stat_prefix: gate,
            route_config: { virtual_hosts: [{ name: gate, domains: ["*"], routes: routes(gate, tenant) }] },
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

export interface Counted {
  readonly good: number;
  readonly bad: number;
}

/** What stands for all backends: one more Envoy that answers by itself, without log or body, and counts. */
export class Upstream implements AsyncDisposable {
  private constructor(
    private readonly process: Running,
    private readonly admin: number,
    readonly ports: Readonly<Record<Gate, number>>,
  ) {}

  static async start(directory: string, tenant: string, port: () => Promise<number>): Promise<Upstream> {
    const admin = await port();
    const ports = { strict: await port(), open: await port() };
    const bootstrap: Message = {
      admin: { address: { socket_address: { address: loopback, port_value: admin } } },
      static_resources: { listeners: GATES.map((gate) => listener(gate, ports[gate], tenant)) },
    };
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "bootstrap.yaml");
    writeFileSync(file, toYaml(bootstrap));
    const process = await start(
      server("envoy").bin,
      ["--config-path", file, "--disable-hot-restart", "--concurrency", "1"],
      { logFile: join(directory, "upstream.log"), ready: { url: `http://${loopback}:${admin}/ready` } },
    );
    return new Upstream(process, admin, ports);
  }

  /** Answers of a gate so far. */
  async counted(gate: Gate): Promise<Counted> {
    const response = await fetch(
      `http://${loopback}:${this.admin}/stats?filter=^http.${gate}.downstream_rq_.xx`,
    );
    const lines = (await response.text()).trim().split("\n");
    const count = (klass: string): number =>
      Number(
        lines
          .find((line) => line.includes(`downstream_rq_${klass}`))
          ?.split(" ")
          .at(-1) ?? Number.NaN,
      );
    return { good: count("2xx"), bad: count("3xx") + count("4xx") + count("5xx") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process.stop();
  }
}
