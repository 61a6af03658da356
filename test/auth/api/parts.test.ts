import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { opened, sealed } from "../../../src/auth/api/cursors";
import { hasAlready } from "../../../src/auth/api/etags";
import { DEEPEST, parseJson } from "../../../src/auth/api/json";
import { CALLER, callerLimit, TENANT } from "../../../src/auth/api/limits";
import type { Principal } from "../../../src/auth/api/ports";
import type { OrgId } from "../../../src/model/names";

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

describe("JSON", () => {
  it.each([
    ["nothing", "", "It is not JSON."],
    ["half of it", '{"a":', "It is not JSON."],
    ["a comment", "{} // x", "It is not JSON."],
    ["single quotes", "{'a':1}", "It is not JSON."],
    ["no number", "NaN", "It is not JSON."],
    ["two values", "1 2", "It is not JSON."],
    ["a mark before it", "\ufeff{}", "It is not JSON."],
    ["a name twice", '{"a":{"b":1,"b":2}}', "A name stands twice in one of its objects."],
    [
      "a name twice, written in two ways",
      '{"a":1,"\\u0061":2}',
      "A name stands twice in one of its objects.",
    ],
    ["__proto__", '{"a":[{"__proto__":1}]}', "A name in it is __proto__."],
    ["__proto__, hidden", '{"\\u005f_proto__":1}', "A name in it is __proto__."],
    [
      "a number beyond all",
      '{"a":[1e400]}',
      "A number in it is too large to be kept exactly: send it as a string.",
    ],
    [
      "a number of nanoseconds",
      "1795273332123456789",
      "A number in it is too large to be kept exactly: send it as a string.",
    ],
    ["33 levels", nested(DEEPEST + 1), "It is nested deeper than 32 levels."],
    ["a great many levels", nested(30_000), "It is nested deeper than 32 levels."],
  ])("of %s is refused", (_case, text, message) => {
    expect(() => parseJson(text)).toThrow(new Error(message));
  });

  it.each(["null", '"__proto__"', nested(DEEPEST), '{"a":{"b":1},"b":{"b":2}}', '[{"a":1},{"a":2}]', '{"a":":","{":"a"}', '"\\"{[:"', '{"":{"":0}}', "[-9007199254740991,1.5e300,0.1,-0,\"1e400\"]"])(
    "is taken: %s",
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  ); // prettier-ignore

  it("is read as it was written, whatever it is", () => {
    // Without `__proto__`, which the generator makes by itself.
    const values = fc
      .jsonValue({ maxDepth: 8 })
      .filter((value) => !/__proto__|\d{16}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(values, (value) => {
        expect(parseJson(JSON.stringify(value, null, 1))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("or anything else is a value or one of five refusals", () => {
    const piece = fc.constantFrom('"', "\\", "{", "}", "[", "]", ":", ",", "a", "1", " ", '"a":', "__proto__");
    const text = fc.oneof(fc.string(), fc.array(piece).map((parts) => parts.join("")));
    fc.assert(
      fc.property(text, (given) => {
        try {
          expect(parseJson(given)).toEqual(JSON.parse(given));
        } catch (error) {
          expect((error as Error).message).toMatch(/^(?:It is not JSON|It is nested deeper than 32 levels|A number in it is too large to be kept exactly: send it as a string|A name (?:stands twice in one of its objects|in it is __proto__))\.$/);
        }
      }),
    );
  }); // prettier-ignore

  it("takes no longer than its length, also of what never ends", () => {
    const began = performance.now();
    for (const text of ['"\\"'.repeat(25_000), '{"a":'.repeat(14_000), `["${'\\"'.repeat(30_000)}"]`])
      try {
        parseJson(text);
      } catch {
        // What it says of them, others hold.
      }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("a cursor", () => {
  it("is good for the list that gave it, and for no other", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    const list = fc.array(fc.string(), { maxLength: 3 });
    fc.assert(
      fc.property(list, list, text, (one, other, next) => {
        const cursor = sealed(one, next) ?? "";
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(opened(one, cursor)).toBe(next);
        const same = JSON.stringify(one) === JSON.stringify(other);
        if (!same) expect(() => opened(other, cursor)).toThrow("invalid_cursor");
      }),
    );
  });

  it("that nobody gave is refused", () => {
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        expect(() => opened(["data"], cursor)).toThrow("invalid_cursor");
      }),
    );
    expect([opened([], undefined), sealed([], undefined)]).toEqual([undefined, undefined]);
  });
});

describe("an entity tag", () => {
  it("is looked for without a failure in whatever is sent", () => {
    fc.assert(
      fc.property(fc.string(), (sent) => {
        expect(typeof hasAlready(sent, "x")).toBe("boolean");
        expect(hasAlready(`${sent},"x"`, "x")).toBe(true);
      }),
    );
  });
});

describe("the limit of a caller", () => {
  const caller = (user: string, orgId = "tenant-mx") =>
    ({ kind: "person", user, tenant: { orgId: orgId as OrgId } }) as Principal;

  it("is 40 at once and 20 a second for each of them, and three times that for a tenant", () => {
    let clock = 0;
    const may = callerLimit(() => clock);
    const count = (principal: Principal, tries: number) =>
      Array.from({ length: tries }, () => may(principal)).filter(Boolean).length;
    for (const user of ["a", "b", "c"]) expect(count(caller(user), 100)).toBe(CALLER.burst);
    expect(TENANT).toEqual({ rate: 3 * CALLER.rate, burst: 3 * CALLER.burst });
    expect(count(caller("d"), 100)).toBe(0);
    expect(count(caller("a", "tenant-pe"), 100)).toBe(CALLER.burst);
    clock = 1_000;
    expect(count(caller("a"), 100)).toBe(CALLER.rate);
    expect(["b", "c", "e"].map((user) => count(caller(user), 100))).toEqual([CALLER.rate, CALLER.rate, 0]);
    clock = 60_000;
    expect(count(caller("a"), 100)).toBe(CALLER.burst);
  });

  it("remembers so many and no more", () => {
    const may = callerLimit(() => 0, 2);
    for (let n = 0; n < CALLER.burst; n++) may(caller("a"));
    expect(may(caller("a"))).toBe(false);
    for (const user of ["b", "c"]) may(caller(user));
    expect(may(caller("a"))).toBe(true);
  });
});
