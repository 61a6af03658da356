import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RULES } from "../../policies/rules";
import type { Recording } from "../../src/model/recording";
import { CASES } from "./coverage/cases";
import { PROMISES } from "./coverage/promises";
import { recordShipped } from "./environment";
import { MUTATIONS } from "./mutations";
import { problemsOf } from "./mutations/caught";

const ROWS = [...CASES, ...PROMISES];
const names = RULES.map(({ name }) => name);
const all = Object.entries(MUTATIONS).flatMap(([name, mutations]) =>
  mutations.map((mutation) => ({ name, mutation, title: `${name}: ${mutation.what}` })),
);
const claimed = ROWS.flatMap(({ rules = {} }) =>
  Object.entries(rules).flatMap(([name, whats]) => whats.map((what) => `${name}: ${what}`)),
);

describe("the table of what holds what", () => {
  it("has every isolation case, once and in order", () => {
    const numbers =
      "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19b 20 21b 22 28 30 31 34 38 39 42 43 44 46 48 49 50 53 54";
    expect(CASES.map(({ key }) => key)).toEqual(numbers.split(" "));
    expect(new Set(ROWS.map(({ key }) => key)).size).toBe(ROWS.length);
  });

  it("says of every row what holds it, but of those that are not built yet", () => {
    const held = (row: (typeof ROWS)[number]) =>
      Object.keys(row.rules ?? {}).length + Object.keys(row.suites ?? {}).length > 0;
    expect(ROWS.filter((row) => held(row) === (row.open !== undefined)).map(({ key }) => key)).toEqual([]);
    expect(ROWS.filter(({ open }) => open !== undefined).map(({ key }) => key)).toEqual([
      "4 decisions in Loki",
      "7 Kubernetes",
    ]);
  });

  it("names rules of the pack, each with a break that it claims, and suites that are there", () => {
    expect(
      ROWS.flatMap(({ rules = {} }) => Object.entries(rules)).filter(([, whats]) => whats.length === 0),
    ).toEqual([]);
    expect(claimed.filter((one) => !all.some(({ title }) => title === one))).toEqual([]);
    const suites = ROWS.flatMap((row) => Object.keys(row.suites ?? {}));
    expect(suites.filter((path) => !existsSync(join(__dirname, "../..", path)))).toEqual([]);
  });

  it("leaves out no rule and no deliberate break", () => {
    const used = new Set(ROWS.flatMap(({ rules = {} }) => Object.keys(rules)));
    expect(names.filter((name) => !used.has(name))).toEqual([]);
    expect(all.map(({ title }) => title).filter((title) => !claimed.includes(title))).toEqual([]);
  });
});

describe("the deliberate breaks", () => {
  let shipped: Recording;
  let broken: ReadonlyMap<string, Recording>;
  beforeAll(async () => {
    shipped = await recordShipped();
    broken = new Map(all.map(({ title, mutation }) => [title, mutation.apply(shipped)]));
  }, 120_000);
  const brokenBy = (title: string): Recording => broken.get(title) ?? shipped;

  it("are 123, all different, and at least one for each rule", () => {
    const originals = new Set(shipped.resources);
    const digest = ({ resources, ...rest }: Recording): string => {
      const changed = resources.filter((one) => !originals.has(one));
      return createHash("sha256")
        .update(JSON.stringify([rest, resources.length, changed]))
        .digest("hex");
    };
    expect(all.length).toBe(123);
    expect(new Set([shipped, ...broken.values()].map(digest)).size).toBe(all.length + 1);
    expect(names.filter((name) => (MUTATIONS[name] ?? []).length === 0)).toEqual([]);
  });

  it("are all missed by a pack that was emptied", () => {
    expect(
      all.flatMap(({ name, mutation, title }) => problemsOf(name, mutation, brokenBy(title), [])),
    ).toEqual(all.map(({ name }) => `not caught by ${name}`));
  });

  // That no other rule claims a break, environment.test.ts tries of each: some of the rules are enough here.
  it.each(names.filter((_, index) => index % 8 === 0))("are missed by a pack without %s", (name) => {
    const [first] = MUTATIONS[name] ?? [];
    if (first === undefined) throw new Error(`nothing breaks ${name}`);
    const rules = RULES.filter((rule) => rule.name !== name);
    expect(problemsOf(name, first, brokenBy(`${name}: ${first.what}`), rules)).toEqual([
      `not caught by ${name}`,
    ]);
  });
});
