import { describe, expect, it } from "vitest";
import { BASE, check, CO, FOR_GOOD, MX, PE, planned, storyOf, type Case, type Entry } from "./plans";

const mx = (more: object): readonly Entry[] => [{ ...MX, ...more }, PE, CO];
const suspendedCo = { ...CO, state: "suspended" };
const plant = (state: string) => ({ agents: [{ id: "agent-mx" }, { id: "agent-mx-plant", state }] });
const withPlant = { agents: [{ id: "agent-mx" }, { id: "plant" }] };
const GOES_TOO =
  "Colombia (co) is removed: its dashboards, clients, keys and what agent-co still has queued are deleted. What is stored of " +
  "it stays, read by nobody, until it is older than metrics 400d, logs 400d, traces 90d.";

const TENANTS: readonly Case[] = [
  [
    "a new tenant",
    [MX, PE],
    [MX, PE, { ...CO, services: [{ name: "shop", scopes: ["orders:read"] }] }],
    {
      tenants: [
        "Colombia (co) is new: plan large, 1 agent (agent-co), keeps metrics 90d, logs 30d (access 90d, system 7d), traces 14d.",
        "- may send 200/s requests, 10000/s samples, 150000 series, 8MiB/s logs and 5MiB/s traces",
        "- service service-co-shop with scope orders:read",
        "- people's groups /tenants/co/{admin,editor,viewer}, a Grafana organisation of its own",
        "After the update Colombia (co) sends to https://localhost:4318 (OTLP over HTTP) or localhost:4317 (OTLP over gRPC), " +
          "reads at http://localhost:3000 and finds its credentials in: pulumi stack output tenants --show-secrets",
      ],
      processes: ["agent-co of Colombia (co) starts."],
    },
  ],
  [
    "an active tenant removed",
    BASE,
    [MX, PE],
    {
      risks: [GOES_TOO],
      refusals: [
        "co has been active until now and is not in the tenant list any more. Removing deletes dashboards, clients and queued data: " +
          "first suspend it (state: suspended), update, and then remove it.",
      ],
      processes: ["agent-co of Colombia (co) is removed."],
    },
  ],
  ["a suspended tenant removed", [MX, PE, suspendedCo], [MX, PE], { risks: [GOES_TOO], refusals: [] }],
  [
    "suspended",
    BASE,
    [MX, PE, suspendedCo],
    {
      tenants: [
        "Colombia (co) is suspended: every credential is refused at once, its agents stop, its people read nothing. Nothing is deleted by it, and what is stored ages out as before.",
      ],
      risks: [],
      processes: ["agent-co of Colombia (co) stops.", "- What it has queued stays on disk."],
      warnings: [],
      outputs: ["tenants.co.state: active -> suspended"],
    },
  ],
  [
    "resumed",
    [MX, PE, suspendedCo],
    BASE,
    {
      tenants: ["Colombia (co) is active again: its credentials are accepted, its agents start."],
      processes: ["agent-co of Colombia (co) starts."],
    },
  ],
  [
    "an active agent removed",
    BASE,
    mx({ agents: [{ id: "agent-mx" }] }),
    {
      risks: ["México (mx): agent agent-mx-plant is removed: what it has queued and not sent is deleted."],
      refusals: [
        "The agent agent-mx-plant of mx has been active until now and is not in the tenant list any more. Removing deletes what it has queued: " +
          "first list it as suspended (agents: [{ id: agent-mx-plant, state: suspended }]), update, and then remove it.",
      ],
      tenants: ["México (mx): loses agent agent-mx-plant: what it has queued is deleted."],
    },
  ],
  [
    "a suspended agent removed",
    mx(plant("suspended")),
    mx({ agents: [{ id: "agent-mx" }] }),
    {
      risks: ["México (mx): agent agent-mx-plant is removed: what it has queued and not sent is deleted."],
      refusals: [],
    },
  ],
  [
    "an agent suspended",
    BASE,
    mx(plant("suspended")),
    {
      tenants: [
        "México (mx): agent agent-mx-plant is suspended: its credential is refused at once, it stops; its queue is kept.",
      ],
      risks: [],
    },
  ],
  [
    "an agent of another tenant",
    mx(withPlant),
    [{ ...MX, agents: [{ id: "agent-mx" }] }, { ...PE, agents: [{ id: "agent-pe" }, { id: "plant" }] }, CO],
    {
      risks: [
        "México (mx): agent plant becomes another tenant's: what it has queued stays in its volume and is sent to that tenant.",
      ],
      refusals: [
        "The agent plant has been mx's until now and is listed for another tenant, which would be sent what is left in its queue. " +
          "Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.",
      ],
      tenants: [
        "México (mx): agent plant becomes Perú (pe)'s.",
        "Perú (pe): agent plant has been México (mx)'s.",
      ],
    },
  ],
  [
    "services, scopes and contacts",
    BASE,
    mx({
      services: [
        { name: "shop", scopes: ["a:b"] },
        { name: "checkout", scopes: ["orders:read", "a:b"] },
      ],
      contacts: [
        { name: "Mesa", email: "otra@mx.example.com" },
        { name: "Turno", email: "turno@mx.example.com" },
      ],
    }),
    {
      tenants: [
        "México (mx): 4 changes",
        "- gains service service-mx-shop with scope a:b",
        "- service service-mx-checkout gains scope a:b, loses scope payments:*",
        "- gains contact Turno, turno@mx.example.com",
        "- contact Mesa, mesa@mx.example.com -> otra@mx.example.com",
      ],
      processes: [],
    },
  ],
  [
    "a plan, a name, sampling",
    BASE,
    [MX, { ...PE, plan: "large" }, { ...CO, name: "Columbia", sampling: { keep: "50%" } }],
    {
      tenants: [
        "Columbia (co): 2 changes",
        '- name "Colombia" -> "Columbia"',
        "- sampling.keep 20% -> 50% (x2.5)",
        "Perú (pe): 5 changes",
        "- plan default -> large",
        "- limits.edge.requests 100/s -> 200/s (x2)",
        "- limits.edge.burst 1000 -> 2000 (x2)",
        "- limits.logs.ingest 4MiB/s -> 8MiB/s (x2)",
        "- limits.logs.burst 6MiB -> 12MiB (x2)",
      ],
      processes: [
        "2 agents restart (their configuration is different): agent-co and agent-pe.",
        "- What they have queued stays on disk.",
      ],
    },
  ],
  [
    "a log class that is declared no more, which is kept as what programs log from then on",
    mx({ retention: { logs: { access: "180d", audit: "365d" } } }),
    BASE,
    {
      risks: [
        "México (mx): logs of class audit are kept 30d instead of 365d: this deletes data older than 30d.",
        FOR_GOOD,
      ],
      tenants: [
        "México (mx): retention.logs.audit 365d -> 30d (-92%), no class of its own any more: data older than 30d is deleted.",
      ],
    },
  ],
  [
    "the plan of several tenants",
    BASE,
    {
      tenants: BASE.map((tenant) => ({ ...tenant, plan: "large" })),
      plans: { large: { retention: { traces: "7d" } } },
    },
    {
      risks: [
        "Colombia (co), México (mx) and Perú (pe): traces are kept 7d instead of 14d: this deletes data older than 7d.",
        FOR_GOOD,
      ],
    },
  ],
];

describe("of a tenant it says", () => {
  it.each(TENANTS)("%s", (...one) => check(one));

  it.each(TENANTS)("%s, and that nothing shared restarts", async (_, before, after) => {
    const { summary } = storyOf(await planned(before), await planned(after));
    expect(summary.map(({ text }) => text)).toContain("Nothing shared restarts.");
  });
});
