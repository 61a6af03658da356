import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveFile } from "../../src/auth/live-file";

describe("a live file", () => {
  let directory: string;
  let path: string;
  let file: LiveFile<{ readonly n: number }> | undefined;
  const report = vi.fn<(problem: string) => void>();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "atalaya-"));
    path = join(directory, "tenants.json");
    report.mockReset();
  });
  afterEach(() => {
    file?.close();
    rmSync(directory, { recursive: true });
  });

  const replace = (text: string): void => {
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  };
  const open = () =>
    (file = new LiveFile(path, (text) => JSON.parse(text) as { readonly n: number }, report));
  const until = (check: () => void) => vi.waitFor(check, 3_000);

  it("follows a rename and keeps the last good version", async () => {
    const live = open();
    expect([live.value, live.lastSuccess, live.refusals, live.refused]).toEqual([
      undefined,
      undefined,
      1,
      false,
    ]);
    expect(report).not.toHaveBeenCalled();
    live.watch();
    expect(report.mock.calls).toEqual([[`cannot read ${path} (ENOENT)`]]);
    replace('{"n":1}');
    await until(() => {
      expect(live.value).toEqual({ n: 1 });
    });
    expect(live.lastSuccess).toBeGreaterThan(Date.now() / 1_000 - 5);
    replace("{");
    await until(() => {
      expect(report).toHaveBeenCalledTimes(2);
    });
    expect([live.value, live.refusals]).toEqual([{ n: 1 }, 2]);
    expect(live.problem).toContain("the last good version stays");
    replace('{"n":2}');
    await until(() => {
      expect(live.value).toEqual({ n: 2 });
    });
    expect(live.problem).toBeUndefined();
  });

  it("is told once when it goes missing, and stays in force; the same again is the same value", async () => {
    replace('{"n":1}');
    const live = open();
    live.watch();
    const first = live.value;
    unlinkSync(path);
    await until(() => {
      expect(report).toHaveBeenCalledTimes(1);
    });
    const { lastSuccess } = live;
    await new Promise((done) => setTimeout(done, 1_200));
    expect(report).toHaveBeenCalledTimes(1);
    expect([live.value === first, live.lastSuccess]).toEqual([true, lastSuccess]);
    replace('{"n":1}');
    await until(() => {
      expect(live.problem).toBeUndefined();
    });
    expect(live.value).toBe(first);
  });

  it("is followed at once, and also where nobody tells that its directory is another one", async () => {
    replace('{"n":1}');
    const live = open();
    live.watch();
    replace('{"n":2}');
    const sees = (n: number) => () => {
      expect(live.value).toEqual({ n });
    };
    await vi.waitFor(sees(2), 700);
    // The watch goes with the old one.
    renameSync(directory, `${directory}.old`);
    mkdirSync(directory);
    await new Promise((done) => setTimeout(done, 100));
    replace('{"n":3}');
    await until(sees(3));
    rmSync(`${directory}.old`, { recursive: true });
  });

  it("that was refused is so again when it comes back", async () => {
    replace('{"n":1}');
    const live = open();
    live.watch();
    for (const step of [1, 3]) {
      replace("{");
      await until(() => {
        expect([live.refused, live.refusals]).toEqual([true, step]);
      });
      unlinkSync(path);
      await until(() => {
        expect(live.refusals).toBe(step + 1);
      });
    }
    replace('{"n":1}');
    await until(() => {
      expect([live.refused, live.problem, live.value]).toEqual([false, undefined, { n: 1 }]);
    });
  });

  it("that is refused from the start is so, and says why", () => {
    replace("x");
    const live = open();
    expect([live.refused, live.value]).toEqual([true, undefined]);
    expect(live.problem).not.toContain("last good version");
  });

  it("in a directory that is not there cannot be followed", () => {
    const live = new LiveFile(join(directory, "none", "x"), String, report);
    expect(() => {
      live.watch();
    }).toThrow(/ENOENT/);
  });
});
