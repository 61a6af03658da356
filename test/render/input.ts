import type { Environment } from "../../src/model/environment";
import { defaultAgentId, orgId, serviceClientId, type ClientId, type TenantId } from "../../src/model/names";
import { DEFAULT_PLAN } from "../../src/model/plans";
import type { Tenant } from "../../src/model/tenant";
import { containerTopology } from "../../src/model/topology";
import { byteRate, duration, rate, size } from "../../src/model/units";
import type { RenderInput } from "../../src/render/input";

const small = { memory: size("512MiB"), cpus: 1 };

export const ENVIRONMENT: Environment = {
  name: "dev",
  host: "docker",
  domain: "localhost",
  publish: {
    address: "127.0.0.1",
    ports: { otlpGrpc: 4317, otlpHttp: 4318, keycloak: 8090, grafana: 3000 },
  },
  debugPorts: false,
  capacity: {
    requests: rate("1000/s"),
    samples: rate("100000/s"),
    activeSeries: 1_000_000,
    logs: byteRate("50MiB/s"),
    traces: byteRate("50MiB/s"),
  },
  overCapacity: "warn",
  maximumRetention: { metrics: duration("400d"), logs: duration("400d"), traces: duration("30d") },
  sizes: {
    envoy: small,
    auth: small,
    keycloak: small,
    postgres: small,
    redis: { memory: size("256MiB"), cpus: 1 },
    "alloy-gateway": small,
    mimir: small,
    loki: small,
    tempo: small,
    grafana: small,
    agent: small,
  },
  trustedProxies: 0,
  identityProviders: [],
  upstreams: [],
  demonstrationUsers: true,
};

export function tenant(id: string, changes: Partial<Tenant> = {}): Tenant {
  const tenantId = id as TenantId;
  const { limits, retention, sampling } = DEFAULT_PLAN;
  return {
    id: tenantId,
    orgId: orgId(tenantId),
    name: id.toUpperCase(),
    plan: "default",
    state: "active",
    limits,
    retention,
    sampling,
    agents: [{ id: defaultAgentId(tenantId) }],
    services: [
      { name: "shop", clientId: serviceClientId(tenantId, "shop"), scopes: ["orders:write", "orders:read"] },
    ],
    contacts: [],
    ...changes,
  };
}

export const TENANTS: readonly Tenant[] = [tenant("co"), tenant("mx"), tenant("pe", { state: "suspended" })];

const URLS = {
  keycloak: "http://localhost:8090",
  grafana: "http://localhost:3000",
  otlpHttp: "https://localhost:4318",
  otlpGrpc: "localhost:4317",
};

/** The containers of these tenants. */
export function input(tenants: readonly Tenant[] = TENANTS, environment = ENVIRONMENT): RenderInput {
  const agents: readonly ClientId[] = tenants.flatMap((of) => of.agents.map(({ id }) => id));
  return { environment, tenants, topology: containerTopology(agents, URLS) };
}
