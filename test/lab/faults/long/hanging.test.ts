import { afterAll, beforeAll, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { sharedLab } from "../../shared";
import { abandonLoads, FLAWLESS, Load } from "../load";
import { agent, agentHeaders, write } from "../people";

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
  lab.store.clear();
}, 180_000);
afterAll(() => {
  abandonLoads();
  lab.backends.loki.answer = undefined;
});

it("a backend that takes requests and never answers: senders hear of it in half a minute, and keep what they have", async () => {
  const headers = await agentHeaders(lab, "agent-mx")();
  lab.backends.loki.answer = () => "hang";
  const others = new Load(
    lab,
    [agent(lab, "pe", "otlp-http-traces"), agent(lab, "co", "prometheus-push")],
    200,
  );
  const began = Date.now();
  const answers = await Promise.all(
    ["otlp-http-logs", "otlp-grpc-logs", "loki-push"].map((by) => write(lab, by, headers)),
  );
  expect((Date.now() - began) / 1_000).toBeLessThan(40);
  expect(answers.map(({ status, retryAfter, stored }) => [status, retryAfter ?? "", stored.length])).toEqual([
    [503, "5", 0],
    [14, "", 0],
    [504, "5", 0],
  ]);
  expect(await others.stop()).toMatchObject(FLAWLESS);
  lab.backends.loki.answer = undefined;
  expect((await write(lab, "otlp-http-logs", headers)).stored).toEqual(["tenant-mx"]);
}, 90_000);
