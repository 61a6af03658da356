import { describe, expect, it } from "vitest";
import { checkTenants } from "../../src/cli/check-tenants";
import { countdown } from "../../src/cli/countdown";
import { formatHealth } from "../../src/cli/health";
import { formatMatrix } from "../../src/cli/matrix-text";
import { matrixOf, planPairs, type MatrixTenant, type Observation } from "../../src/client/tenant-matrix";

describe("health, as a table", () => {
  it("stands in columns, with the remedy below what is not well", () => {
    const text = formatHealth(
      "stack dev",
      [
        { component: "Envoy", state: "good", latency: 7, seen: "speaks" },
        {
          component: "Auth service",
          state: "bad",
          latency: 5_000,
          seen: "no answer within 5 s",
          remedy: "Look.",
        },
        { component: "Grafana", state: "absent", seen: "not in the lab" },
      ],
      false,
    );
    expect(text.split("\n")).toEqual([
      "Envoy         ✓     7 ms  speaks",
      "Auth service  ✗  5000 ms  no answer within 5 s",
      "                          Look.",
      "Grafana       -           not in the lab",
      "",
      "1 of 3 not well in stack dev: Auth service.",
    ]);
  });

  it("has colours when asked", () => {
    expect(formatHealth("the lab", [{ component: "Envoy", state: "good", seen: "x" }], true)).toContain(
      "\u001b[32m✓",
    );
  });
});

describe("a countdown", () => {
  const terminal = (columns: number) => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    return { written, stream: { isTTY: true, columns, write } as unknown as NodeJS.WriteStream };
  };

  it("stays in one line of a terminal, however narrow, and leaves nothing there", () => {
    const { written, stream } = terminal(20);
    const { waiting, end } = countdown(stream);
    waiting("until every Envoy has fetched the new key", 75);
    end();
    expect(written).toEqual(["\rwaiting until every", `\r${" ".repeat(19)}\r`]);
  });
});

describe("a time to wait", () => {
  it.each(["", "abc", "-1", "Infinity", "1e9", "3601", "0x10"])("is not %j", async (wait) => {
    const options = { stack: "dev", outputs: "none.json", all: false, full: false, json: false, wait };
    await expect(checkTenants(options)).rejects.toThrow(`--wait ${wait}: say a number of seconds`);
  });
});

describe("the matrix, as text", () => {
  const tenants = (...ids: readonly string[]): readonly MatrixTenant[] =>
    ids.map((id) => ({ id, state: "active" }));
  /** All as it must be, but for what is given. */
  function shown(all: readonly MatrixTenant[], others: readonly Observation[] = [], width = 100): string {
    const plan = planPairs(all.map(({ id }) => id));
    const own = all.map(({ id }) => ({ who: id, whose: id, way: "read", by: "r", outcome: "done" }) as const);
    const apart = plan.pairs.map((pair) => ({ ...pair, way: "read", by: "r", outcome: "absent" }) as const);
    return formatMatrix(matrixOf(all, [...own, ...apart, ...others]), plan, {
      name: "the lab",
      color: false,
      width,
    });
  }
  const leak: Observation = {
    who: "a",
    whose: "bb",
    way: "read",
    by: "otlp-http-logs",
    outcome: "done",
    detail: "200",
  };

  it("is loud about a leak, and says it in words", () => {
    expect(shown(tenants("a", "bb"), [leak]).split("\n")).toEqual([
      "tries \\ whose    a      bb",
      "a              own ✓   LEAK",
      "bb               ✓    own ✓",
      "",
      "own ✓ writes and reads its own   ✓ refused, and found nothing",
      "",
      " LEAK  a reads bb's data with its own credential (otlp-http-logs)",
      "",
      " LEAK  The lab: tenants are not apart: 1 pair of 2 reached another's data.",
    ]);
  });

  it("groups who did the same, and explains its signs", () => {
    const failed = ["a", "b"].map((who): Observation => ({
      who,
      whose: who,
      way: "write",
      by: "loki-push",
      outcome: "failed",
      detail: "503 unavailable",
    }));
    const text = shown(tenants("a", "b", "c"), failed);
    expect(text).toContain("✗ a, b cannot write its own data (loki-push): 503 unavailable\n");
    expect(text).toContain("✗ not as it must be");
    expect(text).toMatch(/no leak was seen, and not all is as it must be: see above\.$/);
  });

  it("numbers the columns of long names", () => {
    const text = shown(tenants("a-very-long-name-of-a-tenant", "b-very-long-name-of-a-tenant"), [], 60);
    expect(
      text
        .split("\n")
        .slice(0, 2)
        .map((line) => line.trim().split(/ {2,}/)),
    ).toEqual([
      ["tries \\ whose", "1", "2"],
      ["1 a-very-long-name-of-a-tenant", "own ✓", "✓"],
    ]);
  });

  it("is no table for many tenants, but the rule, what is wrong and the verdict", () => {
    const many = tenants(...Array.from({ length: 30 }, (_, index) => `t${index + 10}`));
    const rule =
      "Tried 120 of 870 pairs: each tenant by 4 others: its neighbours in the alphabet and two far from it; --full tries all.";
    expect(shown(many).split("\n")).toEqual([
      rule,
      "",
      "The lab: 30 tenants write and read their own data, and in 120 pairs nobody reached another's.",
    ]);
    expect(shown(many, [{ ...leak, who: "t10", whose: "t11" }]).split("\n")).toEqual([
      " LEAK  t10 reads t11's data with its own credential (otlp-http-logs)",
      "",
      rule,
      "",
      " LEAK  The lab: tenants are not apart: 1 pair of 120 reached another's data.",
    ]);
  });

  it("does not go on for ever", () => {
    const many = tenants(...Array.from({ length: 40 }, (_, index) => `t${index + 10}`));
    const all = many.flatMap(({ id }) => (id === "t10" ? [] : [{ ...leak, who: "t10", whose: id }]));
    const lines = shown(many, all).split("\n");
    expect(lines[25]).toBe("... and 14 more; --json has all");
  });
});
