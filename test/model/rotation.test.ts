import { describe, expect, it } from "vitest";
import {
  CLOCK_TOLERANCE,
  formatMoment,
  parseMoment,
  rotate,
  type Held,
  type Moment,
} from "../../src/model/rotation";
import { duration } from "../../src/model/units";

const DAY = duration("1d");
const at = (day: number): Moment => (1_800_000_000 + day * DAY) as Moment;
const EVERY_90 = { rotateEvery: duration("90d"), overlap: duration("7d"), leaked: undefined };
const on = (day: number, leaked?: Moment) => ({ ...EVERY_90, now: at(day), leaked });
const held = (secret: string, since?: Moment, previous?: Held<string>["previous"]): Held<string> => ({
  secret,
  since,
  previous,
});

describe("a client's secret", () => {
  it("is its first one when the client is new, with nothing accepted besides", () => {
    expect(rotate(undefined, on(0))).toEqual({ kind: "first", since: at(0), previous: undefined });
  });

  it("stays until it is as old as was said, to the second", () => {
    const now = (at(90) - 1) as Moment;
    expect(rotate(held("a", at(0)), { ...EVERY_90, now })).toEqual({
      kind: "kept",
      since: at(0),
      previous: undefined,
    });
    expect(rotate(held("a", at(0)), on(90))).toEqual({
      kind: "due",
      since: at(90),
      previous: { secret: "a", since: at(0), until: at(97) },
    });
  });

  it("leaves the whole overlap however late the update comes, and the secret that programs have", () => {
    expect(rotate(held("a", at(0), { secret: "z", since: at(-90), until: at(7) }), on(365))).toEqual({
      kind: "due",
      since: at(365),
      previous: { secret: "a", since: at(0), until: at(372) },
    });
  });

  it("is declared in the same way by every update in between: the end of the overlap does not move", () => {
    const previous = { secret: "a", since: at(0), until: at(97) };
    for (const day of [90, 91, 96, 98, 179])
      expect(rotate(held("b", at(90), previous), on(day))).toEqual({ kind: "kept", since: at(90), previous });
  });

  it("is renewed at once, with an overlap, when Keycloak had made it", () => {
    expect(rotate(held("a"), on(3))).toEqual({
      kind: "due",
      since: at(3),
      previous: { secret: "a", since: undefined, until: at(10) },
    });
  });

  it("stays when the clock differs a little, and is due at once when it was dated by a wrong one", () => {
    const since = (at(1) + CLOCK_TOLERANCE) as Moment;
    expect(rotate(held("a", since), on(1))).toEqual({ kind: "kept", since, previous: undefined });
    const previous = { secret: "z", since: at(0), until: at(12) };
    expect(rotate(held("a", (since + 1) as Moment, previous), on(1))).toEqual({
      kind: "due",
      since: at(1),
      previous: { secret: "a", since: undefined, until: at(8) },
    });
  });
});

describe("a secret that leaked", () => {
  const previous = { secret: "a", since: at(0), until: at(97) };
  const leaked = { kind: "leaked", previous: undefined };

  it("is replaced without an overlap, and so is the one before it", () => {
    expect(rotate(held("b", at(90), previous), on(92, at(91)))).toEqual({ ...leaked, since: at(92) });
  });

  it("is replaced when Keycloak had made it", () => {
    expect(rotate(held("a"), on(92, at(91)))).toEqual({ ...leaked, since: at(92) });
  });

  it("is replaced once: what is said of it may stay in the settings", () => {
    expect(rotate(held("c", at(92)), on(93, at(91)))).toMatchObject({ kind: "kept", since: at(92) });
    expect(rotate(held("c", at(92)), on(182, at(91)))).toMatchObject({
      kind: "due",
      previous: { secret: "c", since: at(92), until: at(189) },
    });
  });

  it("is replaced when a wrong clock dated it after the leak", () => {
    expect(rotate(held("b", at(400), previous), on(92, at(91)))).toEqual({ ...leaked, since: at(92) });
  });

  it("ends when it was renewed between the leak and the report; the one after it stays", () => {
    const cut = { kind: "cut", since: at(90), previous: undefined };
    expect(rotate(held("b", at(90), previous), on(91, at(89)))).toEqual(cut);
    expect(rotate(held("b", at(90), previous), on(91, (at(0) + 1) as Moment))).toEqual(cut);
    expect(rotate(held("b", at(90)), on(92, at(89)))).toEqual({ ...cut, kind: "kept" });
  });

  it("is not the one before, when that was made after the leak", () => {
    expect(rotate(held("b", at(90), previous), on(91, at(0)))).toEqual({
      kind: "kept",
      since: at(90),
      previous,
    });
  });

  it("is the one before, when nobody knows how old that is", () => {
    const unknown = { ...previous, since: undefined };
    expect(rotate(held("b", at(90), unknown), on(91, at(-400)))).toEqual({
      kind: "cut",
      since: at(90),
      previous: undefined,
    });
    expect(rotate(held("b", at(90), unknown), on(91))).toMatchObject({ kind: "kept", previous: unknown });
  });

  it("is no news when its overlap was over anyway", () => {
    expect(rotate(held("b", at(90), previous), on(97, at(89)))).toEqual({
      kind: "kept",
      since: at(90),
      previous: undefined,
    });
  });
});

describe("moments", () => {
  it("are written in UTC and read back", () => {
    expect(formatMoment(1_800_000_000 as Moment)).toBe("2027-01-15T08:00:00Z");
    expect(parseMoment("2027-01-15T08:00:00Z")).toBe(1_800_000_000);
  });

  it.each(["2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00+01:00", "2027-02-30T08:00:00Z", "soon"])(
    "are not %s",
    (text) => {
      expect(parseMoment(text)).toBeUndefined();
    },
  );
});
