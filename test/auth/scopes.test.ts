import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers } from "../../src/auth/scopes";
import { SCOPE } from "../../src/model/names";

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5})?$/);
const one = fc.tuple(name, name).map((parts) => parts.join(":"));
const all = name.map((space) => `${space}:*`);
const scope = fc.oneof(one, all);

describe("a scope", () => {
  it.each([
    [["orders:read"], "orders:read", true],
    [["orders:*"], "orders:read", true],
    [["ai-services:*"], "ai-services:embed", true],
    [["internal:*", "backend:read"], "internal:anything", true],
    [["orders:*"], "orders:*", true],
    [["orders:read"], "orders:write", false],
    [["orders:read"], "orders:*", false],
    [["orders:*"], "orders-archive:read", false],
    [["ai:*"], "ai-services:embed", false],
    [["*:*"], "orders:read", false],
    [["*"], "orders:read", false],
    [["ORDERS:READ"], "orders:read", false],
    [["orders:read "], "orders:read", false],
    [["orders:"], "orders:", false],
    [["*:*"], "*:*", false],
    [[], "orders:read", false],
  ])("of %j covers %s: %s", (granted, required, expected) => {
    expect(covers(granted, required)).toBe(expected);
  });

  it("covers itself, and its wildcard covers it, among any others", () => {
    fc.assert(
      fc.property(fc.array(scope), one, (others, required) => {
        const wildcard = `${required.split(":")[0] ?? ""}:*`;
        expect(covers([...others, required], required)).toBe(true);
        expect(covers([...others, wildcard], required)).toBe(true);
      }),
    );
  });

  it("more never covers less", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(scope, fc.string())), fc.oneof(scope, fc.string()), scope, (some, required, more) => {
        if (covers(some, required)) expect(covers([more, ...some], required)).toBe(true);
      }),
    );
  }); // prettier-ignore

  it("is covered by no scope of another name, and by nothing that is not written as one", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(scope, fc.string())), fc.oneof(scope, fc.string()), (granted, required) => {
        if (!covers(granted, required)) return;
        const [space] = required.split(":");
        expect(SCOPE.test(required)).toBe(true);
        expect(granted.some((other) => SCOPE.test(other) && other.split(":")[0] === space)).toBe(true);
      }),
    );
  }); // prettier-ignore
});
