import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import {
  freePort,
  loopback,
  run,
  sendTcp,
  server,
  start,
  startPostgres,
  tempDir,
  type TempDir,
} from "./index";

let dir: TempDir;
beforeEach(() => (dir = tempDir()));
afterEach(() => {
  dir.remove();
});

/** Writes a config as JSON, which is YAML too, and returns its path. */
function configFile(name: string, content: unknown): string {
  const path = join(dir.path, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe("envoy 1.40.0", () => {
  const bootstrap = (admin: number, listener: number) => ({
    admin: { address: { socket_address: { address: loopback, port_value: admin } } },
    static_resources: {
      listeners: [
        {
          name: "hello",
          address: { socket_address: { address: loopback, port_value: listener } },
          filter_chains: [{ filters: [directResponse("hello from envoy\n")] }],
        },
      ],
    },
  });
  const directResponse = (text: string) => ({
    name: "envoy.filters.network.direct_response",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config",
      response: { inline_string: text },
    },
  });

  it("says its version", async () => {
    const { code, stdout } = await run(server("envoy").bin, ["--version"]);
    expect({ code, version: /version: [0-9a-f]+\/([^/]+)\//.exec(stdout)?.[1] }).toEqual({
      code: 0,
      version: "1.40.0",
    });
  });

  it("validates a bootstrap, and refuses one with a field that it does not know", async () => {
    const validate = (file: string) => run(server("envoy").bin, ["--mode", "validate", "-c", file]);
    const good = await validate(configFile("good.json", bootstrap(0, 0)));
    const bad = await validate(configFile("bad.json", { static_resources: { listenerz: [] } }));
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/configuration '.*' OK/) as string });
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining("listenerz") as string });
  });

  it("serves", async () => {
    const [admin, listener] = [await freePort(), await freePort()];
    const config = configFile("envoy.json", bootstrap(admin, listener));
    const ready = { url: `http://${loopback}:${admin}/ready` };
    await using envoy = await start(server("envoy").bin, ["--disable-hot-restart", "-c", config], { ready });
    expect(String(await sendTcp(listener, ""))).toBe("hello from envoy\n");
    expect(envoy.running()).toBe(true);
  });
});

describe("otelcol 0.158.0", () => {
  const otlp = (port: number) => ({ otlp: { protocols: { http: { endpoint: `${loopback}:${port}` } } } });

  it("says its version and holds exactly the components of its recipe", async () => {
    const { code, stdout } = await run(server("otelcol").bin, ["components"]);
    expect(code).toBe(0);
    const said = parse(stdout) as Record<
      string,
      { readonly version?: string } & readonly { readonly name: string }[]
    >;
    const names = (kind: string) => said[kind]?.map(({ name }) => name).sort();
    expect(said["buildinfo"]?.version).toBe("0.158.0");
    expect(names("receivers")).toEqual(["file_log", "host_metrics", "jaeger", "otlp", "zipkin"]);
    expect(names("processors")).toEqual([
      "attributes",
      "batch",
      "memory_limiter",
      "redaction",
      "resource",
      "tail_sampling",
      "transform",
    ]);
    // The names that everybody writes (otlp, otlphttp, servicegraph, spanmetrics) are aliases of these: the next test.
    expect(names("connectors")).toEqual(["service_graph", "span_metrics"]);
    expect(names("exporters")).toEqual([
      "debug",
      "file",
      "otlp_grpc",
      "otlp_http",
      "prometheus_remote_write",
    ]);
    expect(names("extensions")).toEqual([
      "bearertokenauth",
      "file_storage",
      "headers_setter",
      "health_check",
      "oauth2client",
    ]);
  });

  it("takes every component's usual name in a config", async () => {
    const endpoint = "http://127.0.0.1:1";
    const config = configFile("all.yaml", {
      extensions: {
        file_storage: { directory: dir.path },
        headers_setter: { headers: [{ key: "X-Scope-OrgID", from_context: "x-scope-orgid" }] },
        health_check: {},
        oauth2client: { client_id: "agent-mx", client_secret: "test-only", token_url: endpoint },
      },
      receivers: otlp(0),
      processors: {
        attributes: { actions: [{ key: "a", action: "delete" }] },
        batch: {},
        memory_limiter: { check_interval: "1s", limit_mib: 100 },
        redaction: { allow_all_keys: true },
        resource: { attributes: [{ key: "a", action: "delete" }] },
        tail_sampling: { policies: [{ name: "all", type: "always_sample" }] },
        transform: {
          error_mode: "propagate",
          trace_statements: [
            {
              context: "resource",
              statements: ['delete_matching_keys(resource.attributes, "^tenant\\\\.id$")'],
            },
            {
              context: "resource",
              statements: [
                'set(resource.attributes["tenant.id"], otelcol.client.metadata["x-scope-orgid"][0])',
              ],
            },
          ],
        },
      },
      connectors: { servicegraph: {}, spanmetrics: {} },
      exporters: {
        debug: {},
        file: { path: join(dir.path, "out.json") },
        otlp: { endpoint: "127.0.0.1:1", tls: { insecure: true } },
        otlphttp: { endpoint, auth: { authenticator: "headers_setter" }, sending_queue: { enabled: false } },
      },
      service: {
        extensions: ["file_storage", "headers_setter", "health_check", "oauth2client"],
        pipelines: {
          traces: {
            receivers: ["otlp"],
            processors: [
              "memory_limiter",
              "transform",
              "attributes",
              "resource",
              "redaction",
              "tail_sampling",
              "batch",
            ],
            exporters: ["debug", "file", "otlp", "otlphttp", "servicegraph", "spanmetrics"],
          },
          metrics: { receivers: ["servicegraph", "spanmetrics"], exporters: ["debug"] },
        },
      },
    });
    expect(await run(server("otelcol").bin, ["validate", "--config", config])).toMatchObject({ code: 0 });
  });

  it("accepts telemetry and writes it out", async () => {
    const [health, port, out] = [await freePort(), await freePort(), join(dir.path, "out.json")];
    const config = configFile("otelcol.yaml", {
      extensions: { health_check: { endpoint: `${loopback}:${health}`, path: "/health" } },
      receivers: otlp(port),
      exporters: { file: { path: out } },
      service: {
        extensions: ["health_check"],
        telemetry: { metrics: { level: "none" } },
        pipelines: { logs: { receivers: ["otlp"], exporters: ["file"] } },
      },
    });
    const ready = { url: `http://${loopback}:${health}/health` };
    const collector = await start(server("otelcol").bin, ["--config", config], { ready });
    const records = [{ body: { stringValue: "hello" } }];
    const answer = await fetch(`http://${loopback}:${port}/v1/logs`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }),
    });
    await collector.stop();
    expect(answer.status).toBe(200);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual({
      resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: records }] }],
    });
  });
});

