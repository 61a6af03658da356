import { describe, expect, it } from "vitest";
import { parseTenantList, tenantsOf, parseEnvironment } from "../../src/config";
import { listProblems, STACK } from "./helpers";

const agentsOf = (yaml: string) =>
  parseTenantList(`tenants:\n  - { id: aa, name: A, ${yaml} }\n`, "tenants.yaml").tenants[0];

describe("an agent", () => {
  it("runs here and reads nothing unless its tenant says so", () => {
    expect(agentsOf("agents: [{ id: x, runs: here, hostMetrics: false, fileLogs: [] }]")?.agents).toEqual([
      { id: "x" },
    ]);
  });

  it("elsewhere may measure its machine and read files, each with a class and a service", () => {
    const files =
      "[{ path: /var/log/*.log }, { path: /srv/a/b-1.log, class: access, service: front }, { path: /srv/x, class: audit }]";
    expect(
      agentsOf(
        `retention: { logs: { audit: 30d } }, agents: [{ id: x, runs: elsewhere, disk: 10GiB, hostMetrics: true, fileLogs: ${files} }]`,
      )?.agents,
    ).toEqual([
      {
        id: "x",
        runs: "elsewhere",
        disk: 10 * 1024 ** 3,
        hostMetrics: true,
        fileLogs: [
          { path: "/var/log/*.log", class: "application", service: "x" },
          { path: "/srv/a/b-1.log", class: "access", service: "front" },
          { path: "/srv/x", class: "audit", service: "x" },
        ],
      },
    ]);
  });

  it("is told everything that is wrong with it at once", () => {
    const list = `
tenants:
  - id: aa
    name: A
    agents:
      - { id: x, hostMetrics: true, fileLogs: [{ path: /var/log/a.log }] }
      - { id: y, runs: away, disk: 10MiB }
      - id: z
        runs: elsewhere
        fileLogs:
          - { path: var/log/a.log }
          - { path: /var/../a.log, service: A B }
          - { path: "/var/log/a b.log" }
          - { path: /srv/a.log, class: acces }
          - { path: /srv/a.log }
          - { class: access }
`.slice(1);
    expect(listProblems(list)).toEqual([
      'tenants.yaml:5:18: tenants[0] "aa": agents[0].hostMetrics is for an agent that runs elsewhere: on the shared host, no tenant\'s agent sees the machine. Add "runs: elsewhere", or remove hostMetrics.',
      'tenants.yaml:5:37: tenants[0] "aa": agents[0].fileLogs is for an agent that runs elsewhere: on the shared host, no tenant\'s agent sees the machine. Add "runs: elsewhere", or remove fileLogs.',
      'tenants.yaml:6:24: tenants[0] "aa": agents[1].runs "away" is not one of the choices. Known: elsewhere, here.',
      'tenants.yaml:6:36: tenants[0] "aa": agents[1].disk "10MiB" is too little for three queues. Write at least "256MiB".',
      'tenants.yaml:10:21: tenants[0] "aa": agents[2].fileLogs[0].path "var/log/a.log" is not a path. Write an absolute one without spaces and .., such as /var/log/app/*.log.',
      'tenants.yaml:11:21: tenants[0] "aa": agents[2].fileLogs[1].path "/var/../a.log" is not a path. Write an absolute one without spaces and .., such as /var/log/app/*.log.',
      'tenants.yaml:11:45: tenants[0] "aa": agents[2].fileLogs[1].service "A B" is not a name. Write lower-case letters, digits and single dashes between them, a letter first, such as "a-b".',
      'tenants.yaml:12:21: tenants[0] "aa": agents[2].fileLogs[2].path "/var/log/a b.log" is not a path. Write an absolute one without spaces and .., such as /var/log/app/*.log.',
      'tenants.yaml:13:40: tenants[0] "aa": agents[2].fileLogs[3].class "acces" is not a class of this tenant\'s retention.logs. Did you mean "access"?',
      'tenants.yaml:14:21: tenants[0] "aa": agents[2].fileLogs[4].path "/srv/a.log" is read already. Keep one of the two: it would be sent twice.',
      'tenants.yaml:15:13: tenants[0] "aa": agents[2].fileLogs[5].path is missing. Add it: an absolute one without spaces and .., such as /var/log/app/*.log.',
    ]);
  });
});

describe("files that an agent reads", () => {
  const problemsOf = (...paths: readonly string[]) =>
    listProblems(
      `tenants:\n  - { id: aa, name: A, agents: [{ id: x, runs: elsewhere, fileLogs: ${JSON.stringify(paths.map((path) => ({ path })))} }] }\n`,
    ).map((problem) => problem.replace(/^.*\.path /, ""));

  it.each([
    ["/var/log/*.log", "/var/log/app.log"],
    ["/var/log/app.log", "/var/log/*.log"],
    ["/var/log/app*", "/var/log/*.log"],
    ["/srv/*/a.log", "/srv/b/*"],
    ["/srv/a*", "/srv/a"],
    ["/srv/a", "/srv/a**"],
  ])("%s and %s are not taken twice", (one, other) => {
    expect(problemsOf(one, other)).toEqual([
      `"${other}" may be a file of ${one} too. Let no file fit both: it would be sent twice.`,
    ]);
  });

  it.each([
    ["/var/log/*.log", "/var/log/app/a.log"],
    ["/var/log/*", "/var/log/app/*"],
    ["/var/log/a*", "/var/log/b*"],
    ["/srv/*.log", "/srv/*.txt"],
    ["/srv/a", "/srv/ab"],
  ])("%s and %s are two", (one, other) => {
    expect(problemsOf(one, other)).toEqual([]);
  });

  it("are compared in bounded time, however many stars they have", () => {
    expect(problemsOf(`/srv/${"*a".repeat(60)}`, `/srv/${"a*".repeat(59)}b`)).toEqual([]);
  });

  it.each(["/*.log", "/app.log", "/*/a.log", "/v*/a.log"])("are in a directory: %s is not", (path) => {
    expect(problemsOf(path)).toEqual([
      `"${path}" is in no directory of its own: the agent would have to see the whole machine. Begin it with a directory's name, such as /var/log/app/*.log.`,
    ]);
  });
});

describe("what agents mask", () => {
  it("is what the tenant says, in its environments too", () => {
    const list = parseTenantList(
      "tenants:\n  - { id: aa, name: A, redaction: { emails: false } }\n",
      "tenants.yaml",
    );
    expect(list.tenants[0]?.redaction).toEqual({ emails: false, cards: true });
    const dev = parseEnvironment("dev", STACK, "Pulumi.dev.yaml");
    expect(tenantsOf(list, dev).tenants[0]?.redaction).toEqual({ emails: false, cards: true });
    expect(
      listProblems("tenants:\n  - { id: aa, name: A, redaction: { secrets: false, emails: no-thanks } }\n"),
    ).toEqual([
      'tenants.yaml:2:37: tenants[0] "aa": redaction.secrets is not a known field. Known: cards, emails.',
      'tenants.yaml:2:61: tenants[0] "aa": redaction.emails "no-thanks" is not true or false. Write true or false.',
    ]);
  });
});
