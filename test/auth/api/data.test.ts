import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PERSON } from "../world";
import { ApiWorld, operator, person, program, type Sent, serviceOf } from "./world";

describe("data", () => {
  let world: ApiWorld;
  let admin: Record<string, string>;
  beforeEach(async () => {
    world = await ApiWorld.listen();
    admin = await person("mx/admin");
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const send = (method: string, path: string, { headers = {}, ...sent }: Sent = {}) =>
    world.send(method, path, { headers: { ...admin, ...(headers as Record<string, string>) }, ...sent });
  const code = async (...args: Parameters<typeof send>) => {
    const { status, body } = await send(...args);
    return [status, body["code"]];
  };

  it("is stored, read, changed and removed, and each leaves its trace", async () => {
    const made = await send("POST", "/api/data", { json: { key: "limits", value: { cpu: [1, null] } } });
    expect([made.status, made.headers["location"]]).toEqual([201, "/api/data/limits"]);
    expect(made.headers["etag"]).toBe(made.body["etag"]);
    const read = await send("GET", "/api/data/limits");
    expect([read.status, read.body]).toEqual([200, { ...made.body, value: { cpu: [1, null] } }]);
    const changed = await send("PUT", "/api/data/limits", { json: { value: null } });
    expect([changed.status, changed.body["updated_by"]]).toEqual([200, PERSON]);
    expect(changed.headers["etag"]).not.toBe(made.headers["etag"]);
    expect((await send("GET", "/api/data/limits")).body["value"]).toBeNull();
    const removed = await send("DELETE", "/api/data/limits");
    expect([removed.status, removed.text]).toEqual([204, ""]);
    expect(await code("GET", "/api/data/limits")).toEqual([404, "not_found"]);
    expect(await code("DELETE", "/api/data/limits")).toEqual([404, "not_found"]);
    expect((await send("PUT", "/api/data/limits", { json: { value: 1 } })).status).toBe(201);
    expect((await send("GET", "/api/data")).status).toBe(200);
    expect(world.events.map(({ action, outcome, target }) => [action, outcome, target])).toEqual([
      ["create_key", "success", "limits"],
      ["get_key", "success", "limits"],
      ["update_key", "success", "limits"],
      ["get_key", "success", "limits"],
      ["delete_key", "success", "limits"],
      ["get_key", "refused", "limits"],
      ["delete_key", "refused", "limits"],
      ["create_key", "success", "limits"],
      ["list_keys", "success", undefined],
    ]);
  });

  it("is changed only in the version that was meant", async () => {
    const { headers } = await send("POST", "/api/data", { json: { key: "a", value: 1 } });
    const etag = String(headers["etag"]);
    const put = (given: Record<string, string>) =>
      code("PUT", "/api/data/a", { headers: given, json: { value: 2 } });
    expect(await code("POST", "/api/data", { json: { key: "a", value: 2 } })).toEqual([
      409,
      "already_exists",
    ]);
    expect(await put({ "if-match": '"another"' })).toEqual([412, "precondition_failed"]);
    expect(await put({ "if-match": `W/${etag}` })).toEqual([412, "precondition_failed"]);
    expect(await put({ "if-none-match": "*" })).toEqual([412, "precondition_failed"]);
    for (const given of [
      { "if-match": "*" },
      { "if-match": etag.slice(1) },
      { "if-match": `${etag}, "b"` },
      { "if-none-match": etag },
      { "if-match": etag, "if-none-match": "*" },
    ])
      expect(await put(given as Record<string, string>)).toEqual([400, "invalid_request"]);
    expect((await send("GET", "/api/data/a")).body["value"]).toBe(1);
    expect(await code("DELETE", "/api/data/a", { headers: { "if-match": '"another"' } })).toEqual([
      ...[412, "precondition_failed"],
    ]);
    expect(await put({ "if-match": etag })).toEqual([200, undefined]);
    expect(await put({ "if-match": etag })).toEqual([412, "precondition_failed"]);
    const now = String((await send("GET", "/api/data/a")).headers["etag"]);
    expect((await send("DELETE", "/api/data/a", { headers: { "if-match": now } })).status).toBe(204);
    expect(await put({ "if-match": now })).toEqual([412, "precondition_failed"]);
    expect(await put({ "if-none-match": "*" })).toEqual([201, undefined]);
  });

  it("is not sent again to who has it", async () => {
    const { headers } = await send("POST", "/api/data", { json: { key: "a", value: 1 } });
    const etag = String(headers["etag"]);
    for (const has of [etag, `W/${etag}`, "*", `"b", ${etag}`]) {
      const answer = await send("GET", "/api/data/a", { headers: { "if-none-match": has } });
      expect([answer.status, answer.text, answer.headers["etag"]]).toEqual([304, "", etag]);
    }
    for (const has of ['"b"', "b", ""])
      expect((await send("GET", "/api/data/a", { headers: { "if-none-match": has } })).status).toBe(200);
  });

  it("is listed in pages, by prefix, without values", async () => {
    for (const key of ["b.2", "a", "b.1", "c", "b.3"])
      await send("PUT", `/api/data/${key}`, { json: { value: key } });
    const keysOf = (body: Readonly<Record<string, unknown>>) =>
      (body["items"] as readonly { key: string }[]).map(({ key }) => key);
    const first = (await send("GET", "/api/data?limit=2&prefix=b.")).body;
    expect(keysOf(first)).toEqual(["b.1", "b.2"]);
    expect(Object.keys((first["items"] as object[])[0] ?? {}).sort()).toEqual(["etag", "key", "updated_at", "updated_by"]); // prettier-ignore
    const cursor = String(first["next"]);
    const second = (await send("GET", `/api/data?limit=2&prefix=b.&cursor=${cursor}`)).body;
    expect([keysOf(second), second["next"]]).toEqual([["b.3"], undefined]);
    expect(keysOf((await send("GET", "/api/data")).body)).toEqual(["a", "b.1", "b.2", "b.3", "c"]);
    const elsewhere = { headers: await person("pe/admin") };
    const wrong = ["?cursor=AAAA", `?cursor=${cursor}`, `?prefix=b.&cursor=${cursor}A`];
    for (const query of wrong)
      expect(await code("GET", `/api/data${query}`)).toEqual([400, "invalid_cursor"]);
    expect(await code("GET", `/api/data?prefix=b.&cursor=${cursor}`, elsewhere)).toEqual([400, "invalid_cursor"]);
    for (const query of ["?limit=0", "?limit=101", "?limit=x", "?limit=1&limit=2", "?cursor=", "?prefix=%2F", "?other=1"])
      expect(await code("GET", `/api/data${query}`)).toEqual([400, "invalid_request"]);
  }); // prettier-ignore

  it.each([
    ["a slash", "a%2Fb"],
    ["a slash, twice encoded", "a%252Fb"],
    ["a dot first", ".a"],
    ["a control character", "a%00"],
    ["a letter of elsewhere", "%C3%A9"],
    ["half of a character", "%C3"],
    ["a percent sign that encodes nothing", "%zz"],
    ["201 characters", "a".repeat(201)],
  ])("has no key with %s", async (_case, key) => {
    for (const [method, sent] of [["GET", {}], ["PUT", { json: { value: 1 } }], ["DELETE", {}]] as const)
      expect(await code(method, `/api/data/${key}`, sent)).toEqual([400, "invalid_request"]);
    expect(world.data.entries.size).toBe(0);
  }); // prettier-ignore

  it.each([
    ["an unknown field", { key: "a", value: 1, tenant: "tenant-pe" }],
    ["no key", { value: 1 }],
    ["no value", { key: "a" }],
    ["a key that is a number", { key: 1, value: 1 }],
    ["an odd key", { key: "a/b", value: 1 }],
    ["a list", []],
    ["null", null],
  ])("is not made of %s", async (_case, json) => {
    expect(await code("POST", "/api/data", { json })).toEqual([400, "invalid_request"]);
    expect(world.data.entries.size).toBe(0);
  });

  it("is at most 64 KiB a value", async () => {
    const value = (bytes: number) => "x".repeat(bytes - 2);
    expect((await send("PUT", "/api/data/a", { json: { value: value(65_536) } })).status).toBe(201);
    expect(await code("PUT", "/api/data/b", { json: { value: value(65_537) } })).toEqual([413, "body_too_large"]);
    expect(await code("PUT", "/api/data/b", { json: { value: value(1_000_000) } })).toEqual([413, "body_too_large"]);
    expect(world.data.entries.size).toBe(1);
  }); // prettier-ignore

  const VIEWER = () => person("mx/viewer");
  it.each([
    ["a viewer", VIEWER, [200, 403]],
    ["an editor", () => person("mx/editor"), [200, 201]],
    ["an operator", () => operator("mx"), [200, 403]],
    ["an agent", () => program("agent-mx", "mx"), [403, 403]],
    ["a key that reads", () => ({ "x-api-key": "atl_mx_reader" }), [200, 403]],
    ["a key that writes", () => ({ "x-api-key": "atl_mx_writer" }), [403, 403]],
    ["a service that reads", () => serviceOf("reader"), [200, 403]],
    ["a service with all of it", () => serviceOf("writer"), [200, 201]],
    ["a service for something else", () => serviceOf("shop"), [403, 403]],
  ])("is for %s to read and to write as its right says", async (_case, credential, [reads, writes]) => {
    const headers = await credential();
    const other = { headers } as { headers: Record<string, string> };
    await send("PUT", "/api/data/a", { json: { value: 1 } });
    const by = async (method: string, path: string, json?: unknown) =>
      (await world.send(method, path, { ...other, ...(json !== undefined && { json }) })).status;
    expect(await by("GET", "/api/data/a")).toBe(reads);
    expect(await by("GET", "/api/data")).toBe(reads);
    expect(await by("PUT", "/api/data/b", { value: 1 })).toBe(writes);
    expect(await by("POST", "/api/data", { key: "c", value: 1 })).toBe(writes);
    expect(await by("DELETE", "/api/data/a")).toBe(writes === 201 ? 204 : 403);
    const denials = world.events.filter(({ outcome }) => outcome === "denied").map(({ action }) => action);
    const expected = [
      ...(reads === 403 ? ["get_key", "list_keys"] : []),
      ...(writes === 403 ? ["update_key", "create_key", "delete_key"] : []),
    ];
    expect(denials).toEqual(expected);
  });

  it("is 503 while the store is away, and 507 while it is full: never 401, 403 or 404", async () => {
    world.data.full = true;
    expect(await code("PUT", "/api/data/a", { json: { value: 1 } })).toEqual([507, "storage_full"]);
    world.data.away = true;
    for (const [method, path, sent] of [
      ["GET", "/api/data/a", {}],
      ["PUT", "/api/data/a", { json: { value: 1 } }],
      ["DELETE", "/api/data/a", {}],
      ["GET", "/api/data", {}],
      ["POST", "/api/data", { json: { key: "a", value: 1 } }],
    ] as const) {
      const answer = await send(method, path, sent);
      expect([answer.status, answer.body["code"], answer.headers["retry-after"]]).toEqual([503, "store_unavailable", "5"]); // prettier-ignore
    }
    expect(world.events.slice(1).map(({ outcome }) => outcome)).toEqual(Array<string>(5).fill("failed"));
  });
});