describe("alloyfmt with Alloy's syntax 0.1.1", () => {
  it("formats a file, and refuses one that does not parse", async () => {
    const file = join(dir.path, "config.alloy");
    const format = () => run(server("alloyfmt").bin, [file]);
    writeFileSync(file, 'logging{level="info"}');
    expect(await format()).toEqual({ code: 0, stdout: 'logging {\n\tlevel = "info"\n}\n', stderr: "" });
    writeFileSync(file, "logging {");
    expect(await format()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("config.alloy") as string,
    });
  });
});

describe("redis 7.0", () => {
  it("says its version and answers PING", async () => {
    const { bin, version } = server("redis");
    expect(version).toMatch(/^7\.0\.\d+$/);
    expect((await run(bin, ["--version"])).stdout).toContain(`v=${version} `);

    const port = await freePort();
    const flags = ["--port", String(port), "--bind", loopback, "--save", "", "--dir", dir.path];
    await using redis = await start(bin, flags, { ready: { port } });
    expect(String(await sendTcp(port, "PING\r\n"))).toBe("+PONG\r\n");
    expect(redis.running()).toBe(true);
  });
});

describe("postgresql 18.4", () => {
  it("makes a database, starts and answers SQL", async () => {
    await using postgres = await startPostgres();
    expect(await postgres.query("SHOW server_version")).toEqual([["18.4"]]);
    expect(await postgres.query("SELECT version()")).toEqual([[expect.stringMatching(/^PostgreSQL 18\.4 /)]]);
    expect(await postgres.query("SELECT 1, NULL, 'á' UNION ALL SELECT 2, 'x', ''")).toEqual([
      ["1", null, "á"],
      ["2", "x", ""],
    ]);
    await expect(postgres.query("SELECT nothing")).rejects.toThrow('column "nothing" does not exist');
  });
});

describe("a server that is not installed", () => {
  it("fails the test that needs it, with the remedy", () => {
    vi.stubEnv("ATALAYA_CACHE", dir.path);
    expect(() => server("envoy")).toThrow("envoy 1.40.0 is not installed. Run: npm run servers");
    writeFileSync(
      join(dir.path, "servers.json"),
      JSON.stringify({ redis: { version: "7.2.1", bin: process.execPath } }),
    );
    expect(() => server("redis")).toThrow(
      "redis 7.2.1 is installed, but 7.0 is pinned. Run: npm run servers",
    );
    vi.unstubAllEnvs();
  });
});
