import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newKey, organisationOf } from "../../../src/auth/api-keys/format";
import { isEnded, newId, type StoredKey } from "../../../src/auth/api-keys/record";
import { tenantOf } from "../redis/real";

const MX = tenantOf("mx");
const key = fc.constantFrom("mx", "a1", "a-b-c").map((id) => newKey({ ...MX, id: id as typeof MX.id }));

describe("a self-service key", () => {
  it("names its tenant, is never twice the same, and scanners know its form", () => {
    const keys = Array.from({ length: 1_000 }, () => newKey(MX));
    expect(new Set(keys).size).toBe(1_000);
    for (const one of keys) {
      expect(one).toMatch(/^atl_mx_[0-9A-Za-z]{36}$/);
      expect(organisationOf(one)).toBe("tenant-mx");
    }
    // Every character of the alphabet comes, at every place but the sum's first.
    for (let place = 7; place < 37; place++)
      expect(new Set(keys.map((one) => one[place])).size).toBeGreaterThan(50);
  });

  it("has a checksum that others can make: CRC-32 of all before it, in base 62", () => {
    // By Python's zlib.crc32 and divmod.
    expect(organisationOf("atl_mx_0123456789ABCDEFGHIJKLMNOPQRST000000")).toBeUndefined();
    expect(organisationOf("atl_mx_0123456789ABCDEFGHIJKLMNOPQRST2aqf0z")).toBe("tenant-mx");
  });

  it("with any one character changed, left out or added is none", () => {
    const change = fc.record({
      at: fc.nat(60),
      by: fc.oneof(
        fc.constantFrom("0", "A", "Z", "a", "z", "_", "-", "9"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
      kind: fc.constantFrom("replace", "insert", "remove"),
    });
    fc.assert(
      fc.property(key, change, (good, { at, by, kind }) => {
        const place = at % good.length;
        const rest = good.slice(kind === "insert" ? place : place + 1);
        const changed = good.slice(0, place) + (kind === "remove" ? "" : by) + rest;
        if (changed !== good) expect(organisationOf(changed)).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it("is nothing that anybody else would write", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^atl_mx_[0-9A-Za-z]{36,40}$/)),
        (text) => {
          expect(organisationOf(text)).toBeUndefined();
        },
      ),
    );
    expect(organisationOf(`atl_${"a".repeat(60_000)}`)).toBeUndefined();
    // A declared key of the lab: 40 characters.
    expect(organisationOf(`atl_mx_${"a".repeat(40)}`)).toBeUndefined();
  });
});

describe("a key's id", () => {
  it("is 16 characters, and greater than those of keys that were made before", () => {
    const ids = [0, 1, 31, 32, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 1, Date.UTC(2999, 0, 1)].map(
      newId,
    );
    for (const id of ids) expect(id).toMatch(/^key_[0-9a-hjkmnp-tv-z]{16}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(newId(5)).not.toBe(newId(5));
  });
});

describe("a key's end", () => {
  const record = { id: "key_1", label: "", rights: [], createdBy: "", createdAt: "" } as StoredKey;
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();

  it("is its expiry or its deadline, whichever comes first, and a date that is none", () => {
    expect(isEnded(record, 1e15)).toBe(false);
    expect([999, 1_000].map((now) => isEnded({ ...record, expiresAt: at(1_000) }, now))).toEqual([
      false,
      true,
    ]);
    expect(isEnded({ ...record, expiresAt: at(5_000), worksUntil: at(1_000) }, 2_000)).toBe(true);
    expect(isEnded({ ...record, expiresAt: at(1_000), worksUntil: at(5_000) }, 2_000)).toBe(true);
    expect(isEnded({ ...record, expiresAt: "soon" }, 0)).toBe(true);
  });
});
