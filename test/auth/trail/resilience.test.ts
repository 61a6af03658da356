import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { resultOf, resultsText } from "../../../bench/resilience/report";
import { Writers } from "../../../bench/resilience/writers";

it("the resilience run counts what was acknowledged and is not there", () => {
  const acknowledged = ["a", "b", "c"].map((id) => ({ id, at: 0 }));
  const written = { attempted: 5, acknowledged, refused: 2, longestPause: 1_234.5 };
  const result = resultOf("data entries", written, new Set(["a", "c", "d"]));
  expect(result).toEqual({
    ...{ kind: "data entries", attempted: 5, acknowledged: 3, refused: 2, found: 3, lost: 1, longestPause: 1_235 },
  }); // prettier-ignore
  const [head, row] = resultsText([{ ...result, duplicates: 7, unmarked: 3 }])
    .split("\n")
    .filter((line) => line.includes("│"))
    .map((line) => line.split("│").map((cell) => cell.trim()).slice(1, -1)); // prettier-ignore
  expect(head).toEqual(["", "attempted", "acknowledged", "refused", "found", "lost", "duplicates", "marked", "longest pause"]); // prettier-ignore
  expect(row).toEqual(["data entries", "5", "3", "2", "3", "1", "7", "4", "1.2 s"]);
});

it("its writers go on after a refusal, and know how long nothing was acknowledged", async () => {
  let away = false;
  const write = (name: string) => (away ? Promise.reject(new Error("away")) : Promise.resolve(name));
  const writers = new Writers("data", [write, write], 200);
  await sleep(200);
  away = true;
  await sleep(300);
  away = false;
  await sleep(200);
  const { attempted, acknowledged, refused, longestPause } = await writers.stop();
  expect(attempted).toBe(acknowledged.length + refused);
  expect(acknowledged[0]?.id).toBe("data-0-0");
  expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(acknowledged.length);
  expect(refused).toBeGreaterThan(5);
  expect(longestPause).toBeGreaterThanOrEqual(250);
});
