import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  duration,
  formatByteRate,
  formatDuration,
  formatGoDuration,
  formatRate,
  formatRatio,
  formatSize,
  parseByteRate,
  parseDuration,
  parseRate,
  parseRatio,
  parseSize,
  size,
  type Bytes,
  type BytesPerSecond,
  type PerSecond,
  type Ratio,
  type Seconds,
} from "../../src/model/units";

// As many digits as the parsers take.
const natural = fc.integer({ min: 0, max: 999_999_999_999_999 });

describe("units", () => {
  it.each([
    ["30d", 2_592_000, "30d"],
    ["1w", 604_800, "7d"],
    ["1y", 31_536_000, "365d"],
    ["90m", 5_400, "90m"],
    ["3600s", 3_600, "1h"],
    ["0s", 0, "0s"],
  ])("read the duration %s", (text, seconds, printed) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(formatDuration(duration(text))).toBe(printed);
  });

  it.each([
    ["5MiB", 5_242_880, "5MiB"],
    ["1024KiB", 1_048_576, "1MiB"],
    ["1000B", 1_000, "1000B"],
    ["0B", 0, "0B"],
  ])("read the size %s", (text, bytes, printed) => {
    expect(parseSize(text)).toBe(bytes);
    expect(formatSize(size(text))).toBe(printed);
  });

  it.each(["", "30", "d", "-1d", "1.5d", "1 d", "1D", "1d1h", "99999999999999y", "0x1d", "١d", "1d\n"])(
    "refuse the duration %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each(["5MB", "5M", "5mib", "5 MiB", "-5MiB", "1e3B", "99999999TiB"])("refuse the size %j", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it.each(["5%%", "101%", "-1%", "20", "0.2", "%", "1.23456%", "1000%"])(
    "refuse the percentage %j",
    (text) => {
      expect(parseRatio(text)).toBeUndefined();
    },
  );

  it("print Go's own form", () => {
    expect(formatGoDuration(duration("30d"))).toBe("720h0m0s");
    expect(formatGoDuration(duration("90s"))).toBe("1m30s");
    expect(formatGoDuration(duration("5s"))).toBe("5s");
  });

  it("read back whatever they print", () => {
    fc.assert(
      fc.property(natural, fc.integer({ min: 0, max: 1_000_000 }), (number, millionths) => {
        expect(parseDuration(formatDuration(number as Seconds))).toBe(number);
        expect(parseSize(formatSize(number as Bytes))).toBe(number);
        expect(parseRate(formatRate(number as PerSecond))).toBe(number);
        expect(parseByteRate(formatByteRate(number as BytesPerSecond))).toBe(number);
        const share = (millionths / 1_000_000) as Ratio;
        expect(parseRatio(formatRatio(share))).toBe(share);
      }),
    );
  });

  it("never throw, and give a safe whole number or nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,18}[A-Za-z%/]{0,5}$/)), (text) => {
        for (const parse of [parseDuration, parseSize, parseRate, parseByteRate]) {
          const value = parse(text);
          expect(value === undefined || Number.isSafeInteger(value)).toBe(true);
        }
        const share = parseRatio(text);
        expect(share === undefined || (share >= 0 && share <= 1)).toBe(true);
      }),
    );
  });

  it("refuse a bad literal of ours", () => {
    expect(() => duration("30")).toThrow(RangeError);
  });
});
