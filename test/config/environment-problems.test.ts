import { describe, expect, it } from "vitest";
import { parseStack, type StackOptions } from "../../src/config";
import { problemsOf, stackOf } from "./helpers";

type Settings = Readonly<Record<string, unknown>>;
const problems = (settings: Settings, options?: StackOptions, stack = "dev"): string[] =>
  problemsOf(() => parseStack(stack, stackOf(settings), "Pulumi.dev.yaml", options));

const PROVIDER = {
  alias: "corp",
  displayName: "C",
  issuer: "https://a.b",
  authorizationUrl: "https://a.b",
  tokenUrl: "https://a.b",
  jwksUrl: "https://a.b",
  clientId: "x",
  clientSecretKey: "k",
};
const cases: readonly (readonly [string, Settings, readonly string[]])[] = [
  [
    "unknown settings",
    { hots: "docker", debugPort: "true", tenant: "x.yaml" },
    [
      'Pulumi.dev.yaml: atalaya:debugPort is not a known setting, and not encrypted as a secret would be. Did you mean "debugPorts"?',
      'Pulumi.dev.yaml: atalaya:hots is not a known setting, and not encrypted as a secret would be. Did you mean "host"?',
      'Pulumi.dev.yaml: atalaya:tenant is not a known setting, and not encrypted as a secret would be. Did you mean "tenants"?',
    ],
  ],
  [
    "settings that are no secrets of ours",
    { "mx-slack": "hush" },
    [
      "Pulumi.dev.yaml: atalaya:mx-slack is not a known setting, and not encrypted as a secret would be. Known: capacity, clientSecrets, debugPorts, demonstrationUsers, domain, host, identityProviders, imageRegistry, maximumRetention, overCapacity, publish, sizes, tenants, trustedProxies, upstreams.",
    ],
  ],
  [
    "choices",
    { host: "podman", overCapacity: "ignore" },
    [
      'Pulumi.dev.yaml: atalaya:host "podman" is not one of the choices. Known: docker, kubernetes.',
      'Pulumi.dev.yaml: atalaya:overCapacity "ignore" is not one of the choices. Known: error, warn.',
    ],
  ],
  [
    "domains",
    { domain: "https://example.com" },
    [
      'Pulumi.dev.yaml: atalaya:domain "https://example.com" is not a host name. Write one such as observability.example.com, without scheme or port.',
    ],
  ],
  [
    "addresses and ports",
    { publish: { address: "localhost", ports: { grafana: 70000, keycloak: "8090", otlp: 1 } } },
    [
      'Pulumi.dev.yaml: atalaya:publish.address "localhost" is not an IP address. Write one of this machine, such as "127.0.0.1" (nobody else reaches it) or "192.0.2.10" (its network does).',
      "Pulumi.dev.yaml: atalaya:publish.ports.grafana 70000 is not a whole number from 1 to 65535. Write one.",
      'Pulumi.dev.yaml: atalaya:publish.ports.keycloak "8090" is not a whole number from 1 to 65535. Write one.',
      "Pulumi.dev.yaml: atalaya:publish.ports.otlp is not a known field. Known: grafana, keycloak, otlpGrpc, otlpHttp.",
    ],
  ],
  [
    "ports that meet",
    { publish: { ports: { grafana: 4317, keycloak: 4318 } } },
    [
      "Pulumi.dev.yaml: atalaya:publish.ports.grafana 4317 is the same port as publish.ports.otlpGrpc. Give one of the two another port.",
      "Pulumi.dev.yaml: atalaya:publish.ports.keycloak 4318 is the same port as publish.ports.otlpHttp. Give one of the two another port.",
    ],
  ],
  [
    "ports that meet a debug port",
    { debugPorts: true, publish: { ports: { grafana: 9009, keycloak: 25000 } } },
    [
      "Pulumi.dev.yaml: atalaya:publish.ports.grafana 9009 is the same port as mimir's http port (debugPorts). Give one of the two another port.",
      "Pulumi.dev.yaml: atalaya:publish.ports.keycloak 25000 is the same port as agent's http port (debugPorts). Give one of the two another port.",
    ],
  ],
  [
    "registries with a scheme",
    { imageRegistry: "https://mirror.example.com/proxy/" },
    [
      'Pulumi.dev.yaml: atalaya:imageRegistry "https://mirror.example.com/proxy/" is not an image registry. Write a host and perhaps a path, without scheme and without a slash at the end, such as "mirror.example.com/proxy".',
    ],
  ],
  [
    "capacity",
    { capacity: { requests: 500, samples: "0/s", activeSeries: "1M", logs: "10MB/s" } },
    [
      'Pulumi.dev.yaml: atalaya:capacity.activeSeries "1M" is not a whole number above zero. Write 1000000, without quotes, separators or units.',
      'Pulumi.dev.yaml: atalaya:capacity.logs "10MB/s" is not a size per second. Did you mean "10MiB/s"? Write a size per second, such as "5MiB/s".',
      'Pulumi.dev.yaml: atalaya:capacity.requests 500 is not a rate. Did you mean "500/s"? Write a whole number per second, such as "1000/s".',
      'Pulumi.dev.yaml: atalaya:capacity.samples "0/s" is zero, which a backend would read as unlimited. Write a value above zero.',
      'Pulumi.dev.yaml: atalaya:capacity.traces is missing. Add it: a size per second, such as "5MiB/s".',
    ],
  ],
  [
    "retention",
    { maximumRetention: { metrics: 400, log: "30d" } },
    [
      'Pulumi.dev.yaml: atalaya:maximumRetention.log is not a known field. Did you mean "logs"?',
      'Pulumi.dev.yaml: atalaya:maximumRetention.metrics 400 is not a duration. Did you mean "400s", "400m", "400h" or "400d"? Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
    ],
  ],
  [
    "sizes",
    { sizes: { mimr: { memory: "1GiB" }, loki: { memory: "1G", cpu: 1 }, tempo: { cpus: 0 } } },
    [
      'Pulumi.dev.yaml: atalaya:sizes.loki.cpu is not a known field. Did you mean "cpus"?',
      'Pulumi.dev.yaml: atalaya:sizes.loki.memory "1G" is not a size. Did you mean "1GiB"? Write a whole number and one unit of B, KiB, MiB, GiB, TiB, such as "5MiB".',
      'Pulumi.dev.yaml: atalaya:sizes.mimr is not a known field. Did you mean "mimir"?',
      "Pulumi.dev.yaml: atalaya:sizes.tempo.cpus 0 is not a number of processors. Write a number from 0.05 to 64, such as 0.5.",
    ],
  ],
  [
    "numbers",
    { trustedProxies: "-1", debugPorts: "yes", demonstrationUsers: "1" },
    [
      'Pulumi.dev.yaml: atalaya:debugPorts "yes" is not true or false. Write true or false.',
      'Pulumi.dev.yaml: atalaya:demonstrationUsers "1" is not true or false. Write true or false.',
      "Pulumi.dev.yaml: atalaya:trustedProxies -1 is not a whole number from 0 to 10. Write one.",
    ],
  ],
  [
    "JSON",
    { publish: "127.0.0.1", identityProviders: "{" },
    [
      "Pulumi.dev.yaml: atalaya:identityProviders is not JSON. Set single fields: pulumi config set --path identityProviders.<field> <value>.",
      "Pulumi.dev.yaml: atalaya:publish is not JSON. Set single fields: pulumi config set --path publish.<field> <value>.",
    ],
  ],
  [
    "lists",
    { identityProviders: { a: 1 } },
    [
      'Pulumi.dev.yaml: atalaya:identityProviders is not a list (lines that begin with "- "). Look at the indentation, and at what your editor says.',
    ],
  ],
  [
    "providers",
    {
      identityProviders: [
        PROVIDER,
        { ...PROVIDER, issuer: "http://a.b", clientSecretKey: "https://secret", secret: "x" },
        {},
      ],
    },
    [
      'Pulumi.dev.yaml: atalaya:identityProviders[1].alias "corp" is already the alias of another provider. Rename one of the two.',
      'Pulumi.dev.yaml: atalaya:identityProviders[1].clientSecretKey is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'Pulumi.dev.yaml: atalaya:identityProviders[1].issuer "http://a.b" is not an https address. Write one, such as "https://login.example.com/realms/main".',
      "Pulumi.dev.yaml: atalaya:identityProviders[1].secret is not a known field. Known: alias, authorizationUrl, clientId, clientSecretKey, displayName, issuer, jwksUrl, tokenUrl.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].alias is missing. Add it: lower-case letters, digits and single dashes between them, a letter first.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].authorizationUrl is missing. Add it.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].clientId is missing. Add it.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].clientSecretKey is missing. Add it.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].displayName is missing. Add it: 1 to 80 characters without spaces around them.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].issuer is missing. Add it.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].jwksUrl is missing. Add it.",
      "Pulumi.dev.yaml: atalaya:identityProviders[2].tokenUrl is missing. Add it.",
    ],
  ],
  [
    "rotations of client secrets that are no durations",
    { clientSecrets: { rotateEvery: 90, leaked: { "agent-mx": "yesterday", "agent-pe": 5 }, every: "1d" } },
    [
      "Pulumi.dev.yaml: atalaya:clientSecrets.every is not a known field. Known: leaked, overlap, rotateEvery.",
      'Pulumi.dev.yaml: atalaya:clientSecrets.leaked.agent-mx "yesterday" is not a moment. Write when it was known, in UTC and in quotes, such as "2026-11-21T17:00:00Z".',
      'Pulumi.dev.yaml: atalaya:clientSecrets.leaked.agent-pe 5 is not a moment. Write when it was known, in UTC and in quotes, such as "2026-11-21T17:00:00Z".',
      'Pulumi.dev.yaml: atalaya:clientSecrets.overlap is missing. Add it: a whole number and one unit of s, m, h, d, w, y, such as "30d".',
      'Pulumi.dev.yaml: atalaya:clientSecrets.rotateEvery 90 is not a duration. Did you mean "90s", "90m", "90h" or "90d"? Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
    ],
  ],
  [
    "rotations that would leave a program without a secret",
    { clientSecrets: { rotateEvery: "5m", overlap: "14m" } },
    [
      'Pulumi.dev.yaml: atalaya:clientSecrets.overlap "14m" is shorter than 15m, in which a program that holds a token may not ask again. Write at least 15m; what people carry by hand needs days.',
      'Pulumi.dev.yaml: atalaya:clientSecrets.overlap "14m" is not shorter than rotateEvery (5m), so that two secrets would always work. Shorten it, or lengthen rotateEvery.',
    ],
  ],
  [
    "rotations that nobody lives to see",
    { clientSecrets: { rotateEvery: "2y", overlap: "2y" } },
    [
      'Pulumi.dev.yaml: atalaya:clientSecrets.overlap "2y" is not shorter than rotateEvery (730d), so that two secrets would always work. Shorten it, or lengthen rotateEvery.',
      'Pulumi.dev.yaml: atalaya:clientSecrets.rotateEvery "2y" is longer than 365d. Shorten it, or leave clientSecrets out: then secrets stay.',
    ],
  ],
  [
    "the path of the list",
    { tenants: "tenants.json" },
    [
      'Pulumi.dev.yaml: atalaya:tenants "tenants.json" is not the path of a YAML file. Write a path such as tenants.yaml.',
    ],
  ],
  [
    "everything that is missing",
    { host: "", domain: "", capacity: "{}" },
    [
      "Pulumi.dev.yaml: atalaya:capacity.activeSeries is missing. Add it: a whole number above zero.",
      'Pulumi.dev.yaml: atalaya:capacity.logs is missing. Add it: a size per second, such as "5MiB/s".',
      'Pulumi.dev.yaml: atalaya:capacity.requests is missing. Add it: a whole number per second, such as "1000/s".',
      'Pulumi.dev.yaml: atalaya:capacity.samples is missing. Add it: a whole number per second, such as "1000/s".',
      'Pulumi.dev.yaml: atalaya:capacity.traces is missing. Add it: a size per second, such as "5MiB/s".',
      "Pulumi.dev.yaml: atalaya:domain is missing. Add it: one such as observability.example.com, without scheme or port.",
      "Pulumi.dev.yaml: atalaya:host is missing. Add it: docker or kubernetes.",
    ],
  ],
];

