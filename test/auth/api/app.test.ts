import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CALLER } from "../../../src/auth/api/limits";
import { type ProblemCode, PROBLEMS } from "../../../src/auth/api/problems";
import { bearer } from "../world";
import { type Answer, ApiWorld, person, type Sent } from "./world";

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

/** Every refusal is one of ours, whole, and tells nothing else. */
function expectProblem({ status, headers, body }: Answer): void {
  expect(headers["content-type"]).toBe("application/problem+json");
  const { code, title } = body as { readonly code: ProblemCode; readonly title: string };
  expect(PROBLEMS[code]).toEqual({ status, title });
  expect(body).toMatchObject({ type: `/api/docs#${code}`, status });
  const members = ["code", "detail", "error", "errors", "request_id", "status", "title", "type"];
  for (const member of Object.keys(body)) expect(members).toContain(member);
}

describe("the tenant API", () => {
  let world: ApiWorld;
  let admin: Record<string, string>;
  beforeEach(async () => {
    world = await ApiWorld.listen();
    admin = await person("mx/admin");
  });
  afterEach(() => world[Symbol.asyncDispose]());
  const send = (method: string, path: string, { headers = {}, ...sent }: Sent = {}) =>
    world.send(method, path, { headers: { ...admin, ...(headers as Record<string, string>) }, ...sent });

  it("answers everything with headers that keep it out of frames and caches", async () => {
    await send("PUT", "/api/data/a", { json: { value: 1 } });
    for (const answer of [
      await send("GET", "/api/data/a"),
      await send("GET", "/api/data/a", { headers: { "if-none-match": "*" } }),
      await send("DELETE", "/api/data/a"),
      await send("GET", "/api/nothing"),
      await world.send("GET", "/api/data"),
      await world.send("GET", "/api/openapi.json"),
    ])
      expect(answer.headers).toMatchObject(HEADERS);
  });

  it.each([
    ["PATCH", "/api/data/a", "GET, HEAD, PUT, DELETE"],
    ["OPTIONS", "/api/data", "POST, GET, HEAD"],
    ["TRACE", "/api/users/me", "GET, HEAD"],
    ["PUT", "/api/api-keys/key_abcdefghabcdefgh", "GET, HEAD, DELETE"],
    ["GET", "/api/api-keys/key_abcdefghabcdefgh/rotate", "POST"],
    ["DELETE", "/api/token", "POST"],
    ["POST", "/api/docs", "GET, HEAD"],
  ])("has no %s of %s", async (method, path, allow) => {
    const answer = await send(method, path);
    expect([answer.status, answer.body["code"], answer.headers["allow"]]).toEqual([405, "method_not_allowed", allow]);
  }); // prettier-ignore

  it.each(["/api", "/api/", "/api/data/", "/api/data/a/b", "/api/users", "/api/users/me/", "/api/DATA", "/api/../metrics", "/api/%2e%2e/metrics"])(
    "has nothing at %s",
    async (path) => {
      const answer = await send("GET", path);
      expect([answer.status, answer.body["code"]]).toEqual([404, "not_found"]);
      const stranger = await world.send("GET", path);
      expect([stranger.status, stranger.body["code"]]).toEqual([401, "credential_missing"]);
    },
  ); // prettier-ignore

  it("answers HEAD as GET, without a body", async () => {
    const answer = await send("HEAD", "/api/users/me");
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });

  const type = (value: string) => ({ "content-type": value });
  it.each([
    ["no type", {}, '{"key":"a","value":1}', 415, "unsupported_media_type"],
    ["a form", type("application/x-www-form-urlencoded"), "key=a&value=1", 415, "unsupported_media_type"],
    ["text", type("text/plain"), '{"key":"a","value":1}', 415, "unsupported_media_type"],
    ["no JSON", type("application/json"), "{", 400, "invalid_json"],
    ["a field twice", type("application/json"), '{"key":"a","key":"b","value":1}', 400, "invalid_json"],
    ["__proto__", type("application/json"), '{"key":"a","value":{"__proto__":{"x":1}}}', 400, "invalid_json"],
    ["33 levels", type("application/json"), `{"key":"a","value":${"[".repeat(32)}${"]".repeat(32)}}`, 400, "invalid_json"],
    ["a megabyte", type("application/json"), `{"key":"a","value":"${"x".repeat(1_000_000)}"}`, 413, "body_too_large"],
    ["nothing", type("application/json"), "", 400, "invalid_request"],
  ])("takes no body of %s", async (_case, headers, text, status, code) => {
    const answer = await send("POST", "/api/data", { headers, text });
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expectProblem(answer);
    expect(world.data.entries.size).toBe(0);
  }); // prettier-ignore

  it("takes JSON with a character set, and a body without a length only as far as it may", async () => {
    const headers = { ...admin, ...type("application/json; charset=utf-8") };
    expect((await world.send("POST", "/api/data", { headers, text: '{"key":"a","value":1}' })).status).toBe(201);
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.alloc(8_192, "x"));
      },
    });
    const chunked = await fetch(`${world.url}/api/data`, { method: "POST", headers, body: endless, duplex: "half" } as RequestInit).catch(() => undefined);
    // The connection may end before the sender looks at the answer: he was still sending.
    if (chunked !== undefined) expect(chunked.status).toBe(413);
    expect(world.data.entries.size).toBe(1);
  }); // prettier-ignore

  it("takes no text that is not UTF-8", async () => {
    const body = Buffer.concat([Buffer.from('{"key":"a","value":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const headers = { ...admin, ...type("application/json") };
    const answer = await fetch(`${world.url}/api/data`, { method: "POST", headers, body });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, "invalid_json"]);
  });

  it("names all that is wrong at once, and shows no key that stands in a wrong place", async () => {
    const json = { label: "", rights: ["x"], atl_mx_secret: 1 };
    const { body } = await send("POST", "/api/api-keys", { json });
    const errors = body["errors"] as readonly { readonly in: string; readonly field: string }[];
    expect(errors.map((error) => [error.in, error.field])).toEqual([["body", "label"], ["body", "rights.0"], ["body", ""]]); // prettier-ignore
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  it("has the edge's request id, or one of its own", async () => {
    const ids = async (id: string) =>
      (await world.send("GET", "/api/data", { headers: { "x-request-id": id } })).body["request_id"];
    expect(await ids("3f1c")).toBe("3f1c");
    for (const odd of ["a b", "x".repeat(129)]) expect(await ids(odd)).toMatch(/^[0-9a-f-]{36}$/);
    await send("GET", "/api/data", { headers: { "x-request-id": "7-7" } });
    expect(world.events.map(({ requestId }) => requestId)).toEqual(["7-7"]);
  });

  it("takes JSON by its own name alone: another could be read by other rules", async () => {
    for (const type of ["application/x+json", "application/problem+json; charset=utf-8", "APPLICATION/LD+JSON"]) {
      const answer = await send("PUT", "/api/data/a", { headers: { "content-type": type }, text: '{"value":1,"value":2}' });
      expect([answer.status, answer.body["code"]]).toEqual([415, "unsupported_media_type"]);
    }
    expect(world.data.entries.size).toBe(0);
  }); // prettier-ignore

  it("begins nothing while the store has no room for its trace, but takes back what it can", async () => {
    await send("PUT", "/api/data/a", { json: { value: 1 } });
    world.full = true;
    for (const [method, path, json] of [["PUT", "/api/data/b", { value: 1 }], ["GET", "/api/data/a", undefined], ["POST", "/api/api-keys", { label: "x", rights: ["logs:read"] }]] as const) {
      const answer = await send(method, path, json === undefined ? {} : { json });
      expect([answer.status, answer.body["code"]]).toEqual([507, "storage_full"]);
    }
    expect((await send("DELETE", "/api/data/a")).status).toBe(204);
    expect(world.events.map(({ action }) => action)).toEqual(["create_key", "delete_key"]);
  }); // prettier-ignore

  it("is slower for who asks too often, and for nobody else", async () => {
    const answers: Answer[] = [];
    while (answers.at(-1)?.status !== 429 && answers.length < 3 * CALLER.burst)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => send("GET", "/api/users/me")))));
    const limited = answers.find(({ status }) => status === 429);
    expect([limited?.body["code"], limited?.headers["retry-after"]]).toEqual(["too_many_requests", "1"]);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(CALLER.burst);
    const other = await world.send("GET", "/api/users/me", { headers: { "x-api-key": "atl_mx_reader" } });
    expect(other.status).toBe(200);
  });

  it("says of a fault of its own nothing but that", async () => {
    world.data.list = () => Promise.reject(new Error("tenant-mx"));
    const answer = await send("GET", "/api/data");
    expect([answer.status, answer.body["code"]]).toEqual([500, "fault"]);
    expect(answer.text).not.toContain("tenant-mx");
    expect(world.failures).toEqual([new Error("tenant-mx")]);
    expect(world.events.map(({ outcome }) => outcome)).toEqual(["failed"]);
  });

  it("answers no act as done whose trace is not kept, and tells us", async () => {
    world.audited = () => Promise.reject(new Error("full"));
    const put = await send("PUT", "/api/data/a", { json: { value: 1 } });
    expect([put.status, put.body["code"], put.headers["retry-after"]]).toEqual([503, "store_unavailable", "5"]);
    expect(put.body["detail"]).toBe(
      "No record of this could be kept, so it is not answered as done. It may have been done: look before you try again.",
    );
    expect(put.headers).toMatchObject(HEADERS);
    // It was, and its answer would have said so.
    expect(world.data.entries.size).toBe(1);
    for (const header of ["etag", "location"]) expect(put.headers).not.toHaveProperty(header);
    for (const [method, path] of [["GET", "/api/data/a"], ["GET", "/api/data"], ["DELETE", "/api/data/a"], ["GET", "/api/data/none"], ["GET", "/api/api-keys"]] as const)
      expect([path, (await send(method, path)).body["code"]]).toEqual([path, "store_unavailable"]);
    const made = await send("POST", "/api/api-keys", { json: { label: "one", rights: ["logs:read"] } });
    expect([made.status, made.text.includes("atl_")]).toEqual([503, false]);
    const viewer = await person("mx/viewer");
    expect((await world.send("PUT", "/api/data/a", { headers: viewer, json: { value: 1 } })).status).toBe(503);
    expect(world.failures).toEqual(Array<Error>(8).fill(new Error("full")));
    // What leaves no trace is as ever.
    expect((await send("GET", "/api/users/me")).status).toBe(200);
  }); // prettier-ignore

  it("is below /api alone: the rest is the service's own", async () => {
    expect((await world.send("GET", "/apix")).text).toBe('{"code":"not_found"}');
    expect((await world.send("GET", "/health")).text).toBe('{"status":"ok"}');
    expect((await world.send("GET", "/authz/v1/traces")).text).toBe('{"code":"internal"}');
    const refused = await world.send("GET", "/authz/api/data");
    expect([refused.status, refused.headers["content-type"]]).toEqual([503, "application/problem+json"]);
    expect(JSON.parse(refused.text)).toMatchObject({
      code: "internal",
      status: 503,
      type: "/api/docs#internal",
    });
  });

  it("answers whatever is sent with what was asked for or a problem, and never with a fault", async () => {
    const anyPath = fc.oneof(
      fc.constantFrom("/api/data", "/api/api-keys", "/api/users/me", "/api/token", "/api/api-keys/key_abcdefghabcdefgh/rotate"),
      fc.string({ unit: "binary" }).map((key) => `/api/data/${encodeURIComponent(key.toWellFormed())}`),
      fc.webPath().map((path) => `/api${path}`),
      fc.stringMatching(/^[!-~]{0,20}$/).map((path) => `/api/${path.replaceAll("#", "%")}`),
      fc.webQueryParameters().map((query) => `/api/data?${query}`),
      fc.tuple(fc.constantFrom("cursor", "limit", "prefix"), fc.string({ unit: "binary" })).map(([name, value]) => `/api/data?${name}=${encodeURIComponent(value.toWellFormed())}`),
    );
    const anyBody = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.record({ key: fc.oneof(fc.string(), fc.jsonValue()), value: fc.jsonValue() }).map((value) => JSON.stringify(value)),
      fc.record({ label: fc.oneof(fc.string(), fc.jsonValue()), rights: fc.jsonValue() }).map((value) => JSON.stringify(value)),
    );
    const anyHeaders = fc.record(
      {
        "content-type": fc.constantFrom("application/json", "application/x+json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ";"),
        "if-match": fc.stringMatching(/^[!-~]{0,20}$/),
        "if-none-match": fc.stringMatching(/^[!-~]{0,20}$/),
      },
      { requiredKeys: [] },
    );
    // Limits would answer nearly all of it.
    await using open = await ApiWorld.listen({ unlimited: true });
    const statuses = new Set<number>();
    let callers = 0;
    const subject = (n: number) => `00000000-0000-0000-0000-${`${n}`.padStart(12, "0")}`;
    const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH");
    await fc.assert(
      fc.asyncProperty(method, anyPath, anyBody, anyHeaders, async (verb, path, text, headers) => {
        const credential = { authorization: await bearer({ azp: "atalaya-cli", sub: subject(callers++), groups: ["/tenants/mx/admin"] }) };
        const answer = await open.send(verb, path, { headers: { ...credential, ...headers }, text });
        statuses.add(answer.status);
        if (answer.status >= 400) expectProblem(answer);
        expect([429, 500, 503]).not.toContain(answer.status);
      }),
      { numRuns: 300 },
    );
    expect(open.failures).toEqual([]);
    // Or it would have shown nothing.
    for (const status of [200, 400, 404, 405, 415]) expect(statuses).toContain(status);
  }, 60_000); // prettier-ignore
});
