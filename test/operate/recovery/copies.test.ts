import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COPIES, keepCopy } from "../../../src/operate/recovery/copies";
import { tempDir } from "../../servers";

it("keeps the newest copies of each stack's state, for its owner alone", () => {
  using directory = tempDir();
  const home = join(directory.path, "home");
  const at = (day: number): Date => new Date(Date.UTC(2026, 10, day, 9, 13, 4));
  const first = keepCopy(home, "acme/atalaya/prod", "{}", at(1));
  expect(first).toBe(join(home, "recover-prod-2026-11-01T09-13-04.000Z.json"));
  expect(statSync(first).mode & 0o777).toBe(0o600);
  writeFileSync(join(home, "recover-dev-mine.json"), "mine");
  const kept = [9, 10, 11, 12, 13, 14, 15].map((day) => keepCopy(home, "dev", `state of ${day}`, at(day)));
  expect(readdirSync(home).sort()).toEqual([
    ...kept.slice(-COPIES).map((file) => file.slice(home.length + 1)),
    ...["recover-dev-mine.json", "recover-prod-2026-11-01T09-13-04.000Z.json"],
  ]);
  expect(readFileSync(kept.at(-1) ?? "", "utf8")).toBe("state of 15");
});
