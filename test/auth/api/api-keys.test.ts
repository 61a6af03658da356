import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PERSON } from "../world";
import { ApiWorld, operator, otherPerson, person, program, type Sent, serviceOf } from "./world";

const path = "/api/api-keys";
const wanted = { label: "promtail, 2nd floor", rights: ["logs:read"] };

describe("API keys", () => {
  let world: ApiWorld;
  beforeEach(async () => {
    world = await ApiWorld.listen();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const codeOf = async (headers: object, method: string, at: string, sent: Sent = {}) => {
    const answer = await world.send(method, at, { ...sent, headers: headers as Record<string, string> });
    return [answer.status, answer.body["code"]];
  };
  const made = async (headers: object, json: object = wanted): Promise<string> => {
    const { body } = await world.send("POST", path, { headers: headers as Record<string, string>, json });
    return String(body["id"]);
  };
  const listed = async (headers: object, query = "") => {
    const { body } = await world.send("GET", `${path}${query}`, {
      headers: headers as Record<string, string>,
    });
    return (body["items"] as readonly { id: string }[]).map(({ id }) => id);
  };

  it("are made, shown without their secret, rotated and revoked, and each leaves its trace", async () => {
    const headers = await person("mx/viewer");
    const expires_at = "2099-01-01T01:00:00+01:00";
    const json = { ...wanted, expires_at };
    const answer = await world.send("POST", path, { headers, json });
    const { key, ...record } = answer.body;
    const id = String(record["id"]);
    expect([answer.status, answer.headers["location"]]).toEqual([201, `${path}/${id}`]);
    expect(record).toEqual({ ...wanted, id, created_by: PERSON, created_at: record["created_at"], expires_at: "2099-01-01T00:00:00.000Z" }); // prettier-ignore
    expect(key).toMatch(/^atl_mx_/);
    expect((await world.send("GET", `${path}/${id}`, { headers })).body).toEqual(record);
    const list = await world.send("GET", path, { headers });
    expect(list.body).toEqual({ items: [record] });
    const rotated = await world.send("POST", `${path}/${id}/rotate`, {
      headers,
      json: { grace_seconds: 60 },
    });
    expect([rotated.status, rotated.body["label"], typeof rotated.body["key"]]).toEqual([201, wanted.label, "string"]); // prettier-ignore
    const old = (await world.send("GET", `${path}/${id}`, { headers })).body;
    expect(old["replaced_by"]).toBe(rotated.body["id"]);
    expect(Date.parse(String(old["works_until"])) - Date.now()).toBeLessThanOrEqual(60_000);
    const gone = await world.send("DELETE", `${path}/${id}`, { headers });
    expect([gone.status, gone.text]).toEqual([204, ""]);
    expect(await codeOf(headers, "DELETE", `${path}/${id}`)).toEqual([404, "not_found"]);
    expect(world.events.map(({ action, outcome, target }) => [action, outcome, target])).toEqual([
      ["create_api_key", "success", id],
      ["get_api_key", "success", id],
      ["list_api_keys", "success", undefined],
      ["rotate_api_key", "success", id],
      ["get_api_key", "success", id],
      ["delete_api_key", "success", id],
      ["delete_api_key", "refused", id],
    ]);
    const secrets = [String(key), String(rotated.body["key"])];
    for (const secret of secrets) expect(JSON.stringify(world.events)).not.toContain(secret);
  });

  it.each([
    ["a viewer", () => person("mx/viewer"), ["metrics:read", "logs:read", "traces:read"]],
    ["an editor", () => person("mx/editor"), ["metrics:read", "metrics:write", "logs:read", "logs:write", "traces:read", "traces:write"]],
    ["a service that manages keys", () => serviceOf("keys"), ["logs:read", "logs:write"]],
    ["an operator", () => operator("mx"), []],
    ["an agent", () => program("agent-mx", "mx"), []],
    ["a key", () => ({ "x-api-key": "atl_mx_reader" }), []],
    ["a service that does not", () => serviceOf("writer"), []],
  ])("made by %s have its rights at most", async (_case, credential, rights) => {
    const headers = await credential();
    for (const right of ["metrics:read", "metrics:write", "logs:read", "logs:write", "traces:read", "traces:write"]) {
      const expected = (rights as readonly string[]).includes(right) ? [201, undefined] : [403, "right_missing"];
      expect(await codeOf(headers, "POST", path, { json: { label: "x", rights: [right] } })).toEqual(expected);
    }
    expect(world.keys.records.size).toBe(rights.length);
  }); // prettier-ignore

  it("are their creator's and the admins' business, and nobody else's", async () => {
    const [mine, theirs, admin] = [await person("mx/editor"), await otherPerson("mx/editor"), await otherPerson("mx/admin")];
    const [one, other] = [await made(mine), await made(theirs)];
    expect(await listed(mine)).toEqual([one]);
    expect(await listed(theirs)).toEqual([other]);
    expect(await listed(admin)).toEqual([one, other].sort());
    expect(await listed(await serviceOf("keys"))).toEqual([one, other].sort());
    for (const [method, at, sent] of [["GET", "", {}], ["DELETE", "", {}], ["POST", "/rotate", { json: {} }]] as const)
      expect(await codeOf(mine, method, `${path}/${other}${at}`, sent)).toEqual([404, "not_found"]);
    for (const nobody of [await operator("mx"), await program("agent-mx", "mx"), { "x-api-key": "atl_mx_reader" }, await serviceOf("writer")])
      for (const [method, at, sent] of [["GET", "", {}], ["GET", `/${one}`, {}], ["DELETE", `/${one}`, {}], ["POST", `/${one}/rotate`, { json: {} }]] as const)
        expect(await codeOf(nobody, method, `${path}${at}`, sent)).toEqual([403, "right_missing"]);
    expect(world.keys.records.size).toBe(2);
    expect(await codeOf(admin, "DELETE", `${path}/${one}`)).toEqual([204, undefined]);
  }); // prettier-ignore

  it("are not exchanged for one with rights that their creator has no more", async () => {
    const id = await made(await person("mx/editor"), { label: "x", rights: ["logs:write"] });
    const now = await person("mx/viewer");
    expect(await codeOf(now, "POST", `${path}/${id}/rotate`, { json: {} })).toEqual([403, "right_missing"]);
    expect(world.keys.records.size).toBe(1);
  });

  it("are listed in pages, also to who sees few among many", async () => {
    const [mine, theirs] = [await person("mx/viewer"), await otherPerson("mx/viewer")];
    for (let n = 0; n < 8; n++) await made(theirs);
    const own = [await made(mine), await made(mine), await made(mine)].sort();
    const pages: string[][] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const { body } = await world.send("GET", `${path}?limit=2${cursor}`, { headers: mine });
      pages.push((body["items"] as readonly { id: string }[]).map(({ id }) => id));
      cursor = typeof body["next"] === "string" ? `&cursor=${body["next"]}` : undefined;
    }
    expect(pages.flat()).toEqual(own);
    expect(pages[0]).toHaveLength(2);
    const { body } = await world.send("GET", `${path}?limit=1`, { headers: theirs });
    const given = String(body["next"]);
    for (const [list, wrong] of [[path, `${given}x`], ["/api/data", given], [path, "AAAAAAAA"]])
      expect(await codeOf(mine, "GET", `${list ?? ""}?cursor=${wrong ?? ""}`)).toEqual([400, "invalid_cursor"]);
  }); // prettier-ignore

  it.each([
    ["no label", { rights: ["logs:read"] }],
    ["an empty label", { ...wanted, label: "" }],
    ["a long label", { ...wanted, label: "x".repeat(101) }],
    ["a label of two lines", { ...wanted, label: "a\nb" }],
    ["half of a character", { ...wanted, label: "\ud800" }],
    ["no right", { ...wanted, rights: [] }],
    ["a right twice", { ...wanted, rights: ["logs:read", "logs:read"] }],
    ["an unknown right", { ...wanted, rights: ["profiles:read"] }],
    ["all rights at once", { ...wanted, rights: ["*"] }],
    ["another tenant", { ...wanted, tenant: "tenant-pe" }],
    ["an end that is no time", { ...wanted, expires_at: "tomorrow" }],
    ["an end that has passed", { ...wanted, expires_at: "2020-01-01T00:00:00Z" }],
    ["a creator of its own", { ...wanted, created_by: "somebody" }],
  ])("are not made with %s", async (_case, json) => {
    expect(await codeOf(await person("mx/admin"), "POST", path, { json })).toEqual([400, "invalid_request"]);
    expect(world.keys.records.size).toBe(0);
  });

  it("have ids that are nothing else", async () => {
    const headers = await person("mx/admin");
    for (const id of ["key_", "key_ABCDEFGHABCDEFGH", "x", "atl_mx_secret", "key_abcdefghabcdefgh%2Frotate"])
      expect(await codeOf(headers, "GET", `${path}/${id}`)).toEqual([400, "invalid_request"]);
    // A key that somebody took for its id is a secret all the same.
    expect(JSON.stringify(world.events)).not.toContain("secret");
    for (const grace_seconds of [-1, 604_801, 1.5, "60", null])
      expect(await codeOf(headers, "POST", `${path}/key_abcdefghabcdefgh/rotate`, { json: { grace_seconds } })).toEqual([400, "invalid_request"]); // prettier-ignore
  });

  it("are 503 while the store is away: never 401, 403 or 404", async () => {
    world.keys.away = true;
    const headers = await person("mx/admin");
    const id = "key_abcdefghabcdefgh";
    for (const [method, at, sent] of [
      ["GET", "", {}],
      ["POST", "", { json: wanted }],
      ["GET", `/${id}`, {}],
      ["DELETE", `/${id}`, {}],
      ["POST", `/${id}/rotate`, { json: {} }],
    ] as const)
      expect(await codeOf(headers, method, `${path}${at}`, sent)).toEqual([503, "store_unavailable"]);
  });
});
