import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tenant } from "../render/input";
import { ALLOW, codeOf, Edge, EXPORT, KEY, LOGS, PERSON, READ, refused } from "./envoy-edge";

const PUSH = "/prometheus/api/v1/push";
const TENANTS = [tenant("co"), tenant("mx")];

let edge: Edge;
beforeAll(async () => (edge = await Edge.start(TENANTS)));
afterAll(() => edge.stop());
beforeEach(() => {
  edge.auth.answer = () => ALLOW;
  edge.reached();
  edge.auth.received.length = 0;
});

describe("what backends say", () => {
  afterEach(() => {
    for (const backend of [edge.collector, edge.loki])
      Object.assign(backend, { answer: () => ({}), early: false });
    Object.assign(edge.collectorGrpc, { early: false, status: 0, message: "", trailersOnly: true });
  });
  const ADDRESS = "error exporting items, request to http://mimir:9009 said no to tenant-mx";

  it.each([
    [400, "400 backend_refused"],
    [429, "429 backend_refused"],
    [408, "503 backend_failed"],
    [500, "503 backend_failed"],
    [502, "502 backend_failed"],
    [503, "503 backend_failed"],
  ])("of the collector's %i only whether to try again remains", async (status, expected) => {
    edge.collector.answer = () => ({
      status,
      body: ADDRESS,
      headers: { server: "go", "content-encoding": "gzip" },
    });
    const answer = await edge.write(LOGS, await edge.bearer());
    edge.reached();
    await refused(edge, Promise.resolve(answer), expected);
    expect(answer.headers).not.toHaveProperty("server");
    expect(answer.headers).not.toHaveProperty("content-encoding");
  });

  it.each([
    [400, "http: request body too large", "413 body_too_large"],
    [400, "snappy: decoded size exceeds max request body size", "413 body_too_large"],
    [400, "gzip: invalid header", "400 body_malformed"],
    [415, "415 unsupported media type, supported: [application/json]", "415 content_type_unsupported"],
    // Of a body that is no text it cannot say what is wrong: 500 would be sent again for ever.
    [500, '{"code": 13, "message": "failed to marshal error message"}', "400 body_malformed"],
    [500, "gzip: invalid header", "503 backend_failed"],
    [429, "http: request body too large", "429 backend_refused"],
  ])("of its receiver's own %i, %s", async (status, body, expected) => {
    edge.collector.answer = () => ({ status, body });
    const answer = await edge.write(LOGS, await edge.bearer());
    edge.reached();
    await refused(edge, Promise.resolve(answer), expected);
  });

  it("that is too much, and too much of the edge itself, remote write is told as 503: its senders drop 429", async () => {
    edge.mimir.answer = () => ({ status: 429, body: "slow down", headers: { "retry-after": "7" } });
    const answer = await edge.write(PUSH, await edge.bearer());
    expect([answer.status, answer.headers["retry-after"], answer.body]).toEqual([503, "7", "slow down"]);
    edge.mimir.answer = () => ({});
  });

  it("a long error is replaced too", async () => {
    edge.collector.answer = () => ({ status: 400, body: ADDRESS.repeat(20_000) });
    const answer = await edge.write(LOGS, await edge.bearer());
    expect(answer.body).not.toContain("mimir");
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it("a query's own mistake is told, a backend's failure is not", async () => {
    edge.loki.answer = () => ({ status: 400, body: "parse error" });
    expect(await edge.ask("query", READ, { headers: PERSON })).toMatchObject({
      status: 400,
      body: "parse error",
    });
    edge.loki.answer = () => ({ status: 500, body: ADDRESS });
    expect(codeOf(await edge.ask("query", READ, { headers: PERSON }))).toBe("500 backend_failed");
  });

  it("what comes before the whole request was sent is no different", async () => {
    // Larger than what is on its way at a time.
    const body = "x".repeat(4 * 1024 * 1024);
    Object.assign(edge.collector, { early: true, answer: () => ({ status: 400, body: ADDRESS }) });
    const answer = await edge.write(LOGS, await edge.bearer(), body);
    edge.reached();
    await refused(edge, Promise.resolve(answer), "400 backend_refused");
    Object.assign(edge.collectorGrpc, { early: true, status: 8, message: ADDRESS });
    const told = await edge.grpc(EXPORT, await edge.bearer(), Buffer.alloc(4 * 1024 * 1024));
    expect([told["grpc-status"], told["grpc-message"]]).toEqual(["14", "The backend cannot take this now."]);
    expect(told).not.toHaveProperty("grpc-status-details-bin");
    edge.reached();
  });

  it("a backend that hangs up is 503", async () => {
    edge.collector.answer = () => ({ reset: true });
    const answer = await edge.write(LOGS, await edge.bearer());
    expect([codeOf(answer), answer.headers["retry-after"]]).toEqual(["503 unavailable", "5"]);
  });

  it.each([
    [0, undefined, "0", undefined],
    [3, ADDRESS, "3", "The backend refused this."],
    [2, ADDRESS, "14", "The backend cannot take this now."],
    [2, undefined, "14", undefined],
    [8, ADDRESS, "14", "The backend cannot take this now."],
    [8, undefined, "14", undefined],
    [8, "grpc: received message larger than max (17 vs. 16)", "8", "The request is too large."],
    [8, "grpc: received message after decompression larger than max 16", "8", "The request is too large."],
    [13, ADDRESS, "14", "The backend cannot take this now."],
    [13, "grpc: error unmarshalling request: proto", "13", "The backend refused this."],
    [13, "grpc: failed to decompress the received message: gzip", "13", "The backend refused this."],
    [13, "grpc: failed to read decompressed data: EOF", "13", "The backend refused this."],
    [13, "grpc: compressed flag set with identity or empty encoding", "13", "The backend refused this."],
    [13, "grpc: received unexpected payload format 7", "13", "The backend refused this."],
    [14, ADDRESS, "14", "The backend cannot take this now."],
  ])("gRPC %i", async (status, message, expected, words) => {
    for (const trailersOnly of [true, false]) {
      Object.assign(edge.collectorGrpc, { status, message: message ?? "", trailersOnly });
      const answer = await edge.grpc(EXPORT, await edge.bearer());
      expect([answer["grpc-status"], answer["grpc-message"]], `trailers only: ${trailersOnly}`).toEqual([
        expected,
        words,
      ]);
      expect(answer).not.toHaveProperty("grpc-status-details-bin");
    }
  });
});

describe("what the collector is not given to unpack", () => {
  it.each(["zstd", "br", "gzip, zstd", "GZIP", "identity"])("%s", async (packed) => {
    const headers = { ...(await edge.bearer()), "content-encoding": packed };
    await refused(edge, edge.write(LOGS, headers), "415 encoding_unsupported");
  });

  it.each(["gzip", "deflate", "snappy", ""])("but %j, and elsewhere everything", async (packed) => {
    const headers = { ...(await edge.bearer()), "content-encoding": packed };
    expect((await edge.write(LOGS, headers)).status).toBe(200);
    expect((await edge.write(PUSH, { ...headers, "content-encoding": "zstd" })).status).toBe(200);
    edge.reached();
  });

  it("over gRPC as well", async () => {
    const told = async (packed: string): Promise<unknown> => {
      const answer = await edge.grpc(EXPORT, { ...(await edge.bearer()), "grpc-encoding": packed });
      return [answer["grpc-status"], answer["grpc-message"]];
    };
    for (const packed of ["zstd", "deflate"])
      expect(await told(packed)).toEqual(["12", "This compression is not taken here. Send gzip, or none."]);
    expect(edge.reached()).toEqual([]);
    for (const packed of ["identity", "gzip", "snappy"]) expect(await told(packed)).toEqual(["0", undefined]);
    edge.reached();
  });
});

describe("gRPC", () => {
  it.each<[string, () => Promise<Record<string, string>>, string, string]>([
    ["no credential", () => Promise.resolve({}), "16", "A credential is missing."],
    [
      "another tenant",
      () => edge.bearer({ tenant_id: "tenant-co" }),
      "7",
      "This credential may not use a tenant here.",
    ],
    ["another audience", () => edge.bearer({ aud: "x" }), "16", "The token is not valid here."],
    ["an unknown key", () => edge.bearer({}, "key-2"), "14", "This cannot be checked now. Try again."],
  ])("refuses %s in its own words", async (_, headers, status, message) => {
    const answer = await edge.grpc(EXPORT, await headers());
    expect([answer["grpc-status"], answer["grpc-message"]]).toEqual([status, message]);
    expect(edge.reached()).toEqual([]);
  });

  it("takes a token or a key, and has nothing else", async () => {
    expect(
      (await edge.grpc(EXPORT, { ...(await edge.bearer()), "x-scope-orgid": "tenant-co" }))["grpc-status"],
    ).toBe("0");
    expect((await edge.grpc(EXPORT, KEY))["grpc-status"]).toBe("0");
    const reached = edge.reached();
    expect(reached.map(({ headers }) => headers["x-scope-orgid"])).toEqual(["tenant-mx", "tenant-mx"]);
    expect(JSON.stringify(reached)).not.toMatch(/authorization|x-api-key|tenant-co/);
    expect(
      (await edge.grpc("/grpc.reflection.v1.ServerReflection/Info", await edge.bearer()))["grpc-status"],
    ).toBe("12");
    edge.auth.answer = () => ({ status: 403, body: '{"code":"right_missing"}' });
    const denied = await edge.grpc(EXPORT, KEY);
    expect([denied["grpc-status"], denied["grpc-message"]]).toEqual([
      "7",
      "The credential is not valid for this.",
    ]);
    expect(edge.reached()).toEqual([]);
  });
});
