import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const derivedNames: readonly Case[] = [
  [
    "too long",
    `
tenants:
  - { id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, name: A }
  - { id: mx, name: B, agents: [{ id: agent-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb }], services: [{ name: ccccccccccccccccccccccccccccccccccccccccccccccccccccc, scopes: [] }] }
`.slice(1),
    [
      'tenants.yaml:2:11: tenants[0] "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": id "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is too long: its data-source uid "mimir-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has 41 characters, the limit is 40. Shorten it by 1: names are never cut.',
      'tenants.yaml:3:39: tenants[1] "mx": agents[0].id "agent-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" is too long: its container name "atalaya-xxxxxxxxxxxx-agent-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb..." has 64 characters, the limit is 63. Shorten it by 1: names are never cut.',
      'tenants.yaml:3:106: tenants[1] "mx": services[0].name "ccccccccccccccccccccccccccccccccccccccccccccccccccccc" is too long: its client id "service-mx-cccccccccccccccccccccccccccccccccccccccccccccccc..." has 64 characters, the limit is 63. Shorten it by 1: names are never cut.',
    ],
  ],
  [
    "services that meet across tenants",
    `
tenants:
  - { id: aa, name: A, services: [{ name: b-c, scopes: [] }] }
  - { id: aa-b, name: B, services: [{ name: c, scopes: [] }] }
`.slice(1),
    [
      'tenants.yaml:3:45: tenants[1] "aa-b": services[0].name "c" makes the client id "service-aa-b-c", as does tenants[0].services[0].name (line 2). Rename one of the two.',
    ],
  ],
  [
    "an agent named like a service",
    `
tenants:
  - { id: aa, name: A, services: [{ name: b, scopes: [] }] }
  - { id: cc, name: B, agents: [{ id: service-aa-b }] }
`.slice(1),
    [
      'tenants.yaml:3:39: tenants[1] "cc": agents[0].id "service-aa-b" makes the client id "service-aa-b", as does tenants[0].services[0].name (line 2). Rename one of the two.',
    ],
  ],
  [
    "an agent twice",
    `
tenants:
  - { id: mx, name: A, agents: [{ id: plant }, { id: plant }] }
  - { id: pe, name: B, agents: [{ id: plant }] }
`.slice(1),
    [
      'tenants.yaml:2:54: tenants[0] "mx": agents[1].id "plant" makes the client id "plant", as does tenants[0].agents[0].id (line 2). Rename one of the two.',
      'tenants.yaml:3:39: tenants[1] "pe": agents[0].id "plant" makes the client id "plant", as does tenants[0].agents[0].id (line 2). Rename one of the two.',
    ],
  ],
  [
    "another tenant's agent",
    `
tenants:
  - { id: mx, name: A }
  - { id: pe, name: B, agents: [{ id: agent-mx }, { id: agent-mx-plant }, { id: agent-platform }] }
  - { id: mx-plant, name: C }
`.slice(1),
    [
      'tenants.yaml:3:39: tenants[1] "pe": agents[0].id "agent-mx" reads as an agent of tenant "mx" (agent-mx). Choose another name, such as agent-pe-2.',
      'tenants.yaml:3:57: tenants[1] "pe": agents[1].id "agent-mx-plant" reads as an agent of tenant "mx-plant" (agent-mx-plant). Choose another name, such as agent-pe-2.',
      'tenants.yaml:3:81: tenants[1] "pe": agents[2].id "agent-platform" reads as an agent of tenant "platform" (agent-platform). Choose another name, such as agent-pe-2.',
    ],
  ],
  [
    "clients and hosts of the platform",
    `
tenants:
  - id: mx
    name: A
    agents: [{ id: grafana }, { id: account }, { id: account-console }, { id: admin-cli }, { id: broker }, { id: realm-management }, { id: security-admin-console }, { id: atalaya-edge }, { id: mimir }, { id: localhost }]
`.slice(1),
    [
      'tenants.yaml:4:20: tenants[0] "mx": agents[0].id "grafana" is Grafana\'s own client. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:37: tenants[0] "mx": agents[1].id "account" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:54: tenants[0] "mx": agents[2].id "account-console" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:79: tenants[0] "mx": agents[3].id "admin-cli" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:98: tenants[0] "mx": agents[4].id "broker" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:114: tenants[0] "mx": agents[5].id "realm-management" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:140: tenants[0] "mx": agents[6].id "security-admin-console" is a client that Keycloak has of its own. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:172: tenants[0] "mx": agents[7].id "atalaya-edge" is the edge\'s own client. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:194: tenants[0] "mx": agents[8].id "mimir" is the host name of another process. Choose another name, such as agent-mx-2.',
      'tenants.yaml:4:209: tenants[0] "mx": agents[9].id "localhost" is the host name of another process. Choose another name, such as agent-mx-2.',
    ],
  ],
  [
    "a service twice",
    "tenants:\n  - { id: mx, name: A, services: [{ name: x, scopes: [] }, { name: x, scopes: [] }] }\n",
    [
      'tenants.yaml:2:68: tenants[0] "mx": services[1].name "x" makes the client id "service-mx-x", as does tenants[0].services[0].name (line 2). Rename one of the two.',
    ],
  ],
];

describe("derived names", () => {
  it.each(derivedNames)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
