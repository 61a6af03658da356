import { describe, expect, it } from "vitest";
import { ConfigError, formatProblem, parseTenantList, type Problem } from "../../src/config";
import { formatProblems, showValue, together } from "../../src/config/problems";
import { listProblems } from "./helpers";

const problem = (changes: Partial<Problem>): Problem => ({
  file: "tenants.yaml",
  path: "plans.gold",
  message: "is odd",
  remedy: "Mend it.",
  ...changes,
});

describe("a problem as text", () => {
  it.each<[string, Partial<Problem>, string]>([
    ["a whole file", { path: "" }, "tenants.yaml: is odd. Mend it."],
    ["a place", { line: 3, column: 5 }, "tenants.yaml:3:5: plans.gold is odd. Mend it."],
    ["a value", { value: 12 }, "tenants.yaml: plans.gold 12 is odd. Mend it."],
    [
      "a tenant",
      { path: "tenants[2].retention.metrics", tenant: "acme", value: "900d" },
      'tenants.yaml: tenants[2] "acme": retention.metrics "900d" is odd. Mend it.',
    ],
    [
      "the tenant itself",
      { path: "tenants[2]", tenant: "acme" },
      'tenants.yaml: tenants[2] "acme" is odd. Mend it.',
    ],
  ])("%s", (_name, changes, text) => {
    expect(formatProblem(problem(changes))).toBe(text);
  });

  it.each([
    ["\u001b[31mred", String.raw`"\u001b[31mred"`],
    ["a\u202eb", '"a<U+202E>b"'],
    ["a\u00a0b", '"a<U+00A0>b"'],
    ["a\nb", String.raw`"a\nb"`],
    ["x".repeat(100), `"${"x".repeat(59)}..."`],
    [null, "null"],
  ])("shows %j without harm to a terminal", (value, text) => {
    expect(showValue(value)).toBe(text);
  });
});

describe("a ConfigError", () => {
  it("sorts by file and position, says each thing once, and counts what it does not show", () => {
    const many = Array.from({ length: 60 }, (_, index) => problem({ line: 60 - index, column: 1 }));
    const text = formatProblems([...many, ...many, problem({ file: "Pulumi.dev.yaml" })]).split("\n");
    expect(text).toHaveLength(51);
    expect(text[0]).toBe("Pulumi.dev.yaml: plans.gold is odd. Mend it.");
    expect(text[1]).toBe("tenants.yaml:1:1: plans.gold is odd. Mend it.");
    expect(text[50]).toBe("... and 11 more problems");
  });

  it("never shows a stack trace, however it is printed", () => {
    const error = new ConfigError([problem({})]);
    expect(String(error)).toBe("tenants.yaml: plans.gold is odd. Mend it.");
    expect(error.stack).toBe(error.message);
    // The mark by which Pulumi's runtime prints a message only.
    expect(Reflect.get(error, "__pulumiRunError")).toBe(true);
  });

  it("joins what several parts say, and lets bugs through", () => {
    const fail = (file: string) => (): never => {
      throw new ConfigError([problem({ file })]);
    };
    expect(() => together<[never, number, never]>(fail("a"), () => 1, fail("b"))).toThrow(
      new ConfigError([problem({ file: "a" }), problem({ file: "b" })]),
    );
    expect(
      together<[number, string]>(
        () => 1,
        () => "b",
      ),
    ).toEqual([1, "b"]);
    expect(() =>
      together<[never]>(() => {
        throw new TypeError("a bug");
      }),
    ).toThrow(TypeError);
  });
});

