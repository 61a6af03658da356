import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const units: readonly Case[] = [
  [
    "durations",
    'tenants:\n  - { id: mx, name: A, retention: { metrics: 30, traces: 30 days, logs: { application: 1.5d, system: "0d", access: forever } } }\n',
    [
      'tenants.yaml:2:46: tenants[0] "mx": retention.metrics 30 is not a duration. Did you mean "30s", "30m", "30h" or "30d"? Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
      'tenants.yaml:2:58: tenants[0] "mx": retention.traces "30 days" is not a duration. Did you mean "30d"? Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
      'tenants.yaml:2:88: tenants[0] "mx": retention.logs.application "1.5d" is not a duration. Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
      'tenants.yaml:2:102: tenants[0] "mx": retention.logs.system "0d" is zero, which a backend would read as unlimited. Write a value above zero.',
      'tenants.yaml:2:116: tenants[0] "mx": retention.logs.access "forever" is not a duration. Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
    ],
  ],
  [
    "sizes and rates",
    'tenants:\n  - { id: mx, name: A, limits: { edge: { requests: 100 }, logs: { ingest: 5MB/s, lineSize: 256k, streamIngest: 3MiB }, metrics: { samples: 1000/m, activeSeries: "10_000", exemplars: 10k, metadata: 1.5, shards: 0, querySeries: -1, ruleGroups: 9999999999 } } }\n',
    [
      'tenants.yaml:2:52: tenants[0] "mx": limits.edge.requests 100 is not a rate. Did you mean "100/s"? Write a whole number per second, such as "1000/s".',
      'tenants.yaml:2:75: tenants[0] "mx": limits.logs.ingest "5MB/s" is not a size per second. Did you mean "5MiB/s"? Write a size per second, such as "5MiB/s".',
      'tenants.yaml:2:92: tenants[0] "mx": limits.logs.lineSize "256k" is not a size. Did you mean "256KiB"? Write a whole number and one unit of B, KiB, MiB, GiB, TiB, such as "5MiB".',
      'tenants.yaml:2:112: tenants[0] "mx": limits.logs.streamIngest "3MiB" is not a size per second. Did you mean "3MiB/s"? Write a size per second, such as "5MiB/s".',
      'tenants.yaml:2:140: tenants[0] "mx": limits.metrics.samples "1000/m" is not a rate. Write a whole number per second, such as "1000/s".',
      'tenants.yaml:2:162: tenants[0] "mx": limits.metrics.activeSeries "10_000" is not a whole number above zero. Write 10000, without quotes, separators or units.',
      'tenants.yaml:2:183: tenants[0] "mx": limits.metrics.exemplars "10k" is not a whole number above zero. Write 10000, without quotes, separators or units.',
      'tenants.yaml:2:198: tenants[0] "mx": limits.metrics.metadata 1.5 is not a whole number above zero. Write one.',
      'tenants.yaml:2:211: tenants[0] "mx": limits.metrics.shards 0 is zero, which a backend would read as unlimited. Write a value above zero.',
      'tenants.yaml:2:227: tenants[0] "mx": limits.metrics.querySeries -1 is not a whole number above zero. Write one.',
      'tenants.yaml:2:243: tenants[0] "mx": limits.metrics.ruleGroups 9999999999 is above the limit of 2147483647. Lower it.',
    ],
  ],
  [
    "ratios",
    `
tenants:
  - { id: aa, name: A, sampling: { keep: 20 } }
  - { id: bb, name: B, sampling: { keep: 0.2 } }
  - { id: cc, name: C, sampling: { keep: 120% } }
  - { id: dd, name: D, sampling: { keep: some } }
`.slice(1),
    [
      'tenants.yaml:2:42: tenants[0] "aa": sampling.keep 20 is not a percentage. Did you mean "20%"? Write a percentage between 0% and 100%, such as "10%".',
      'tenants.yaml:3:42: tenants[1] "bb": sampling.keep 0.2 is not a percentage. Did you mean "20%"? Write a percentage between 0% and 100%, such as "10%".',
      'tenants.yaml:4:42: tenants[2] "cc": sampling.keep "120%" is not a percentage. Write a percentage between 0% and 100%, such as "10%".',
      'tenants.yaml:5:42: tenants[3] "dd": sampling.keep "some" is not a percentage. Write a percentage between 0% and 100%, such as "10%".',
    ],
  ],
  [
    "bursts that refuse everything",
    "tenants:\n  - { id: aa, name: A, limits: { edge: { burst: 99 }, metrics: { samples: 300000/s }, logs: { burst: 128KiB, streamBurst: 1MiB }, traces: { ingest: 20MiB/s } } }\n",
    [
      'tenants.yaml:2:49: tenants[0] "aa": limits.edge.burst 99 is below one second of edge.requests (100), so that more than that is always refused. Raise edge.burst to at least 100.',
      'tenants.yaml:2:75: tenants[0] "aa": limits.metrics.samples "300000/s" is above metrics.burst (200000), so that more than that is always refused. Raise metrics.burst to at least 300000.',
      'tenants.yaml:2:102: tenants[0] "aa": limits.logs.burst "128KiB" is below one second of logs.ingest (4MiB), so that more than that is always refused. Raise logs.burst to at least 4MiB.',
      'tenants.yaml:2:102: tenants[0] "aa": limits.logs.burst "128KiB" is below one line of logs.lineSize (256KiB), so that more than that is always refused. Raise logs.burst to at least 256KiB.',
      'tenants.yaml:2:123: tenants[0] "aa": limits.logs.streamBurst "1MiB" is below one second of logs.streamIngest (3MiB), so that more than that is always refused. Raise logs.streamBurst to at least 3MiB.',
      'tenants.yaml:2:149: tenants[0] "aa": limits.traces.ingest "20MiB/s" is above traces.burst (10MiB), so that more than that is always refused. Raise traces.burst to at least 20MiB.',
    ],
  ],
  [
    "bursts in a plan, once",
    `
plans:
  big: { limits: { edge: { requests: 2000/s } } }
tenants:
  - { id: aa, name: A, plan: big }
  - { id: bb, name: B, plan: big }
`.slice(1),
    [
      'tenants.yaml:2:38: plans.big.limits.edge.requests "2000/s" is above edge.burst (1000), so that more than that is always refused. Raise edge.burst to at least 2000.',
    ],
  ],
  [
    "logs kept for less than a day",
    "tenants:\n  - { id: aa, name: A, retention: { logs: { application: 12h } } }\n",
    [
      'tenants.yaml:2:58: tenants[0] "aa": retention.logs.application "12h" is shorter than Loki can keep logs. Write at least "1d".',
    ],
  ],
];

