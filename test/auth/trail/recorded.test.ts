import { expect, it } from "vitest";
import type { AuditEvent } from "../../../src/auth/api/audit";
import { recorded } from "../../../src/auth/trail/recorded";
import { event } from "./world";

it("is every act but the guesses of somebody unknown, which are in the log alone", async () => {
  const [logged, kept]: [object[], AuditEvent[]] = [[], []];
  const told = (one: AuditEvent) =>
    recorded(one, { info: (line: object) => logged.push(line) } as never, {
      record: (act) => Promise.resolve(void kept.push(act)),
    });
  const nobody = { tenant: undefined, user: undefined, action: "issue_token" } as const;
  const acts = [event(), event({ outcome: "denied" }), event({ ...nobody, outcome: "success" })];
  for (const act of acts) await told(act);
  for (const outcome of ["denied", "failed", "refused"] as const) await told(event({ ...nobody, outcome }));
  expect(kept).toEqual(acts);
  expect(logged).toHaveLength(6);
  // The log's own time stands there once.
  const [{ time, ...first } = event()] = acts;
  expect(logged[0]).toEqual({ audit: "act", at: time, ...first });
});