describe("what is refused", () => {
  it.each(cases)("%s", (_name, settings, expected) => {
    expect(problems(settings)).toEqual(expected);
  });

  it("a stack whose name is no environment's", () => {
    expect(problems({}, {}, "Staging-EU")).toEqual([
      "Pulumi.dev.yaml: the stack's name \"Staging-EU\" is not an environment's name. Rename the stack: 1 to 12 lower-case letters and digits, a letter first.",
    ]);
  });

  it("a setting that is encrypted, and only known secrets pass as unknown keys", () => {
    const settings = { domain: "preview:config-secret:domain", "mx-slack": "hush", "mx-slak": "hush" };
    expect(problems(settings, { secretKeys: ["domain", "mx-slack"] })).toEqual([
      "Pulumi.dev.yaml: atalaya:domain is encrypted, but it is no secret. Set it again: pulumi config set --plaintext domain <value>.",
      "Pulumi.dev.yaml: atalaya:mx-slak is not a known setting, and not encrypted as a secret would be. Known: capacity, clientSecrets, debugPorts, demonstrationUsers, domain, host, identityProviders, imageRegistry, maximumRetention, overCapacity, publish, sizes, tenants, trustedProxies, upstreams.",
    ]);
  });

  it("a provider whose secret is not set", () => {
    expect(problems({ identityProviders: [PROVIDER] }, { secretKeys: ["other"] })).toEqual([
      'Pulumi.dev.yaml: atalaya:identityProviders[0].clientSecretKey names a config secret that is not set. Set it with "pulumi config set --secret" and that name.',
    ]);
    expect(problems({ identityProviders: [PROVIDER] }, { secretKeys: ["k"] })).toEqual([]);
  });
});
