import { describe, expect, it } from "vitest";
import { check, CO, MX, PE, planned, storyOf, type Case, type Entry } from "./plans";

const mx = (more: object): readonly Entry[] => [{ ...MX, ...more }, PE, CO];
const withPlant = { agents: [{ id: "agent-mx" }, { id: "plant" }] };
const far = (more: object = {}) => ({
  agents: [{ id: "agent-mx" }, { id: "plant", runs: "elsewhere", ...more }],
});
const handed = (agent: string, tenant = "mx"): string =>
  `hand agent ${agent} its configuration anew: npx atalaya onboard ${tenant} --shipper alloy --client ${agent}`;
const withoutPlant = { ...MX, agents: [{ id: "agent-mx" }] };
const toPe = (plant: object): readonly Entry[] => [
  withoutPlant,
  { ...PE, agents: [{ id: "agent-pe" }, plant] as readonly object[] },
  CO,
];
const MOVED_AWAY = {
  risks: [
    "México (mx): agent plant, which runs elsewhere, becomes another tenant's: what its machine sends is written to that tenant.",
  ],
  refusals: [
    "The agent plant has been mx's until now and is listed for another tenant, which would be sent what its machine sends on with the same secret. " +
      "Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.",
  ],
  tenants: [
    "México (mx): agent plant becomes Perú (pe)'s.",
    "Perú (pe): agent plant has been México (mx)'s.",
  ],
};

const ELSEWHERE: readonly Case[] = [
  ["that it becomes another tenant's", mx(far()), toPe({ id: "plant", runs: "elsewhere" }), MOVED_AWAY],
  ["that it becomes another tenant's here", mx(far()), toPe({ id: "plant" }), MOVED_AWAY],
  [
    "that it becomes another tenant's though suspended",
    mx(far({ state: "suspended" })),
    toPe({ id: "plant", runs: "elsewhere" }),
    MOVED_AWAY,
  ],
  [
    "that one that ran here becomes another tenant's elsewhere",
    mx(withPlant),
    toPe({ id: "plant", runs: "elsewhere" }),
    {
      refusals: [
        "The agent plant has been mx's until now and is listed for another tenant, which would be sent what is left in its queue. " +
          "Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.",
      ],
    },
  ],
  [
    "that it is removed while active",
    mx(far()),
    [withoutPlant, PE, CO],
    {
      risks: ["México (mx): agent plant, which runs elsewhere, is removed: its machine drops what it holds."],
      refusals: [
        "The agent plant of mx, which runs elsewhere, has been active until now and is not in the tenant list any more. " +
          "Removing deletes its client, and its machine drops what it holds: first stop it there, list it as suspended " +
          "(agents: [{ id: plant, runs: elsewhere, state: suspended }]), update, and then remove it.",
      ],
      tenants: [
        "México (mx): loses agent plant, which runs elsewhere: stop it there first, or it drops what it holds.",
      ],
    },
  ],
  [
    "that it is removed once it was suspended",
    mx(far({ state: "suspended" })),
    [withoutPlant, PE, CO],
    { refusals: [] },
  ],
  [
    "that it is suspended",
    mx(far()),
    mx(far({ state: "suspended" })),
    {
      tenants: [
        "México (mx): agent plant is suspended: its credential is refused at once. It runs elsewhere: stop it there first, or it drops what it holds.",
      ],
      refusals: [],
    },
  ],
  [
    "that its tenant is suspended",
    mx(far()),
    mx({ ...far(), state: "suspended" }),
    {
      tenants: [
        "México (mx) is suspended: every credential is refused at once, its agents here stop, its people read nothing. Nothing is deleted by it, and what is stored ages out as before.",
        "- agent plant runs elsewhere: stop it there first, or it drops what it holds",
      ],
    },
  ],
  [
    "that its tenant is active again",
    mx({ ...far(), state: "suspended" }),
    mx(far()),
    {
      tenants: [
        "México (mx) is active again: its credentials are accepted, its agents here start.",
        "- agent plant runs elsewhere: start it there again",
      ],
    },
  ],
  ...(
    [
      ["redaction", { ...far(), redaction: { emails: false } }],
      ["files", far({ fileLogs: [{ path: "/var/log/app/*.log" }] })],
      ["measures", far({ hostMetrics: true })],
      ["disk", far({ disk: "10GiB" })],
    ] as const
  ).map(([what, now]): Case => [
    `that its configuration is stale: ${what}`,
    mx(far()),
    mx(now),
    { tenants: [`México (mx): ${handed("plant")}.`] },
  ]),
  [
    "that its configuration is stale: classes of logs, and nothing of the agent here",
    mx(far()),
    mx({ ...far(), retention: { logs: { access: "180d", audit: "365d" } } }),
    {
      tenants: [
        "México (mx): 2 changes",
        "- retention.logs.audit 30d -> 365d (x12.2), a class of its own now",
        `- ${handed("plant")}`,
      ],
    },
  ],
  [
    "nothing of what changes at the edge alone",
    mx(far()),
    mx({ ...far(), limits: { edge: { requests: "100/s" } } }),
    {
      tenants: [
        "México (mx): limits.edge.requests 200/s -> 100/s (-50%): more is answered 429, and agents send it later.",
      ],
    },
  ],
  [
    "that all have to be handed anew when the environment moves",
    { tenants: mx(far()) },
    { tenants: mx(far()), settings: { "atalaya:domain": "otra.example.com" } },
    { tenants: [`México (mx): ${handed("plant")}.`] },
  ],
];

describe("of an agent that runs elsewhere it says", () => {
  it.each(ELSEWHERE)("%s", (...one) => check(one));

  it("in the tone of a warning that somebody has to go there", async () => {
    const before = await planned(mx(far()));
    for (const now of [far({ disk: "10GiB" }), far({ state: "suspended" })]) {
      const story = storyOf(before, await planned(mx(now)));
      const tenants = story.sections.find(({ id }) => id === "tenants");
      expect(tenants?.items.map(({ tone }) => tone)).toEqual(["warning"]);
    }
  });

  it("nothing of plans that were saved before they knew what it was handed", async () => {
    const [before, after] = [await planned(mx(far())), await planned(mx(far({ disk: "10GiB" })))];
    const old = {
      ...before,
      tenants: before.tenants.map((tenant) => ({
        ...tenant,
        agents: tenant.agents.map(({ id, state, runs }) => ({
          id,
          state,
          ...(runs !== undefined && { runs }),
        })),
      })),
    };
    expect(storyOf(old, after).sections.filter(({ id }) => id === "tenants")).toEqual([]);
  });
});