it("reports everything that is wrong with a list at once", () => {
  const list = `
plans:
  gold: { extends: gold, limits: { edge: { burst: 1 } } }
tenants:
  - id: mx
    name: México
    plan: glod
    retention: { metrics: 30, logs: { application: 1h } }
    limits: { metrics: { burst: 5 }, logs: { ingest: 4MB/s } }
    contacts: [{ name: a, slack: "https://hooks.slack.com/T0/B0/secret" }]
  - { id: mx, name: MÉXICO, retenton: {} }
  - { id: Fake, name: "A\\u200Bb", state: off }
  - { id: pe, name: Perú, agents: [{ id: agent-mx }], id: co }
  - { id: fake, name: *name, agents: [{ id: account }] }
retired: [pe]
`;
  expect(listProblems(list)).toEqual([
    'tenants.yaml:3:20: plans.gold.extends "gold" closes a circle: gold -> gold. Let one of them extend nothing, or another plan.',
    "tenants.yaml:3:51: plans.gold.limits.edge.burst 1 is below one second of edge.requests (100), so that more than that is always refused. Raise edge.burst to at least 100.",
    'tenants.yaml:7:11: tenants[0] "mx": plan "glod" is not a plan of this list. Did you mean "gold"? Plans are declared under plans.',
    'tenants.yaml:8:27: tenants[0] "mx": retention.metrics 30 is not a duration. Did you mean "30s", "30m", "30h" or "30d"? Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
    'tenants.yaml:8:52: tenants[0] "mx": retention.logs.application "1h" is shorter than Loki can keep logs. Write at least "1d".',
    'tenants.yaml:9:33: tenants[0] "mx": limits.metrics.burst 5 is below one second of metrics.samples (10000), so that more than that is always refused. Raise metrics.burst to at least 10000.',
    'tenants.yaml:9:54: tenants[0] "mx": limits.logs.ingest "4MB/s" is not a size per second. Did you mean "4MiB/s"? Write a size per second, such as "5MiB/s".',
    'tenants.yaml:10:34: tenants[0] "mx": contacts[0].slack is not the name of a config secret. Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.',
    'tenants.yaml:11:11: tenants[1] "mx": id "mx" is already the id of tenants[0] (line 5). Every tenant needs an id of its own: rename or remove one of the two.',
    'tenants.yaml:11:21: tenants[1] "mx": name "MÉXICO" looks the same as "México" of tenants[0] (line 5). Choose a name that people can tell apart.',
    'tenants.yaml:11:29: tenants[1] "mx": retenton is not a known field. Did you mean "retention"?',
    'tenants.yaml:12:11: tenants[2] "Fake": id "Fake" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "fake".',
    'tenants.yaml:12:23: tenants[2] "Fake": name "A<U+200B>b" holds U+200B, a character that nobody sees. Type the name anew instead of pasting it.',
    'tenants.yaml:12:42: tenants[2] "Fake": state "off" is not one of the choices. Known: active, suspended.',
    'tenants.yaml:13:11: tenants[3] "pe": id "pe" is listed under retired (line 15): a new tenant of that name would inherit the old one\'s data. Choose another id, or purge the old data first and then take it out of retired.',
    'tenants.yaml:13:42: tenants[3] "pe": agents[0].id "agent-mx" reads as an agent of tenant "mx" (agent-mx). Choose another name, such as agent-pe-2.',
    'tenants.yaml:13:55: tenants[3] "pe": id is written twice (first in line 13). Keep one of the two.',
    'tenants.yaml:14:11: tenants[4] "fake": id "fake" is reserved. Choose another id: the backends, the platform or a reader would take it for their own.',
    'tenants.yaml:14:23: tenants[4] "fake": name is an alias (*name). Write the value itself, or put what tenants share into a plan.',
    'tenants.yaml:14:45: tenants[4] "fake": agents[0].id "account" is a client that Keycloak has of its own. Choose another name, such as agent-fake-2.',
  ]);
});

it("keeps a thousand faults in one error", () => {
  const list = `tenants:\n${Array.from({ length: 1_000 }, (_, index) => `  - { id: t${index}, name: T${index}, x: 1 }\n`).join("")}`;
  try {
    parseTenantList(list, "tenants.yaml");
    expect.unreachable();
  } catch (error) {
    expect((error as ConfigError).problems).toHaveLength(1_000);
    expect((error as ConfigError).message.split("\n")).toHaveLength(51);
  }
});
