import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DEFAULT_PLAN } from "../../src/model/plans";
import { containerTopology } from "../../src/model/topology";
import { duration, size } from "../../src/model/units";
import { renderEnvironment } from "../../src/render";
import { ENVIRONMENT, input, tenant } from "./input";

type Tree = Readonly<Record<string, unknown>>;

/** The parsed YAML at `path` of the rendered files. */
function yaml(path: string, of = input()): Tree {
  const file = renderEnvironment(of).find((entry) => entry.path === path);
  return parse(file?.content ?? "") as Tree;
}
const overrides = (service: string, of = input()) =>
  (yaml(`${service}/live/overrides.yaml`, of) as { overrides: Readonly<Record<string, Tree>> }).overrides;

describe("Mimir, Loki and Tempo", () => {
  it.each(["mimir", "loki", "tempo"])("%s knows the tenants and the platform, nobody else", (service) => {
    expect(Object.keys(overrides(service))).toEqual([
      "tenant-co",
      "tenant-mx",
      "tenant-pe",
      "tenant-platform",
    ]);
  });

  it("tell tenants apart and refuse to read several at once", () => {
    expect(yaml("mimir/mimir.yaml")).toMatchObject({
      multitenancy_enabled: true,
      tenant_federation: { enabled: false },
    });
    expect(yaml("loki/loki.yaml")).toMatchObject({
      auth_enabled: true,
      querier: { multi_tenant_queries_enabled: false },
    });
    expect(yaml("tempo/tempo.yaml")).toMatchObject({
      multitenancy_enabled: true,
      query_frontend: { multi_tenant_queries_enabled: false },
    });
  });

  it("store nothing for whom the overrides do not name", () => {
    expect(yaml("mimir/mimir.yaml")).toMatchObject({
      limits: { ingestion_rate: 0, ingestion_burst_size: 0 },
    });
    expect(yaml("loki/loki.yaml")).toMatchObject({
      limits_config: { ingestion_rate_mb: 0, ingestion_burst_size_mb: 0 },
    });
    expect(yaml("tempo/tempo.yaml")).toMatchObject({
      overrides: { defaults: { ingestion: { rate_limit_bytes: 0, burst_size_bytes: 0 } } },
    });
  });

  it("take no larger request than the edge lets through, and bound what it unpacks to", () => {
    const largest = 16 * 1024 ** 2;
    expect(yaml("mimir/mimir.yaml")).toMatchObject({
      distributor: {
        max_recv_msg_size: largest,
        max_otlp_request_size: 4 * largest,
        max_request_pool_buffer_size: largest,
        // An eighth of 512 MiB, and never less than one request.
        instance_limits: { max_inflight_push_requests_bytes: 4 * largest },
      },
    });
    expect(yaml("loki/loki.yaml")).toMatchObject({
      distributor: { max_recv_msg_size: largest, max_decompressed_size: 4 * largest },
    });
    const otlp = { grpc: { max_recv_msg_size_mib: 16 }, http: { max_request_body_size: largest } };
    expect(yaml("tempo/tempo.yaml")).toMatchObject({
      distributor: { receivers: { otlp: { protocols: otlp } } },
    });
  });

  it("leave Mimir's queries half of its memory, and its series what the environment carries", () => {
    const sizes = { ...ENVIRONMENT.sizes, mimir: { memory: size("8GiB"), cpus: 4 } };
    expect(yaml("mimir/mimir.yaml", input(undefined, { ...ENVIRONMENT, sizes }))).toMatchObject({
      distributor: { instance_limits: { max_inflight_push_requests_bytes: size("1GiB") } },
      ingester: { instance_limits: { max_series: 2_000_000 } },
      limits: { max_estimated_memory_consumption_per_query: size("512MiB") },
      querier: { max_concurrent: 8 },
    });
  });

  it("keep what a removed tenant left no longer than the environment keeps anything", () => {
    const maximumRetention = { metrics: duration("2d"), logs: duration("3d"), traces: duration("4d") };
    const of = input([], { ...ENVIRONMENT, maximumRetention });
    expect(yaml("mimir/mimir.yaml", of)).toMatchObject({
      limits: { compactor_blocks_retention_period: "2d" },
    });
    expect(yaml("loki/loki.yaml", of)).toMatchObject({ limits_config: { retention_period: "3d" } });
    expect(yaml("tempo/tempo.yaml", of)).toMatchObject({
      overrides: { defaults: { compaction: { block_retention: "4d" } } },
    });
  });

  it.each(["mimir", "loki", "tempo"])("%s talks gRPC to itself alone", (service) => {
    expect(yaml(`${service}/${service}.yaml`)).toMatchObject({
      server: { http_listen_address: "0.0.0.0", grpc_listen_address: "127.0.0.1" },
    });
    const { services, agents, urls } = containerTopology([], input().topology.urls);
    const local = Object.fromEntries(
      Object.entries(services).map(([id, place]) => [id, { ...place, bind: "127.0.0.3" }]),
    ) as unknown as typeof services;
    const config = yaml(`${service}/${service}.yaml`, {
      environment: ENVIRONMENT,
      tenants: [],
      topology: { services: local, agents, urls },
    });
    expect(JSON.stringify(config)).not.toMatch(/0\.0\.0\.0|127\.0\.0\.1/);
  });

  it("keep no longer what is the platform's than the environment keeps anything", () => {
    const maximumRetention = { metrics: duration("2d"), logs: duration("3d"), traces: duration("4d") };
    const of = input([], { ...ENVIRONMENT, maximumRetention });
    expect(overrides("mimir", of)["tenant-platform"]).toMatchObject({
      compactor_blocks_retention_period: "2d",
    });
    expect(overrides("loki", of)["tenant-platform"]).toMatchObject({
      retention_period: "3d",
      max_query_lookback: "3d",
    });
    expect(overrides("tempo", of)["tenant-platform"]).toMatchObject({
      compaction: { block_retention: "4d" },
    });
  });
});

describe("Loki's retention", () => {
  const logs = {
    application: duration("30d"),
    system: duration("7d"),
    access: duration("90d"),
    "a-b": duration("1d"),
  };
  const block = overrides("loki", input([tenant("mx", { retention: { ...DEFAULT_PLAN.retention, logs } })]))[
    "tenant-mx"
  ];

  it("is each class's own, and application's for the rest", () => {
    expect(block).toMatchObject({
      retention_period: "30d",
      retention_stream: [
        { selector: '{log_class="a-b"}', priority: 1, period: "1d" },
        { selector: '{log_class="access"}', priority: 1, period: "90d" },
        { selector: '{log_class="system"}', priority: 1, period: "7d" },
      ],
    });
  });

  it("bounds what is looked at by the longest class", () => {
    expect(block).toMatchObject({ max_query_lookback: "90d" });
  });

  it("has a class to go by: the attribute becomes a label", () => {
    expect(yaml("loki/loki.yaml")).toMatchObject({
      compactor: { retention_enabled: true, delete_request_store: "filesystem" },
      distributor: {
        otlp_config: {
          default_resource_attributes_as_index_labels: expect.arrayContaining([
            "service.name",
            "log.class",
          ]) as unknown,
        },
      },
    });
  });
});