const plans: readonly Case[] = [
  [
    "unknown",
    `
plans:
  gold: {}
tenants:
  - { id: aa, name: A, plan: glod }
  - { id: bb, name: B, plan: silver }
`.slice(1),
    [
      'tenants.yaml:4:30: tenants[0] "aa": plan "glod" is not a plan of this list. Did you mean "gold"? Plans are declared under plans.',
      'tenants.yaml:5:30: tenants[1] "bb": plan "silver" is not a plan of this list. Known: default, gold. Plans are declared under plans.',
    ],
  ],
  [
    "extends unknown",
    `
plans:
  gold: { extends: golden }
  x: { extends: zzzzzz }
tenants: []
`.slice(1),
    [
      'tenants.yaml:2:20: plans.gold.extends "golden" is not a plan of this list. Did you mean "gold"? Plans are declared under plans.',
      'tenants.yaml:3:17: plans.x.extends "zzzzzz" is not a plan of this list. Known: default, gold, x. Plans are declared under plans.',
    ],
  ],
  [
    "circle",
    `
plans:
  a: { extends: b }
  b: { extends: c }
  c: { extends: a }
  self: { extends: self }
tenants: []
`.slice(1),
    [
      'tenants.yaml:4:17: plans.c.extends "a" closes a circle: a -> b -> c -> a. Let one of them extend nothing, or another plan.',
      'tenants.yaml:5:20: plans.self.extends "self" closes a circle: self -> self. Let one of them extend nothing, or another plan.',
    ],
  ],
  [
    "circle through default",
    `
plans:
  default: { extends: gold }
  gold: {}
tenants: []
`.slice(1),
    [
      "tenants.yaml:3:9: plans.gold.extends closes a circle: default -> gold -> default (every plan starts from default). Let one of them extend nothing, or another plan.",
    ],
  ],
  [
    "long chain",
    `
plans:
  p0: { extends: p1 }
  p1: { extends: p2 }
  p2: { extends: p3 }
  p3: { extends: p4 }
  p4: { extends: p5 }
  p5: { extends: p6 }
  p6: { extends: p7 }
  p7: { extends: p8 }
  p8: { extends: p9 }
  p9: { extends: p10 }
  p10: { extends: p11 }
  p11: { extends: p12 }
  p12: { extends: p13 }
  p13: {}
tenants: []
`.slice(1),
    [
      'tenants.yaml:12:19: plans.p10.extends "p11" is the end of more than 10 plans that extend each other. Shorten the chain.',
    ],
  ],
  [
    "bad name",
    `
plans:
  Gold Plan: {}
tenants: []
`.slice(1),
    [
      'tenants.yaml:2:3: plans.Gold Plan is not a name. Write lower-case letters, digits and single dashes between them, a letter first, such as "gold-plan".',
    ],
  ],
];

describe("units", () => {
  it.each(units)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});

describe("plans", () => {
  it.each(plans)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
