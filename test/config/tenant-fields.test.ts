import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const fields: readonly Case[] = [
  [
    "unknown ones",
    `
tenant: []
tenants:
  - id: aa
    name: A
    limit: {}
    retention: { log: {}, trace: 1d }
    limits: { metrics: { sample: 1/s } }
    contacts: [{ name: x, mail: a@b.co }]
plans:
  gold: { extend: x }
`.slice(1),
    [
      'tenants.yaml:1:1: tenant is not a known field. Did you mean "tenants"?',
      'tenants.yaml:5:5: tenants[0] "aa": limit is not a known field. Did you mean "limits"?',
      'tenants.yaml:6:18: tenants[0] "aa": retention.log is not a known field. Did you mean "logs"?',
      'tenants.yaml:6:27: tenants[0] "aa": retention.trace is not a known field. Did you mean "traces"?',
      'tenants.yaml:7:26: tenants[0] "aa": limits.metrics.sample is not a known field. Did you mean "samples"?',
      'tenants.yaml:8:16: tenants[0] "aa": contacts[0] has no address. Add one of email, slack and webhook.',
      'tenants.yaml:8:27: tenants[0] "aa": contacts[0].mail is not a known field. Did you mean "email"?',
      'tenants.yaml:10:11: plans.gold.extend is not a known field. Did you mean "extends"?',
    ],
  ],
  [
    "wrong types",
    `
plans: []
tenants:
  - mx
  - { id: aa, name: A, agents: one, limits: [], environments: dev, state: paused, services: [{ name: x }] }
retired: mx
`.slice(1),
    [
      "tenants.yaml:1:8: plans is not a map of names. Look at the indentation, and at what your editor says.",
      'tenants.yaml:3:5: tenants[0] "mx" is not a map of fields. Look at the indentation, and at what your editor says.',
      'tenants.yaml:4:32: tenants[1] "aa": agents "one" is not a list (lines that begin with "- "). Look at the indentation, and at what your editor says.',
      'tenants.yaml:4:45: tenants[1] "aa": limits is not a map of fields. Look at the indentation, and at what your editor says.',
      'tenants.yaml:4:63: tenants[1] "aa": environments "dev" is not a list (lines that begin with "- "). Look at the indentation, and at what your editor says.',
      'tenants.yaml:4:75: tenants[1] "aa": state "paused" is not one of the choices. Known: active, suspended.',
      'tenants.yaml:4:94: tenants[1] "aa": services[0].scopes is missing. Add it.',
      'tenants.yaml:5:10: retired "mx" is not a list (lines that begin with "- "). Look at the indentation, and at what your editor says.',
    ],
  ],
  [
    "missing",
    `
tenants:
  - {}
  - { id: aa, name: A, agents: [{}], services: [{ scopes: [] }], contacts: [{}] }
`.slice(1),
    [
      "tenants.yaml:2:5: tenants[0].id is missing. Add it: 2 to 40 lower-case letters, digits and single dashes between them, a letter first.",
      "tenants.yaml:2:5: tenants[0].name is missing. Add it.",
      'tenants.yaml:3:33: tenants[1] "aa": agents[0].id is missing. Add it: lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:3:49: tenants[1] "aa": services[0].name is missing. Add it: lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:3:77: tenants[1] "aa": contacts[0] has no address. Add one of email, slack and webhook.',
      'tenants.yaml:3:77: tenants[1] "aa": contacts[0].name is missing. Add it: 1 to 80 characters without spaces around them.',
    ],
  ],
  [
    "lists",
    `
tenants:
  - { id: aa, name: A, environments: [] }
  - { id: bb, name: B, environments: [dev, dev, Prod] }
  - { id: cc, name: C, services: [{ name: x, scopes: ["a:b", "a:b", "a", "*"] }] }
`.slice(1),
    [
      'tenants.yaml:2:38: tenants[0] "aa": environments names no environment. Remove the line for all environments, or write state: suspended.',
      'tenants.yaml:3:44: tenants[1] "bb": environments[1] "dev" is written twice. Keep one of the two.',
      'tenants.yaml:3:49: tenants[1] "bb": environments[2] "Prod" is not an environment\'s name. Write 1 to 12 lower-case letters and digits, a letter first.',
      'tenants.yaml:4:62: tenants[2] "cc": services[0].scopes[1] "a:b" is written twice. Keep one of the two.',
      'tenants.yaml:4:69: tenants[2] "cc": services[0].scopes[2] "a" is not a scope. Write two names and a colon, such as "orders:read" or "orders:*".',
      'tenants.yaml:4:74: tenants[2] "cc": services[0].scopes[3] "*" is not a scope. Write two names and a colon, such as "orders:read" or "orders:*".',
    ],
  ],
  [
    "log classes",
    "tenants:\n  - { id: aa, name: A, retention: { logs: { Audit: 30d, constructor: 30d } } }\n",
    [
      'tenants.yaml:2:45: tenants[0] "aa": retention.logs.Audit is not a name. Write lower-case letters, digits and single dashes between them, a letter first, such as "audit".',
      'tenants.yaml:2:57: tenants[0] "aa": retention.logs.constructor is not a name anything may have. Choose another.',
    ],
  ],
];

const contacts: readonly Case[] = [
  [
    "several addresses or none",
    "tenants:\n  - { id: aa, name: A, contacts: [{ name: x }, { name: y, email: a@b.co, slack: key }, { name: y, email: nobody }] }\n",
    [
      'tenants.yaml:2:35: tenants[0] "aa": contacts[0] has no address. Add one of email, slack and webhook.',
      'tenants.yaml:2:48: tenants[0] "aa": contacts[1] has several addresses (email, slack). Write one contact for each of them.',
      'tenants.yaml:2:96: tenants[0] "aa": contacts[2].name "y" is already the name of another contact of this tenant. Rename one of the two.',
      'tenants.yaml:2:106: tenants[0] "aa": contacts[2].email "nobody" is not an e-mail address. Write one such as ops@example.com.',
    ],
  ],
  [
    "secrets",
    `
tenants:
  - id: aa
    name: A
    contacts:
      - { name: a, slack: "https://hooks.slack.com/services/T000/B000/XXXX" }
      - { name: b, webhook: xoxb-123456789012-abcdef }
      - { name: c, slack: 0123456789abcdef0123456789abcdef }
      - { name: d, webhook: https://user:pass@example.com }
      - { name: e, slack: ["https://hooks.slack.com"] }
      - { name: f, url: "https://hooks.slack.com/services/T000" }
`.slice(1),
    [
      'tenants.yaml:5:27: tenants[0] "aa": contacts[0].slack is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'tenants.yaml:6:29: tenants[0] "aa": contacts[1].webhook looks like a secret instead of the name of one. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'tenants.yaml:7:27: tenants[0] "aa": contacts[2].slack is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'tenants.yaml:8:29: tenants[0] "aa": contacts[3].webhook is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'tenants.yaml:9:27: tenants[0] "aa": contacts[4].slack is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
      'tenants.yaml:10:9: tenants[0] "aa": contacts[5] has no address. Add one of email, slack and webhook.',
      'tenants.yaml:10:20: tenants[0] "aa": contacts[5].url is not a known field. Known: email, name, slack, webhook.',
    ],
  ],
];

describe("fields", () => {
  it.each(fields)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});

describe("contacts", () => {
  it.each(contacts)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
