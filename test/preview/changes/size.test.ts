import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "../../../src/preview/changes/compare";
import { formatChangesMarkdown } from "../../../src/preview/changes-markdown";
import { formatChangesText } from "../../../src/preview/changes-text";
import type { Changes } from "../../../src/preview/changes/types";
import { tell } from "../../../src/preview/changes/words/tell";
import type { Plan } from "../../../src/preview/plan";
import { PE, planOf } from "./plans";

const TENANTS = 1_000;
/** One tenant of that id, and all that is its own, as often as it takes. */
const ONE = "zz";

/** A plan of many tenants, made of a plan of one. */
function many(plan: Plan, name: (index: number) => string): Plan {
  const times = <T extends object>(items: readonly T[], key: keyof T): readonly T[] => {
    const isOwn = (item: T): boolean => String(item[key]).includes(ONE);
    const own = JSON.stringify(items.filter(isOwn));
    return [
      ...items.filter((item) => !isOwn(item)),
      ...Array.from(
        { length: TENANTS },
        (_, index) => JSON.parse(own.replaceAll(ONE, name(index))) as T[],
      ).flat(),
    ];
  };
  return {
    ...plan,
    tenants: times(plan.tenants, "id"),
    resources: times(plan.resources, "urn"),
    files: times(plan.files, "path"),
  };
}

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");

describe("1,000 tenants", () => {
  let before: Plan;
  let after: Plan;
  let changes: Changes;
  const name = (index: number): string => `t${String(index).padStart(4, "0")}-${"x".repeat(30)}`;
  beforeAll(async () => {
    before = many(await planOf({ tenants: [PE, { id: ONE, name: ONE }] }), name);
    const { tenants, ...rest } = before;
    // No two of them change alike.
    after = {
      ...rest,
      tenants: tenants.map((tenant, index) => ({
        ...tenant,
        limits: { ...tenant.limits, metrics: { ...tenant.limits.metrics, activeSeries: 1_000 + index } },
        retention: { ...tenant.retention, traces: (index * 86_400) as typeof tenant.retention.traces },
      })),
    };
    changes = compare(before, after);
  }, 60_000);

  it("that all change fit into a comment, which says how many it leaves out", () => {
    const text = formatChangesMarkdown(tell(changes, "a"));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(40_000);
    expect(text).toMatch(/- \.\.\. and \d+ more, left out so that this fits into a comment/);
    expect(text).toContain("1001 tenants: 1001 changed.");
  });

  it("that all come or go do as well", () => {
    const none: Plan = { ...before, tenants: [], resources: [], files: [] };
    for (const all of [compare(none, before), compare(before, none)]) {
      const text = formatChangesMarkdown(tell(all, "a"));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    }
  });

  it("that change alike are told of once", () => {
    const alike = {
      ...before,
      tenants: before.tenants.map((tenant) => ({
        ...tenant,
        retention: { ...tenant.retention, traces: 86_400 as typeof tenant.retention.traces },
      })),
    };
    const text = formatChangesText(tell(compare(before, alike), "a"), { color: false, whole: false });
    expect(lines(text).length).toBeLessThan(20);
    expect(text).toContain("1001 tenants change alike: pe, ");
    expect(text).toContain("and 989 more");
  });

  it("are compared in a time that grows as they do", () => {
    const part = (plan: Plan): Plan => ({
      ...plan,
      tenants: plan.tenants.slice(0, 100),
      resources: plan.resources.slice(0, plan.resources.length / 10),
    });
    const fastest = (run: () => unknown): number =>
      Math.min(
        ...[1, 2, 3].map(() => {
          const start = performance.now();
          run();
          return performance.now() - start;
        }),
      );
    const [small, large] = [
      fastest(() => compare(part(before), part(after))),
      fastest(() => compare(before, after)),
    ];
    expect(large).toBeLessThan(40 * small + 50);
  });

  it("a violation as long as a file leaves room for the rest", () => {
    const violation = { policy: "p", urn: "u", message: "m".repeat(100_000), remedy: "r" };
    const text = formatChangesMarkdown(
      tell(compare(before, { ...after, policies: { passed: [], violations: [violation] } }), "a"),
    );
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(text).toContain("### Data at risk");
  });
});

describe("names", () => {
  it("become no markup and call nobody", async () => {
    const plan = await planOf({ tenants: [PE] });
    const renamed: Plan = {
      ...plan,
      tenants: plan.tenants.map((tenant) => ({ ...tenant, name: "<img src=x> @everyone [a](b) `c`\n> d" })),
    };
    const text = formatChangesMarkdown(tell(compare(plan, renamed), "a"));
    expect(text).toContain('\\<img src=x\\> @&#8203;everyone \\[a\\](b) \\`c\\` \\> d (pe): name "Perú" -> ');
  });
});
