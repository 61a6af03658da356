import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explained } from "../../../src/auth/decisions/reasons";
import type { Refusal } from "../../../src/auth/decisions/refusal";
import { bearer, PERSON } from "../world";
import { ApiWorld, OTHER_PERSON, operator, otherPerson, person, program, serviceOf } from "./world";

const ID = "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11";
/** Of a person of another tenant than the one that the operator names. */
const refused: Refusal = {
  ...{ time: "2026-11-02T09:30:00.123Z", request_id: ID, method: "GET", path: "/prometheus/api/v1/query" },
  ...{ routes: ["mimir-query"], credential: "person", user: OTHER_PERSON, tenant: "tenant-pe" },
  ...{ requested_tenant: "tenant-mx", outcome: "deny", code: "tenant_denied" },
};
const withId = (headers: object, id = "of-the-question") => ({ ...headers, "x-request-id": id });

describe("why a request was refused", () => {
  let world: ApiWorld;
  beforeEach(async () => {
    world = await ApiWorld.listen();
    world.refusals.records.set(ID, refused);
  });
  afterEach(() => world[Symbol.asyncDispose]());
  const ask = (id: string, headers: object) =>
    world.send("GET", `/api/decisions/${id}`, { headers: headers as Record<string, string> });

  const callers: readonly [string, () => object, number][] = [
    ["an operator", () => operator("mx"), 200],
    ["an operator who is an admin of the tenant as well", operatorAndAdmin, 200],
    ["an admin of the tenant", () => person("mx/admin"), 403],
    ["an admin of the refused one's tenant", () => person("pe/admin"), 403],
    ["whom it was about", () => otherPerson("pe/viewer"), 403],
    ["a group that is called alike", () => person("mx/admin", "operators", "mx/operators"), 403],
    ["an agent", () => program("agent-mx", "mx"), 403],
    ["a key", () => ({ "x-api-key": "atl_mx_reader" }), 403],
    ["a service", () => serviceOf("auditor"), 403],
    ["a service of all data", () => serviceOf("writer"), 403],
    ["nobody", () => ({}), 401],
  ];
  it.each(callers)("is told as its right says: %s", async (_case, headers, status) => {
    const answer = await ask(ID, await Promise.resolve(headers()));
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toEqual({ ...refused, reason: explained("tenant_denied") });
    else expect(answer.text).not.toContain("tenant-pe");
  });

  it("is not there where nothing is kept, and says where else to look", async () => {
    const answer = await ask("another", await operator("mx"));
    expect([answer.status, answer.body["code"]]).toEqual([404, "not_found"]);
    expect(answer.body["detail"]).toBe(
      "Nothing is kept of this request. Refusals of the last 6 hours are kept, as many as there is room for; requests that were allowed are not. What Envoy refused by itself (an agent's token, an unknown path, too many requests) is in Envoy's access log under the same request id.",
    );
  });

  it.each(["..%2f..%2fx", "a%0d%0ab", "t:%7Btenant-pe%7D:data", "x".repeat(129), "a%20b", "%2A"])(
    "takes no id that is none: %s",
    async (id) => {
      const answer = await ask(id, await operator("mx"));
      expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_request"]);
    },
  );

  it("is 503 while its store is away", async () => {
    world.refusals.away = true;
    const answer = await ask(ID, await operator("mx"));
    expect([answer.status, answer.body["code"], answer.headers["retry-after"]]).toEqual([
      ...[503, "store_unavailable", "5"],
    ]);
    expect(world.refused.map(({ code, outcome }) => [code, outcome])).toEqual([
      ["store_unavailable", "undecided"],
    ]);
  });

  it("is told of this API as well: of 401, 403 and 503, and of nothing else", async () => {
    const viewer = await otherPerson("mx/viewer");
    const entry = { json: { key: "a", value: 1 } };
    const send = (method: string, path: string, id: string, headers: object, more = {}) =>
      world.send(method, path, { headers: withId(headers, id), ...more });
    expect((await send("GET", "/api/data", "allowed", viewer)).status).toBe(200);
    expect((await send("GET", "/api/data/absent", "absent", viewer)).status).toBe(404);
    expect((await send("GET", "/api/data?limit=0", "wrong", viewer)).status).toBe(400);
    expect((await send("POST", "/api/data?secret=1", "denied", viewer, entry)).status).toBe(403);
    expect((await send("GET", "/api/data/x", "nobody", { "x-atalaya-requested-tenant": "tenant-pe" })).status).toBe(401);
    expect((await send("GET", "/api/nothing", "nowhere", { "x-api-key": "atl_mx_nobody" })).status).toBe(401);
    world.data.away = true;
    expect((await send("GET", "/api/data/x", "away", viewer)).status).toBe(503);
    const mx = { credential: "person", user: OTHER_PERSON, tenant: "tenant-mx" };
    const none = { credential: "none", outcome: "deny" };
    const time = expect.any(String) as string;
    expect(world.refused).toEqual([
      { time, request_id: "denied", method: "POST", path: "/api/data", routes: ["createEntry"], ...mx, outcome: "deny", code: "right_missing" },
      { time, request_id: "nobody", method: "GET", path: "/api/data/x", routes: ["getEntry"], ...none, requested_tenant: "tenant-pe", code: "credential_missing" },
      { time, request_id: "nowhere", method: "GET", path: "/api/nothing", routes: [], ...none, code: "key_invalid" },
      { time, request_id: "away", method: "GET", path: "/api/data/x", routes: ["getEntry"], ...mx, outcome: "undecided", code: "store_unavailable" },
    ]);
  }); // prettier-ignore

  it("has the id of the answer, also where the client's is none", async () => {
    for (const id of ["two words", "x".repeat(10_240), ""]) {
      const { body } = await ask(ID, withId(await person("mx/admin"), id));
      expect(world.refused.at(-1)?.request_id).toBe(body["request_id"]);
      expect(body["request_id"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
    for (const id of ["../x", "t:{tenant-pe}:data", "atl_mx_reader"]) {
      await ask(ID, withId(await person("mx/admin"), id));
      expect(world.refused.at(-1)).toMatchObject({ request_id: undefined, user: PERSON });
    }
  });

  it("is counted with every other answer, by operation and status", async () => {
    await ask(ID, await operator("mx"));
    await ask(ID, await person("mx/admin"));
    await ask(ID, {});
    await world.send("GET", "/api/openapi.json");
    await world.send("DELETE", "/api/data/x/y", { headers: await person("mx/admin") });
    await world.send("PUT", "/api/users/me", { headers: await person("mx/admin") });
    await world.send("PUT", "/api/data/x", { headers: await person("mx/admin"), json: { value: 1 } });
    expect(world.answers.map(({ operation, status }) => [operation, status])).toEqual([
      ["getDecision", 200],
      ["getDecision", 403],
      ["getDecision", 401],
      ["getDescription", 200],
      ["none", 404],
      ["none", 405],
      ["putEntry", 201],
    ]);
    for (const { seconds } of world.answers) expect(seconds).toBeGreaterThan(0);
  });
});

async function operatorAndAdmin(): Promise<object> {
  const groups = ["/tenants/mx/admin", "/operators"];
  return {
    authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups }),
    "x-atalaya-requested-tenant": "tenant-mx",
  };
}
