import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import { ROUTES, type Route } from "../../../src/model/routes";
import { http2Bytes, http2Refused, lines, rawBytes, statuses } from "./raw";
import { isOurs } from "./ledger";
import { each, World, WRITES } from "./world";
import type { Header } from "./wire";

const route = (id: string): Route => {
  const found = ROUTES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no route ${id}`);
  return found;
};

/** What an HTTP/1.1 connection is given, and what may come of it: statuses in order, and who it is stored for. */
interface Bytes {
  readonly row: string;
  readonly what: string;
  readonly bytes: (world: Given, mark: string) => string;
  readonly statuses: readonly number[];
  readonly as: readonly string[];
}

interface Given {
  readonly mx: string;
  readonly pe: string;
}

const PUSH = "POST /loki/api/v1/push HTTP/1.1";
const HOST = "host: localhost";
const JSON_TYPE = "content-type: application/json";
const body = (mark: string): string => marked(route("loki-push"), mark).body.toString();
const length = (mark: string): string => `content-length: ${body(mark).length}`;
const bearer = (token: string): string => `authorization: Bearer ${token}`;
const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** A push of agent-mx with these lines more. */
const mxWith =
  (...more: readonly string[]): Bytes["bytes"] =>
  ({ mx }, mark) =>
    lines(PUSH, HOST, JSON_TYPE, bearer(mx), ...more, length(mark), "", body(mark));

const tried = (
  row: string,
  what: string,
  bytes: Bytes["bytes"],
  expected: readonly number[],
  as: readonly string[] = [],
): Bytes => ({ row, what, bytes, statuses: expected, as });

const MX = ["tenant-mx"];

const HTTP1: readonly Bytes[] = [
  tried("=", "a push", mxWith(), [204], MX),
  tried("2", "two Authorization headers of different tenants", ({ mx, pe }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), bearer(pe), length(mark), "", body(mark)), [401]),
  tried("2", "the same in the other order", ({ mx, pe }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(pe), bearer(mx), length(mark), "", body(mark)), [401]),
  tried("2", "two Authorization headers, one of them empty", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), "authorization:", length(mark), "", body(mark)), [204], MX),
  tried("20", "X-Scope-OrgID twice, in other letters", mxWith("X-Scope-OrgID: tenant-mx", "x-SCOPE-orgid: tenant-pe"), [204], MX),
  tried("22", "X_Scope_OrgID", mxWith("X_Scope_OrgID: tenant-pe"), [400]),
  tried("22", "a zero byte in X-Scope-OrgID", mxWith("x-scope-orgid: tenant-\0pe"), [400]),
  tried("22", "a carriage return by itself, which is taken out of the value", mxWith("x-scope-orgid: tenant-mx\rx-scope-orgid: tenant-pe"), [204], MX),
  tried("22", "the same in a header that passes: it stays one header", mxWith("x-a: b\rx-scope-orgid: tenant-pe"), [204], MX),
  tried("22", "a folded line, which stays one value", mxWith("x-scope-orgid:", " tenant-pe"), [204], MX),
  tried("22", "the same in a header that passes: it stays one header", mxWith("x-a: b", "\tx-scope-orgid: tenant-pe"), [204], MX),
  tried("22", "a carriage return in a name", mxWith("x-a\rx-scope-orgid: tenant-pe"), [400]),
  tried("22", "a space before the colon", mxWith("x-scope-orgid : tenant-pe"), [400]),
  tried("22", "a header's line without a colon", mxWith("x-scope-orgid"), [400]),
  tried("22", "a line's end by itself between headers", mxWith("x-a: b\nx-scope-orgid: tenant-pe"), [204], MX),
  tried("22", "bytes that are not UTF-8 in Authorization", ({ mx }, mark) => lines(PUSH, HOST, `${bearer(mx)}\xff\xfe`, length(mark), "", body(mark)), [401]),
  tried("+", "a length and chunks", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), length(mark), "transfer-encoding: chunked", "", chunked(body(mark))), [400]),
  tried("+", "chunks and a length of nothing, and a request behind", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), "content-length: 0", "transfer-encoding: chunked", "", `0\r\n\r\n${lines(PUSH, HOST, "x-scope-orgid: tenant-pe", length(mark), "", body(mark))}`), [400]),
  tried("+", "two lengths", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), "content-length: 3", length(mark), "", body(mark)), [400]),
  tried("+", "a length with a sign", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), `content-length: +${body(mark).length}`, "", body(mark)), [400]),
  tried("+", "a transfer coding that nobody knows", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), "transfer-encoding: xchunked", "", chunked(body(mark))), [501]),
  tried("+", "chunked and identity", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), "transfer-encoding: chunked, identity", "", chunked(body(mark))), [501]),
  tried("+", "chunked with a vertical tab", ({ mx }, mark) => lines(PUSH, HOST, bearer(mx), "transfer-encoding: \x0bchunked", "", chunked(body(mark))), [400]),
  tried("+", "chunks", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), "transfer-encoding: chunked", "", chunked(body(mark))), [204], MX),
  tried("+", "trailers that carry another tenant", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), "transfer-encoding: chunked", "trailer: x-scope-orgid", "", `${body(mark).length.toString(16)}\r\n${body(mark)}\r\n0\r\nx-scope-orgid: tenant-pe\r\n\r\n`), [204], MX),
  tried("+", "a credential in trailers", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, "transfer-encoding: chunked", "", `${body(mark).length.toString(16)}\r\n${body(mark)}\r\n0\r\n${bearer(mx)}\r\n\r\n`), [401]),
  tried("+", "an address of somebody else in the request line", ({ mx }, mark) => lines("POST http://loki:3100/loki/api/v1/push HTTP/1.1", HOST, JSON_TYPE, bearer(mx), length(mark), "", body(mark)), [204], MX),
  tried("+", "the admin interface's name as Host", ({ mx }, mark) => lines(PUSH, "host: admin", JSON_TYPE, bearer(mx), length(mark), "", body(mark)), [204], MX),
  tried("+", "another tenant's name as Host", ({ mx }, mark) => lines(PUSH, "host: tenant-pe", JSON_TYPE, bearer(mx), length(mark), "", body(mark)), [204], MX),
  tried("+", "no Host", ({ mx }, mark) => lines(PUSH, JSON_TYPE, bearer(mx), length(mark), "", body(mark)), [400]),
  tried("+", "two Hosts", mxWith("host: other"), [204], MX),
  tried("+", "Host with a path", ({ mx }, mark) => lines(PUSH, "host: localhost/api", JSON_TYPE, bearer(mx), length(mark), "", body(mark)), [400]),
  tried("+", "HTTP/1.0", ({ mx }, mark) => lines("POST /loki/api/v1/push HTTP/1.0", HOST, bearer(mx), length(mark), "", body(mark)), [426]),
  tried("+", "HTTP/0.9", () => "GET /loki/api/v1/labels\r\n\r\n", [426]),
  tried("+", "CONNECT", ({ mx }) => lines("CONNECT loki:3100 HTTP/1.1", "host: loki:3100", bearer(mx), "", ""), [403]),
  tried("+", "OPTIONS for all", ({ mx }) => lines("OPTIONS * HTTP/1.1", HOST, bearer(mx), "", ""), [404]),
  tried("+", "an upgrade to h2c", mxWith("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAARAAAAAAAIAAAAA"), [204], MX),
  tried("+", "an upgrade to TLS", mxWith("connection: Upgrade", "upgrade: TLS/1.2"), [403]),
  tried("+", "headers that Connection names", mxWith("connection: authorization, x-scope-orgid, x-atalaya-requested-tenant", "x-scope-orgid: tenant-pe"), [401]),
  tried("+", "Expect", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), "expect: 100-continue", length(mark), "", body(mark)), [100, 204], MX),
  tried("+", "Expect without a credential", (_given, mark) => lines(PUSH, HOST, JSON_TYPE, "expect: 100-continue", length(mark), "", body(mark)), [100, 401]),
  tried("+", "an override of the method", ({ mx }, mark) => lines("GET /loki/api/v1/push HTTP/1.1", HOST, bearer(mx), "x-http-method-override: POST", "x-method-override: POST", length(mark), "", body(mark)), [404]),
  tried("+", "another path by headers", mxWith("x-original-url: /loki/api/v1/delete", "x-rewrite-url: /api/v1/push", "x-envoy-original-path: /api/v1/push"), [204], MX),
  tried("+", "a path of 30,000 letters", ({ mx }) => lines(`GET /${"x".repeat(30_000)} HTTP/1.1`, HOST, bearer(mx), "", ""), [404]),
  tried("+", "a path of 40,000 letters", ({ mx }) => lines(`GET /${"x".repeat(40_000)} HTTP/1.1`, HOST, bearer(mx), "", ""), [431]),
  tried("+", "101 headers", mxWith(...Array.from({ length: 101 }, (_, index) => `x-${index}: 1`)), [431]),
  tried("+", "a credential on the first of two requests", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), length(mark), "", body(mark) + lines(PUSH, HOST, JSON_TYPE, length(mark), "", body(mark))), [204, 401], MX),
  tried("+", "a credential on the second of two requests: the first one ends the connection", ({ mx }, mark) => lines(PUSH, HOST, JSON_TYPE, length(mark), "", body(mark) + lines(PUSH, HOST, JSON_TYPE, bearer(mx), length(mark), "", body(mark))), [401]),
  tried("+", "two tenants one after the other", ({ mx, pe }, mark) => lines(PUSH, HOST, JSON_TYPE, bearer(mx), length(mark), "", body(mark) + lines(PUSH, HOST, JSON_TYPE, bearer(pe), length(mark), "", body(mark))), [204, 204], ["tenant-mx", "tenant-pe"]),
  tried("+", "a whole request in the body of another", ({ mx, pe }, mark) => { const inner = lines(PUSH, HOST, bearer(pe), length(mark), "", body(mark)); return lines(PUSH, HOST, "content-type: text/plain", bearer(mx), `content-length: ${inner.length}`, "", inner); }, [204], MX),
]; // prettier-ignore

const PSEUDO = (path: string): readonly Header[] => [[":method", "POST"], [":path", path], [":scheme", "https"], [":authority", "localhost"]]; // prettier-ignore
type Fields = readonly Header[];

/** Fields of HTTP/2 that no client library would send, on every route that writes; who it is stored for, if anybody. */
const HTTP2: readonly (readonly [row: string, what: string, (given: Given, path: string, rest: Fields) => readonly [Fields, Fields?], string?])[] = [
  ["=", "a request", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx)]], "tenant-mx"],
  ["2", "two Authorization fields of different tenants", ({ mx, pe }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), auth(pe)]]],
  ["2", "an empty Authorization field before a good one", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, ["authorization", ""], auth(mx)]], "tenant-mx"],
  ["20", "x-scope-orgid twice", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["x-scope-orgid", "tenant-mx"], ["x-scope-orgid", "tenant-pe"]]], "tenant-mx"],
  ["22", "a name in capitals", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["X-Scope-OrgID", "tenant-pe"]]]],
  ["22", "x_scope_orgid", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["x_scope_orgid", "tenant-pe"]]]],
  ["22", "a line's end in a value", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["x-a", "b\r\nx-scope-orgid: tenant-pe"]]]],
  ["22", "a line's end in a name", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["x-a: b\r\nx-scope-orgid", "tenant-pe"]]]],
  ["22", "a zero byte in a value", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["x-scope-orgid", "tenant-\0pe"]]]],
  ["+", "two paths", ({ mx }, path, rest) => [[...PSEUDO(path), [":path", "/loki/api/v1/push"], ...rest, auth(mx)]]],
  ["+", "two methods", ({ mx }, path, rest) => [[...PSEUDO(path), [":method", "GET"], ...rest, auth(mx)]]],
  ["+", "a path without a slash", ({ mx }, path, rest) => [[...PSEUDO(path.slice(1)), ...rest, auth(mx)]]],
  ["+", "no path", ({ mx }, path, rest) => [[...PSEUDO(path).filter(([name]) => name !== ":path"), ...rest, auth(mx)]]],
  ["+", "a pseudo-header behind a header", ({ mx }, path, rest) => [[...rest, ...PSEUDO(path), auth(mx)]]],
  ["+", "a pseudo-header that nobody knows", ({ mx }, path, rest) => [[...PSEUDO(path), [":tenant", "tenant-pe"], ...rest, auth(mx)]]],
  ["+", "a space in the path", ({ mx }, path, rest) => [[...PSEUDO(`${path} HTTP/1.1`), ...rest, auth(mx)]]],
  ["+", "a line's end in the path", ({ mx }, path, rest) => [[...PSEUDO(`${path} HTTP/1.1\r\nx-scope-orgid: tenant-pe\r\n`), ...rest, auth(mx)]]],
  ["+", "transfer-encoding", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["transfer-encoding", "chunked"]]]],
  ["+", "connection", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["connection", "x-scope-orgid"]]]],
  ["+", "a length that is not the body's", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["content-length", "3"]]]],
  ["+", "another tenant in trailers", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx)], [["x-scope-orgid", "tenant-pe"], ["x-user-id", "forged"]]], "tenant-mx"],
  ["+", "a credential in trailers", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest], [auth(mx)]]],
  ["+", "Host beside authority", ({ mx }, path, rest) => [[...PSEUDO(path), ...rest, auth(mx), ["host", "tenant-pe"]]], "tenant-mx"],
  ["+", "CONNECT", ({ mx }) => [[[":method", "CONNECT"], [":authority", "loki:3100"], auth(mx)]]],
  ["+", "extended CONNECT", ({ mx }, path) => [[...PSEUDO(path).slice(1), [":method", "CONNECT"], [":protocol", "websocket"], auth(mx)]]],
]; // prettier-ignore

const auth = (token: string): Header => ["authorization", `Bearer ${token}`];

describe("what no well-behaved client sends", () => {
  let world: World;
  let given: Given;
  beforeAll(async () => {
    world = await World.open();
    const [mx, pe] = await Promise.all([world.lab.token("agent-mx"), world.lab.token("agent-pe")]);
    given = { mx, pe };
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** Which organisations it arrived for. */
  const arrived = (mark: string) =>
    world.lab.store
      .received()
      .filter(
        ({ body: sent, query, path }) => sent.includes(mark) || query.includes(mark) || path.includes(mark),
      )
      .map(({ tenant }) => tenant);

  /** Those that have another number of audit records than they should. */
  const unrecorded = async (records: ReadonlyMap<string, readonly [what: string, count: number]>) => {
    await world.ledger.audit([...records.keys()]);
    return [...records].flatMap(([source, [what, count]]) => {
      const found = world.ledger.audited(source).map(({ details }) => details);
      return found.length === count ? [] : [`${what}: ${found.length} audit records: ${found.join(", ")}`];
    });
  };

  /** What arrived of which nobody knows. */
  const strays = () =>
    world.lab.store
      .received()
      .filter(
        (one) => !isOurs(one) && !/iso_[a-z0-9]{12}/.test(`${one.body.toString("latin1")} ${one.query}`),
      );

  it("over HTTP/1.1 is refused, or is its own tenant's", async () => {
    const found: unknown[] = [];
    const records = new Map<string, readonly [what: string, count: number]>();
    await each(HTTP1, async ({ row, what, bytes, statuses: expected, as }) => {
      const [mark, source] = [world.ledger.mark(), world.ledger.source()];
      const sent = Buffer.from(bytes(given, mark), "latin1");
      const answer = await rawBytes(world.lab, "otlpHttp", source, "http/1.1", sent);
      const got = { statuses: statuses(answer), as: arrived(mark).sort() };
      if (JSON.stringify(got) !== JSON.stringify({ statuses: expected, as }))
        found.push([`${row}: ${what}`, got]);
      if (/tenant-|agent-|127\.0/.test(answer.toString())) found.push([`${row}: ${what} names somebody`]);
      records.set(source, [`${row}: ${what}`, expected.filter((status) => status !== 100).length]);
    });
    expect([found, await unrecorded(records), strays()]).toEqual([[], [], []]);
  }, 60_000);

  it("over HTTP/2 is refused, or is its own tenant's, on every route that writes", async () => {
    const found: unknown[] = [];
    const records = new Map<string, readonly [what: string, count: number]>();
    await each(
      HTTP2.flatMap((one) => WRITES.map((to) => [one, to] as const)),
      async ([[row, what, fields, as], to]) => {
        const [mark, source] = [world.ledger.mark(), world.ledger.source()];
        const item = marked(to, mark);
        const rest: Fields = [["content-type", item.contentType], ...Object.entries(item.headers)];
        const [headers, trailers] = fields(given, to.path, rest);
        const [listener = "otlpHttp"] = to.listeners;
        const answer = await rawBytes(
          world.lab,
          listener,
          source,
          "h2",
          http2Bytes(headers, item.body, trailers),
        );
        const got = arrived(mark);
        if (JSON.stringify(got) !== JSON.stringify(as === undefined ? [] : [as]))
          found.push([`${row}: ${what} | ${to.id}`, got, http2Refused(answer)]);
        records.set(source, [`${row}: ${what} | ${to.id}`, 1]);
      },
    );
    expect([found, await unrecorded(records), strays()]).toEqual([[], [], []]);
  }, 60_000);
});
