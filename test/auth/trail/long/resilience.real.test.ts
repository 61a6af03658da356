import { join } from "node:path";
import { expect, it } from "vitest";
import type { Result } from "../../../../bench/resilience/report";
import { run } from "../../../servers";

const ROOT = join(__dirname, "..", "..", "..", "..");

it("the resilience run loses nothing that was acknowledged, and says so", async () => {
  const script = [join(ROOT, "scripts", "typescript.mjs"), "bench/resilience.ts"];
  const args = ["--seconds", "20", "--rate", "20", "--json"];
  const { code, stdout, stderr } = await run(process.execPath, [...script, ...args], {
    cwd: ROOT,
    timeoutMs: 280_000,
  });
  expect([code, stderr.split("\n").filter((line) => /never|Error/.test(line))]).toEqual([0, []]);
  const said = JSON.parse(stdout) as { readonly lost: number; readonly failovers: readonly number[]; readonly results: readonly Result[] }; // prettier-ignore
  expect([said.lost, said.failovers.length]).toEqual([0, 2]);
  expect(said.results.map(({ kind, lost }) => [kind, lost])).toEqual([
    ["audit records", 0],
    ["data entries", 0],
    ["API keys", 0],
  ]);
  for (const { acknowledged, refused, found } of said.results) {
    expect(acknowledged).toBeGreaterThan(100);
    expect(found).toBeGreaterThanOrEqual(acknowledged);
    expect(refused).toBeGreaterThan(0);
  }
}, 300_000);
