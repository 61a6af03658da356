import { describe, expect, it } from "vitest";
import type { Received } from "../../src/lab/backends/received";
import { snappy, unsnappy } from "../../src/client/snappy";
import { Store } from "../../src/lab/backends/store";
import { marked } from "../../src/client/telemetry";
import { ROUTES } from "../../src/model/routes";

const bytes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));

describe("Snappy", () => {
  it.each([0, 1, 127, 128, 70_000])("reads back %i bytes of its own", (length) => {
    const plain = Buffer.alloc(length, "abc");
    expect(unsnappy(snappy(plain)).equals(plain)).toBe(true);
  });

  it("copies what was there before, also into itself, by each kind of offset", () => {
    expect(unsnappy(bytes(9, 4 << 2, "abcde", (0 << 2) | 1, 5)).toString()).toBe("abcdeabcd");
    expect(unsnappy(bytes(7, 0, "a", (5 << 2) | 2, 1, 0)).toString()).toBe("aaaaaaa");
    expect(unsnappy(bytes(5, 0, "a", (3 << 2) | 3, 1, 0, 0, 0)).toString()).toBe("aaaaa");
  });

  it.each([
    ["is cut", bytes(5, 4 << 2, "ab")],
    ["copies from before its beginning", bytes(5, 0, "a", (0 << 2) | 1, 2)],
    ["is shorter than it says", bytes(5, 0, "a")],
    ["is longer than it says", bytes(1, 1 << 2, "ab")],
    ["says that it is huge", bytes(0xff, 0xff, 0xff, 0xff, 0x7f)],
  ])("refuses what %s", (_what, packed) => {
    expect(() => unsnappy(packed)).toThrow("snappy:");
  });
});

describe("what backends keep", () => {
  const received = (changes: Partial<Received>): Received => ({
    ...{ backend: "loki", at: 0, tenant: "tenant-mx", kind: "write", method: "POST", path: "/", query: "" },
    ...{ headers: {}, body: Buffer.from("mark_1 mark_2"), status: 204 },
    ...changes,
  });

  it("is stored when it was a write and accepted", () => {
    const store = new Store();
    for (const status of [0, 200, 204, 400, 429, 503]) store.add(received({ status }));
    store.add(received({ kind: "read", status: 200 }));
    expect(store.stored().map(({ status }) => status)).toEqual([200, 204]);
    expect(store.received()).toHaveLength(7);
    expect([store.stored({ tenant: "tenant-pe" }), store.stored({ backend: "tempo" })]).toEqual([[], []]);
    expect([...store.marks(/mark_\d/g)]).toEqual([
      ["mark_1", 2],
      ["mark_2", 2],
    ]);
  });

  it("says that it has forgotten something before it counts too few", () => {
    const store = new Store();
    const body = Buffer.alloc(64 * 1024 ** 2);
    for (let index = 0; index < 8; index++) store.add(received({ body }));
    expect(() => store.stored()).toThrow("have forgotten 1 requests");
    store.clear();
    expect(store.stored()).toEqual([]);
  });
});

describe("marked telemetry", () => {
  it("refuses what could not be found again, and routes that take none", () => {
    const [first] = ROUTES;
    const read = ROUTES.find(({ right }) => "signal" in right && right.verb === "read");
    if (first === undefined || read === undefined) throw new Error("no routes");
    expect(() => marked(first, "short")).toThrow('"short" is not a mark');
    expect(() => marked(read, "mark_12345")).toThrow("is not for writing");
  });
});
