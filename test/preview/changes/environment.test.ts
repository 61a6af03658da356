import { describe, it } from "vitest";
import { BASE, check, FOR_GOOD, type Case, type Input } from "./plans";

const json = (settings: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `atalaya:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
const setting = (settings: Readonly<Record<string, unknown>>): Input => ({
  tenants: BASE,
  settings: json(settings),
});

const ENVIRONMENT: readonly Case[] = [
  [
    "sizes",
    BASE,
    setting({ sizes: { mimir: { memory: "4GiB", cpus: 2 }, loki: { memory: "2GiB" } } }),
    {
      environment: [
        "sizes.loki.memory 1GiB -> 2GiB (x2)",
        "sizes.mimir.cpus 1 -> 2 (x2)",
        "sizes.mimir.memory 1GiB -> 4GiB (x4)",
      ],
      processes: [
        "Mimir restarts (mimir/mimir.yaml is different; cpus 1.0 -> 2.0).",
        "- Meanwhile metrics are neither taken nor shown; agents send them then.",
        "Loki goes on with other memory (memory 1024MiB -> 2048MiB).",
      ],
    },
  ],
  [
    "where it is published",
    BASE,
    setting({ domain: "obs.example.com", publish: { address: "0.0.0.0" } }),
    {
      environment: [
        "domain localhost -> obs.example.com: everybody types in other addresses, and the edge gets a new certificate",
        "publish.address 127.0.0.1 -> 0.0.0.0: other machines can reach it now",
      ],
      processes: [
        "Envoy restarts (envoy/bootstrap.yaml is different; other published ports).",
        "- Meanwhile nothing is let in; agents keep what they have on disk and send it then.",
        "The auth service restarts (other environment variables).",
        "- Meanwhile API keys, people's reads and service tokens are answered 503; agents send on.",
        "Keycloak restarts (other environment variables and published ports).",
        "- Meanwhile nobody logs in and no token is issued; tokens that were issued are taken.",
        "Grafana restarts (grafana/grafana.ini is different; other published ports).",
        "- Meanwhile nobody sees dashboards.",
      ],
    },
  ],
  [
    "what it keeps at most",
    BASE,
    setting({ maximumRetention: { logs: "200d" } }),
    {
      risks: [
        "The environment keeps logs at most 200d instead of 400d: this deletes data older than 200d of tenants that were removed.",
        FOR_GOOD,
      ],
      environment: ["maximumRetention.logs 400d -> 200d (-50%)"],
    },
  ],
  [
    "demonstration users",
    BASE,
    setting({ demonstrationUsers: "true" }),
    {
      tenants: [
        "3 tenants change alike: co, mx and pe",
        "- gains demonstration users admin, editor and viewer",
      ],
      environment: ["demonstrationUsers false -> true"],
    },
  ],
  [
    "the auth service's own program",
    BASE,
    { tenants: BASE, tag: "ba9876543210" },
    {
      tenants: [],
      processes: [
        "The auth service restarts (its image is built anew).",
        "- Meanwhile API keys, people's reads and service tokens are answered 503; agents send on.",
      ],
    },
  ],
  [
    "an upstream of the environment's own",
    BASE,
    setting({
      upstreams: [
        {
          name: "orders",
          address: "orders:8080",
          path: "/orders",
          methods: { GET: "orders:read", POST: "orders:write" },
        },
      ],
    }),
    {
      environment: [
        "Tenants' services can call orders through the edge: /orders leads to orders:8080 (GET needs orders:read, POST needs orders:write).",
      ],
    },
  ],
  [
    "secrets that are renewed, and one that leaked",
    BASE,
    setting({
      clientSecrets: { rotateEvery: "90d", overlap: "7d", leaked: { "agent-mx": "2026-11-21T17:00:00Z" } },
    }),
    {
      environment: [
        "The client secret of agent-mx leaked before 2026-11-21T17:00:00Z: what it had then is refused at once, and it gets a new one unless it has one since.",
        "clientSecrets.overlap is set to 7d",
        "Client secrets of agents and services are renewed every 90d; this update renews all of them once, with an overlap.",
      ],
    },
  ],
  [
    "a brokered identity provider",
    BASE,
    setting({
      identityProviders: [
        {
          ...{ alias: "corporate", displayName: "Corporate", issuer: "https://id.example.com" },
          authorizationUrl: "https://id.example.com/authorize",
          tokenUrl: "https://id.example.com/token",
          jwksUrl: "https://id.example.com/keys",
          ...{ clientId: "atalaya", clientSecretKey: "idp" },
        },
      ],
    }),
    { environment: ["People can log in by corporate (https://id.example.com)."] },
  ],
];

describe("of the environment it says", () => {
  it.each(ENVIRONMENT)("%s", (...one) => check(one));
});
