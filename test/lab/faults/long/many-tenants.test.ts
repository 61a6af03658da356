import { beforeAll, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { sharedLab } from "../../shared";
import { changeUnderLoad } from "../live-change";

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
}, 180_000);

it("a tenant is added, suspended and removed while fifty others work", async () => {
  const { pids } = lab;
  await changeUnderLoad(lab, 50);
  expect(lab.pids).toEqual(pids);
}, 300_000);
