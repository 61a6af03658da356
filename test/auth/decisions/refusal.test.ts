import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../src/auth/api/problems";
import { decide } from "../../../src/auth/decide";
import { DENIALS } from "../../../src/auth/decision";
import { explained, isRefusal, REASONS } from "../../../src/auth/decisions/reasons";
import { isRequestId, parseRefusal, refusalOf } from "../../../src/auth/decisions/refusal";
import { bearer, knowledge, PERSON, push, read } from "../world";

const TIME = new Date("2026-11-02T09:30:00.123Z");
const ID = "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11";
const refused = async (request: Parameters<typeof decide>[0], id: string | undefined = ID) =>
  refusalOf(request, id, await decide(request, knowledge), TIME);

describe("a refusal of a decision", () => {
  it("says who, what and why, as far as it was verified", async () => {
    const authorization = await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/tenants/mx/viewer"] });
    expect(await refused(read({ authorization, requestedTenant: "tenant-pe" }))).toEqual({
      ...{
        time: "2026-11-02T09:30:00.123Z",
        request_id: ID,
        method: "GET",
        path: "/prometheus/api/v1/query",
      },
      ...{ routes: ["mimir-query"], credential: "person", user: PERSON, requested_tenant: "tenant-pe" },
      ...{ outcome: "deny", code: "tenant_denied" },
    });
    const written = await refused(push({ apiKey: "atl_mx_reader" }));
    expect(written).toMatchObject({ user: "grafana-mx", tenant: "tenant-mx", code: "right_missing" });
  });

  it("is none where the request was allowed", async () => {
    expect(await refused(read({ apiKey: "atl_mx_reader" }))).toBeUndefined();
  });

  it("is undecided where nothing could be said", async () => {
    const request = read({ apiKey: "atl_mx_reader" });
    const judgement = await decide(request, { ...knowledge, directory: undefined });
    expect(refusalOf(request, ID, judgement, TIME)).toMatchObject({
      ...{ credential: "none", outcome: "undecided", code: "directory_unavailable" },
    });
  });

  it("has no secret in it, and nothing that is longer or stranger than its bound", async () => {
    const secret = await bearer({ azp: "nobody" });
    const token = secret.slice("Bearer ".length);
    const record = await refused(
      read({
        apiKey: "atl_nobody_secret",
        path: `/atl_mx_reader/${token}/\r\n"\\${"x".repeat(10_000)}`,
        requestedTenant: `${token}\r\n${'"'.repeat(10_000)}`,
      }),
    );
    expect(record?.path).toBe(`/atl_***/***/????${"x".repeat(239)}`);
    expect(record?.requested_tenant).toBe(`***${"?".repeat(125)}`);
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(1_024);
    expect(parseRefusal(JSON.stringify(record))).toEqual(record);
    for (const part of ["atl_mx", "atl_nobody", "eyJ"]) expect(JSON.stringify(record)).not.toContain(part);
  });
});

describe("a request id", () => {
  it.each([
    ID,
    "a",
    "A.b_c-9",
    "x".repeat(128),
    // A word as any other: no tenant's keys are named by it.
    "tenant-pe",
  ])("is taken: %s", (id) => {
    expect(isRequestId(id)).toBe(true);
  });

  it.each<[string, string | undefined]>([
    ["none", undefined],
    ["an empty one", ""],
    ["a line of its own", "a\r\nSET x y"],
    ["an end of line", "abc\n"],
    ["one that is too long", "x".repeat(129)],
    ["10 kB", "x".repeat(10_240)],
    ["a path", "../../etc/passwd"],
    ["a step up", ".."],
    ["a tenant's key in Redis", "t:{tenant-pe}:data:order"],
    ["a space", "a b"],
    ["two of them, joined", "a, b"],
    ["half a surrogate pair", "\ud800"],
    ["letters of other alphabets", "aé"],
    ["an escape", "a%2Fb"],
    ["an API key", "atl_mx_reader"],
    ["a token", "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"],
  ])("is not: %s", async (_case, id) => {
    expect(isRequestId(id)).toBe(false);
    expect(refusalOf(read(), id, await decide(read(), knowledge), TIME)?.request_id).toBeUndefined();
  });
});

describe("the reasons", () => {
  it("are there for every code that somebody is refused with, and for no other", () => {
    const answered = Object.entries(PROBLEMS).filter(([, { status }]) => [401, 403, 503].includes(status));
    const codes = new Set([...Object.keys(DENIALS), ...answered.map(([code]) => code)]);
    expect(Object.keys(REASONS).sort()).toEqual([...codes].sort());
    expect(["not_found", "too_many_requests", "toString", "fault"].filter(isRefusal)).toEqual([]);
  });

  it("say something of a code that another release wrote", () => {
    expect(explained("toString")).toBe("Another release of the service wrote this code.");
    expect(explained("tenant_required")).toBe(REASONS.tenant_required);
  });
});
