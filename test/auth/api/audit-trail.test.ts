import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuditRecord, RangeTooLong } from "../../../src/auth/api/audit";
import type { OrgId } from "../../../src/model/names";
import { PERSON } from "../world";
import { ApiWorld, operator, otherPerson, person, program, serviceOf } from "./world";

const record = (id: number, changes: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ id: `${id}-a`, time: "2026-11-02T09:30:00.123Z", action: "update_key", outcome: "success" },
  ...{ tenant: "tenant-mx" as OrgId, user: PERSON, requestId: `request-${id}`, target: "thresholds.cpu" },
  ...changes,
});

describe("the audit", () => {
  let world: ApiWorld;
  let admin: Record<string, string>;
  beforeEach(async () => {
    world = await ApiWorld.listen();
    admin = await person("mx/admin");
  });
  afterEach(() => world[Symbol.asyncDispose]());
  const read = (path: string, headers = admin) => world.send("GET", path, { headers });

  it("is shown in pages, by action and time, and to read it leaves a trace", async () => {
    for (let id = 1; id <= 5; id++) world.trail.records.push(record(id));
    world.trail.records.push(record(6, { tenant: "tenant-pe" as OrgId }), record(7, { action: "create_key" }));
    const first = await read("/api/audit?limit=3");
    expect([first.status, first.body["items"]]).toEqual([
      200,
      [1, 2, 3].map((id) => ({
        ...{ id: `${id}-a`, time: "2026-11-02T09:30:00.123Z", action: "update_key", tenant: "tenant-mx" },
        ...{ user: PERSON, outcome: "success", request_id: `request-${id}`, target: "thresholds.cpu" },
      })),
    ]);
    const second = await read(`/api/audit?limit=3&cursor=${String(first.body["next"])}`);
    expect((second.body["items"] as AuditRecord[]).map(({ id }) => id)).toEqual(["4-a", "5-a", "7-a"]);
    expect(second.body).not.toHaveProperty("next");
    const created = await read("/api/audit?action=create_key&from=2026-11-01T00:00:00Z&to=2026-11-03T00:00:00%2B01:00");
    expect((created.body["items"] as AuditRecord[]).map(({ id }) => id)).toEqual(["7-a"]);
    expect(world.trail.asked.at(-1)).toEqual({
      limit: 50,
      action: "create_key",
      from: new Date("2026-11-01T00:00:00Z"),
      to: new Date("2026-11-02T23:00:00Z"),
    });
    expect(world.events.map(({ action, outcome, tenant }) => [action, outcome, tenant])).toEqual(
      Array(3).fill(["read_audit", "success", "tenant-mx"]),
    );
  }); // prettier-ignore

  const callers: readonly [string, () => object, number][] = [
    ["an admin", () => person("mx/admin"), 200],
    ["an editor", () => person("mx/editor"), 403],
    ["a viewer", () => otherPerson("mx/viewer"), 403],
    ["an operator", () => operator("mx"), 200],
    ["a service that reads it", () => serviceOf("auditor"), 200],
    ["a service that reads data", () => serviceOf("reader"), 403],
    ["an agent", () => program("agent-mx", "mx"), 403],
    ["a key", () => ({ "x-api-key": "atl_mx_reader" }), 403],
    ["nobody", () => ({}), 401],
  ];
  it.each(callers)("is for %s as its right says", async (_case, headers, status) => {
    const answer = await read("/api/audit", (await Promise.resolve(headers())) as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(world.events.map(({ outcome }) => outcome)).toEqual(
      status === 401 ? [] : [status === 200 ? "success" : "denied"],
    );
    expect(world.trail.asked).toHaveLength(status === 200 ? 1 : 0);
  });

  it("takes no question that is none, and no cursor of another list", async () => {
    for (let id = 1; id <= 5; id++) world.trail.records.push(record(id));
    const { body } = await read("/api/audit?limit=1");
    for (const [query, code] of [
      ["action=everything", "invalid_request"],
      ['action=get_key"}', "invalid_request"],
      ["from=yesterday", "invalid_request"],
      ["from=1970-01-01T00:00:00Z", "invalid_request"],
      ["to=9999-01-01T00:00:00Z", "invalid_request"],
      ["limit=101", "invalid_request"],
      ["tenant=tenant-pe", "invalid_request"],
      [`action=get_key&cursor=${String(body["next"])}`, "invalid_cursor"],
      ["cursor=abcd", "invalid_cursor"],
    ] as const)
      expect([query, (await read(`/api/audit?${query}`)).body["code"]]).toEqual([query, code]);
    const elsewhere = await read(`/api/audit?cursor=${String(body["next"])}`, await person("pe/admin"));
    expect(elsewhere.body["code"]).toBe("invalid_cursor");
    expect(world.trail.asked).toHaveLength(1);
  });

  it("says when there is more time than may be looked through", async () => {
    world.trail.problem = new RangeTooLong("31d");
    const answer = await read("/api/audit?from=2010-01-01T00:00:00Z");
    expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_request"]);
    expect(answer.body["errors"]).toMatchObject([{ in: "query", field: "from" }]);
  });

  it("is 503 while its store is away, and not there where there is none", async () => {
    world.trail.away = true;
    const away = await read("/api/audit");
    expect([away.status, away.body["code"], away.headers["retry-after"]]).toEqual([
      503,
      "store_unavailable",
      "5",
    ]);
    await using without = await ApiWorld.listen({ trail: false });
    const none = await without.send("GET", "/api/audit", { headers: admin });
    expect([none.status, none.body["code"]]).toEqual([404, "not_found"]);
  });
});
