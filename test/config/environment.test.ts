import { describe, expect, it } from "vitest";
import { formatProblem, parseEnvironment, parseStack } from "../../src/config";
import { DEFAULT_SIZES } from "../../src/config/sizes";
import { size } from "../../src/model/units";
import { stackOf } from "./helpers";

const FILE = "Pulumi.dev.yaml";
type Settings = Readonly<Record<string, unknown>>;
const environment = (settings: Settings) => parseEnvironment("dev", stackOf(settings), FILE);
const warnings = (settings: Settings): string[] =>
  parseStack("dev", stackOf(settings), FILE).warnings.map(formatProblem);

it("fills in what a stack does not say", () => {
  expect(environment({})).toEqual({
    name: "dev",
    host: "docker",
    domain: "localhost",
    publish: {
      address: "127.0.0.1",
      ports: { otlpGrpc: 4317, otlpHttp: 4318, keycloak: 8090, grafana: 3000 },
    },
    debugPorts: false,
    capacity: {
      requests: 500,
      samples: 50_000,
      activeSeries: 1_000_000,
      logs: 10 * 1024 ** 2,
      traces: 20 * 1024 ** 2,
    },
    overCapacity: "warn",
    maximumRetention: { metrics: 400 * 86_400, logs: 400 * 86_400, traces: 90 * 86_400 },
    sizes: DEFAULT_SIZES,
    trustedProxies: 0,
    identityProviders: [],
    upstreams: [],
    demonstrationUsers: false,
  });
});

it("takes the project's empty defaults for nothing said", () => {
  const empty = {
    publish: {},
    maximumRetention: {},
    sizes: {},
    clientSecrets: {},
    upstreams: [],
    imageRegistry: "",
  };
  expect(environment(empty)).toEqual(environment({}));
});

it("takes texts, numbers, booleans and JSON as the engine hands them over", () => {
  const provider = {
    alias: "corp",
    displayName: "Corporation",
    issuer: "https://login.example.com",
    authorizationUrl: "https://login.example.com/authorize",
    tokenUrl: "https://login.example.com/token",
    jwksUrl: "https://login.example.com/keys",
    clientId: "atalaya",
    clientSecretKey: "corp-secret",
  };
  const found = environment({
    host: "kubernetes",
    tenants: "lists/all.yaml",
    publish: { address: "::1", ports: { grafana: 3001 } },
    debugPorts: true,
    imageRegistry: "mirror.example.com:5000/proxy",
    maximumRetention: { logs: "60d" },
    sizes: { mimir: { memory: "4GiB" }, agent: { cpus: 0.25 } },
    trustedProxies: 2,
    identityProviders: [provider],
    demonstrationUsers: "true",
    "docker:host": "tcp://ignored",
  });
  expect(found).toMatchObject({
    host: "kubernetes",
    publish: { address: "::1", ports: { otlpGrpc: 4317, grafana: 3001 } },
    debugPorts: true,
    imageRegistry: "mirror.example.com:5000/proxy",
    maximumRetention: { metrics: 400 * 86_400, logs: 60 * 86_400 },
    trustedProxies: 2,
    identityProviders: [provider],
    demonstrationUsers: true,
  });
  expect(found.sizes.mimir).toEqual({ memory: size("4GiB"), cpus: DEFAULT_SIZES.mimir.cpus });
  expect(found.sizes.agent).toEqual({ memory: DEFAULT_SIZES.agent.memory, cpus: 0.25 });
  expect(parseStack("dev", stackOf({ tenants: "lists/all.yaml" }), FILE).tenants).toBe("lists/all.yaml");
  expect(parseStack("dev", stackOf({ imageRegistry: "", tenants: "" }), FILE).tenants).toBe("tenants.yaml");
});

it("takes how client secrets are renewed, and nothing where they stay", () => {
  const clientSecrets = { rotateEvery: "90d", overlap: "15m" };
  expect(environment({ clientSecrets }).clientSecrets).toEqual({
    rotateEvery: 90 * 86_400,
    overlap: 900,
    leaked: {},
  });
  const leaked = { "agent-mx": "2027-01-15T08:00:00Z" };
  expect(environment({ clientSecrets: { ...clientSecrets, leaked } }).clientSecrets?.leaked).toEqual({
    "agent-mx": 1_800_000_000,
  });
  expect(environment({})).not.toHaveProperty("clientSecrets");
});

describe("what should be deliberate is a warning", () => {
  it("publishing on an address that is not loopback", () => {
    expect(warnings({ publish: { address: "192.0.2.10" } })).toEqual([
      'Pulumi.dev.yaml: atalaya:publish.address "192.0.2.10" is not loopback: others on the network reach the edge, and Keycloak and Grafana without TLS. Keep it only if that is meant, and put a TLS proxy or a firewall in front.',
    ]);
    for (const address of ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1"])
      expect(warnings({ publish: { address } })).toEqual([]);
  });
  it.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])("publishing on every address, such as %s", (address) => {
    expect(warnings({ publish: { address } })).toEqual([
      `Pulumi.dev.yaml: atalaya:publish.address "${address}" is every address of this machine: whoever reaches one of its networks reaches the edge, and Keycloak and Grafana without TLS. Name the one address that is meant, or keep it only behind a TLS proxy or a firewall.`,
    ]);
  });
  it("demonstration users where others come", () => {
    expect(warnings({ demonstrationUsers: "true" })).toEqual([]);
    expect(warnings({ demonstrationUsers: "true", host: "kubernetes" })).toEqual([
      "Pulumi.dev.yaml: atalaya:demonstrationUsers true makes users with known names in an environment that others reach. Turn it off where real data is.",
    ]);
  });
});
