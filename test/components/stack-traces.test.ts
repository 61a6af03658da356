import { afterEach, describe, expect, it, vi } from "vitest";
import { withoutStackTraces } from "../../src/stack/stack-traces";

const lines = (): number => (new Error("here").stack ?? "").split("\n").length;

/** How long they are in the program, at once and after something it waited for. */
const traces = (): Promise<readonly number[]> =>
  withoutStackTraces(async () => {
    const first = lines();
    await Promise.resolve();
    return [first, lines()];
  });

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("stack traces", () => {
  it("are not taken while the program runs, and are again after it", async () => {
    const before = Error.stackTraceLimit;
    expect(await traces()).toEqual([1, 1]);
    expect(Error.stackTraceLimit).toBe(before);
    expect(lines()).toBeGreaterThan(1);
  });

  it("are taken again after a program that fails", async () => {
    const before = Error.stackTraceLimit;
    await expect(withoutStackTraces(() => Promise.reject(new Error("no realm")))).rejects.toThrow("no realm");
    expect(Error.stackTraceLimit).toBe(before);
  });

  it("are taken for somebody who looks for a bug", async () => {
    vi.stubEnv("ATALAYA_DEBUG", "1");
    for (const taken of await traces()) expect(taken).toBeGreaterThan(1);
  });
});
