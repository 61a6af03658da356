import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const ids: readonly Case[] = [
  [
    "written like Pulumi or Java",
    `
tenants:
  - id: Tenant_A
    name: A
`.slice(1),
    [
      'tenants.yaml:2:9: tenants[0] "Tenant_A": id "Tenant_A" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "tenant-a".',
    ],
  ],
  [
    "pipes, dots, paths and signs",
    `
tenants:
  - { id: a|b, name: A }
  - { id: a|, name: B }
  - { id: '|', name: C }
  - { id: 'a:k=v', name: D }
  - { id: '.', name: E }
  - { id: .., name: F }
  - { id: a/../b, name: G }
  - { id: '%2e%2e', name: H }
  - { id: '*', name: I }
  - { id: (a), name: J }
  - { id: __mimir_cluster, name: K }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "a|b": id "a|b" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "a-b".',
      'tenants.yaml:3:11: tenants[1] "a|": id "a|" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:4:11: tenants[2] "|": id "|" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:5:11: tenants[3] "a:k=v": id "a:k=v" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "a-k-v".',
      'tenants.yaml:6:11: tenants[4] ".": id "." is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:7:11: tenants[5] "..": id ".." is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:8:11: tenants[6] "a/../b": id "a/../b" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "a-b".',
      'tenants.yaml:9:11: tenants[7] "%2e%2e": id "%2e%2e" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "e-2e".',
      'tenants.yaml:10:11: tenants[8] "*": id "*" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:11:11: tenants[9] "(a)": id "(a)" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:12:11: tenants[10] "__mimir_cluster": id "__mimir_cluster" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "mimir-cluster".',
    ],
  ],
  [
    "too short, too long",
    `
tenants:
  - { id: a, name: A }
  - { id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, name: B }
  - { id: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, name: C }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "a": id "a" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:3:11: tenants[1] "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": id "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
      'tenants.yaml:4:11: tenants[2] "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...": id "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb..." is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.',
    ],
  ],
  [
    "doubled, leading and trailing dashes",
    `
tenants:
  - { id: a--b, name: A }
  - { id: -ab, name: B }
  - { id: ab-, name: C }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "a--b": id "a--b" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "a-b".',
      'tenants.yaml:3:11: tenants[1] "-ab": id "-ab" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "ab".',
      'tenants.yaml:4:11: tenants[2] "ab-": id "ab-" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "ab".',
    ],
  ],
  [
    "what YAML reads as something else",
    `
tenants:
  - { id: true, name: A }
  - { id: 123, name: B }
  - { id: ~, name: C }
  - { id: 1e3, name: D }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0].id true is not a tenant id. Write it in quotes: "true".',
      "tenants.yaml:3:11: tenants[1].id 123 is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.",
      'tenants.yaml:4:11: tenants[2].id null is not a tenant id. Write it in quotes: "null".',
      "tenants.yaml:5:11: tenants[3].id 1000 is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first.",
    ],
  ],
  [
    "homoglyphs and zero-width characters",
    'tenants:\n  - { id: "аcme", name: A }\n  - { id: "ac\\u200bme", name: B }\n  - { id: "ac\\u202eme", name: C }\n',
    [
      'tenants.yaml:2:11: tenants[0] "аcme": id "аcme" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first: it holds U+0430.',
      'tenants.yaml:3:11: tenants[1] "ac<U+200B>me": id "ac<U+200B>me" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first: it holds U+200B.',
      'tenants.yaml:4:11: tenants[2] "ac<U+202E>me": id "ac<U+202E>me" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first: it holds U+202E.',
    ],
  ],
  [
    "reserved",
    `
tenants:
  - { id: fake, name: A }
  - { id: anonymous, name: B }
  - { id: single-tenant, name: C }
  - { id: platform, name: D }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "fake": id "fake" is reserved. Choose another id: the backends, the platform or a reader would take it for their own.',
      'tenants.yaml:3:11: tenants[1] "anonymous": id "anonymous" is reserved. Choose another id: the backends, the platform or a reader would take it for their own.',
      'tenants.yaml:4:11: tenants[2] "single-tenant": id "single-tenant" is reserved. Choose another id: the backends, the platform or a reader would take it for their own.',
      'tenants.yaml:5:11: tenants[3] "platform": id "platform" is reserved. Choose another id: the backends, the platform or a reader would take it for their own.',
    ],
  ],
  [
    "retired",
    `
tenants:
  - { id: mx, name: A }
retired:
  - pe
  - mx
  - pe
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "mx": id "mx" is listed under retired (line 5): a new tenant of that name would inherit the old one\'s data. Choose another id, or purge the old data first and then take it out of retired.',
      'tenants.yaml:6:5: retired[2] "pe" is already retired[0] (line 4). Remove one of the two.',
    ],
  ],
  [
    "twice",
    `
tenants:
  - { id: mx, name: A }
  - { id: pe, name: B }
  - { id: mx, name: C }
`.slice(1),
    [
      'tenants.yaml:4:11: tenants[2] "mx": id "mx" is already the id of tenants[0] (line 2). Every tenant needs an id of its own: rename or remove one of the two.',
    ],
  ],
  [
    "look-alikes",
    `
tenants:
  - { id: acme, name: A }
  - { id: ac-me, name: B }
  - { id: bil1, name: C }
  - { id: blii, name: D }
  - { id: modern, name: E }
  - { id: rnodem, name: F }
  - { id: wo, name: G }
  - { id: vv0, name: H }
`.slice(1),
    [
      'tenants.yaml:3:11: tenants[1] "ac-me": id "ac-me" is too much like "acme" of tenants[0] (line 2). Choose an id that people can tell apart.',
      'tenants.yaml:5:11: tenants[3] "blii": id "blii" is too much like "bil1" of tenants[2] (line 4). Choose an id that people can tell apart.',
      'tenants.yaml:7:11: tenants[5] "rnodem": id "rnodem" is too much like "modern" of tenants[4] (line 6). Choose an id that people can tell apart.',
      'tenants.yaml:9:11: tenants[7] "vv0": id "vv0" is too much like "wo" of tenants[6] (line 8). Choose an id that people can tell apart.',
    ],
  ],
];

describe("ids", () => {
  it.each(ids)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
