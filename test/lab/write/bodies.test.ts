import { connect } from "node:http2";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { snappy } from "../../../src/client/snappy";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { LARGEST_OTLP } from "../../../src/model/sizes";
import { route } from "../faults/load";
import { sharedLab } from "../shared";
import { framed, Hand, told, type Sent } from "./edge";

const MARK = "body_mark_end";
const LOGS = marked(route("otlp-http-logs"), MARK).body;
const TRACES = marked(route("otlp-http-traces"), MARK).body;
const JSON_LOGS = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: MARK } }] }] }] }); // prettier-ignore

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const packed = (encoding: string) => ({ ...PROTOBUF, "content-encoding": encoding });
const grpcPacked = (encoding: string) => ({ "grpc-encoding": encoding });
/** Bytes that are no text, of any length, that no protobuf message begins with. */
const garbage = (length: number): Buffer => Buffer.alloc(length, 0xff);
/** A valid log request with a body of this many bytes in all. */
function logsOf(length: number): Buffer {
  const varint = (value: number): Buffer => Buffer.from([value & 127 | 128, value >> 7 & 127 | 128, value >> 14 & 127 | 128, value >> 21]); // prettier-ignore
  let value = Buffer.alloc(length - 25, "x");
  for (const field of [0x0a, 0x2a, 0x12, 0x12, 0x0a])
    value = Buffer.concat([Buffer.from([field]), varint(value.length), value]);
  return value;
}

const MALFORMED = "400 body_malformed";
const TOO_LARGE = "413 body_too_large";
const NO_TYPE = "415 content_type_unsupported";
const NO_PACKING = "415 encoding_unsupported";

type Row = readonly [what: string, headers: NonNullable<Sent["headers"]>, body: Buffer | string, answer: string]; // prettier-ignore

const OTLP: readonly Row[] = [
  ["protobuf", PROTOBUF, LOGS, "200"],
  ["JSON", JSON_TYPE, JSON_LOGS, "200"],
  ["JSON that names its character set", { "content-type": "application/json; charset=utf-8" }, JSON_LOGS, "200"],
  ["gzip", packed("gzip"), gzipSync(LOGS), "200"],
  ["JSON in gzip", { ...JSON_TYPE, "content-encoding": "gzip" }, gzipSync(JSON_LOGS), "200"],
  ["deflate", packed("deflate"), deflateSync(LOGS), "200"],
  ["snappy", packed("snappy"), snappy(LOGS), "200"],
  ["no body", PROTOBUF, "", "200"],
  ["an empty object", JSON_TYPE, "{}", "200"],
  ["a field that nobody knows", JSON_TYPE, '{"resourceDreams":[]}', "200"],
  ["no content type", {}, LOGS, NO_TYPE],
  ["another content type", { "content-type": "text/plain" }, LOGS, NO_TYPE],
  ["nearly its content type", { "content-type": "application/protobuf" }, LOGS, NO_TYPE],
  ["half a content type", { "content-type": ";" }, LOGS, NO_TYPE],
  ["zstd", packed("zstd"), zstdCompressSync(LOGS), NO_PACKING],
  ["brotli", packed("br"), brotliCompressSync(LOGS), NO_PACKING],
  ["a packing that nobody knows, and no content type", { "content-encoding": "br" }, LOGS, NO_PACKING],
  ["two packings", packed("gzip, gzip"), gzipSync(gzipSync(LOGS)), NO_PACKING],
  ["zstd behind another packing", packed("gzip, zstd"), gzipSync(LOGS), NO_PACKING],
  ["gzip that is none", packed("gzip"), LOGS, MALFORMED],
  ["gzip that ends too early", packed("gzip"), gzipSync(LOGS).subarray(0, 30), MALFORMED],
  ["deflate without its head", packed("deflate"), deflateRawSync(LOGS), MALFORMED],
  ["snappy that is none", packed("snappy"), "zzzzzzzzzzzz", MALFORMED],
  ["gzip that is none, and no content type", { "content-encoding": "gzip" }, LOGS, MALFORMED],
  ["protobuf that ends too early", PROTOBUF, LOGS.subarray(0, -3), MALFORMED],
  ["protobuf that is none", PROTOBUF, garbage(100), MALFORMED],
  ["JSON as protobuf", PROTOBUF, JSON_LOGS, MALFORMED],
  ["protobuf as JSON", JSON_TYPE, LOGS, MALFORMED],
  ["bytes that are no text as JSON", JSON_TYPE, garbage(100), MALFORMED],
  ["no body as JSON", JSON_TYPE, "", MALFORMED],
  ["a list", JSON_TYPE, "[]", MALFORMED],
  ["a number where a list belongs", JSON_TYPE, '{"resourceLogs":5}', MALFORMED],
  ["a text where a list belongs", JSON_TYPE, '{"resourceLogs":[{"scopeLogs":"x"}]}', MALFORMED],
  ["JSON that is nested without end", JSON_TYPE, `{"x":${"[".repeat(1e6)}`, MALFORMED],
  ["another signal's", PROTOBUF, TRACES, MALFORMED],
  ["as large as may be", PROTOBUF, logsOf(LARGEST_OTLP), "200"],
  ["as large as may be, packed", packed("gzip"), gzipSync(logsOf(LARGEST_OTLP)), "200"],
  ["as large as may be, in snappy", packed("snappy"), snappy(logsOf(LARGEST_OTLP - 64)), "200"],
  ["a byte too large", PROTOBUF, logsOf(LARGEST_OTLP + 1), TOO_LARGE],
  ["a byte too large, and does not say so", { ...PROTOBUF, "transfer-encoding": "chunked" }, logsOf(LARGEST_OTLP + 1), TOO_LARGE],
  ["a byte too large when unpacked", packed("gzip"), gzipSync(logsOf(LARGEST_OTLP + 1)), TOO_LARGE],
  ["a byte too large when unpacked, from deflate", packed("deflate"), deflateSync(logsOf(LARGEST_OTLP + 1)), TOO_LARGE],
  ["says that it is too large when unpacked", packed("snappy"), snappy(Buffer.alloc(2 * LARGEST_OTLP)).subarray(0, 64), TOO_LARGE],
]; // prettier-ignore

const GRPC: readonly Row[] = [
  ["a message", {}, framed(LOGS), "grpc 0"],
  ["gzip", grpcPacked("gzip"), framed(gzipSync(LOGS), { packed: 1 }), "grpc 0"],
  ["identity", grpcPacked("identity"), framed(LOGS), "grpc 0"],
  ["an empty message", {}, framed(Buffer.alloc(0)), "grpc 0"],
  ["with +proto", { "content-type": "application/grpc+proto" }, framed(LOGS), "grpc 0"],
  // UNIMPLEMENTED
  ["zstd", grpcPacked("zstd"), framed(zstdCompressSync(LOGS), { packed: 1 }), "grpc 12"],
  ["a packing that nobody knows", grpcPacked("br"), framed(LOGS, { packed: 1 }), "grpc 12"],
  // INTERNAL, as gRPC has it: senders drop it, where they would send UNAVAILABLE for ever.
  ["gzip that is none", grpcPacked("gzip"), framed(LOGS, { packed: 1 }), "grpc 13"],
  ["gzip that ends too early", grpcPacked("gzip"), framed(gzipSync(LOGS).subarray(0, 30), { packed: 1 }), "grpc 13"],
  ["snappy that is none", grpcPacked("snappy"), framed(LOGS, { packed: 1 }), "grpc 13"],
  ["packed, and does not say how", {}, framed(LOGS, { packed: 1 }), "grpc 13"],
  ["a frame of no kind", {}, framed(LOGS, { packed: 7 }), "grpc 13"],
  ["protobuf that ends too early", {}, framed(LOGS.subarray(0, -3)), "grpc 13"],
  ["protobuf that is none", {}, framed(garbage(100)), "grpc 13"],
  ["another signal's", {}, framed(TRACES), "grpc 13"],
  // A connection that broke looks the same: it may be sent again.
  ["half a message", {}, framed(LOGS.subarray(0, 20), { length: LOGS.length }), "grpc 14"],
  ["no message", {}, Buffer.alloc(0), "grpc 14"],
  ["another content type", { "content-type": "application/json" }, framed(LOGS), "grpc 3"],
  ["as large as may be", {}, framed(logsOf(LARGEST_OTLP)), "grpc 0"],
  // RESOURCE_EXHAUSTED without RetryInfo: senders drop it.
  ["too large when unpacked", grpcPacked("gzip"), framed(gzipSync(logsOf(LARGEST_OTLP + 1)), { packed: 1 }), "grpc 8"],
]; // prettier-ignore

describe("bodies as nobody should send them", () => {
  let lab: Lab;
  let hand: Hand;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    hand = new Hand(lab);
  }, 180_000);

  it.each([
    ["otlp-http-logs", OTLP],
    ["otlp-grpc-logs", GRPC],
  ] as const)(
    "by %s get the answer that is theirs, and only good ones arrive",
    async (by, rows) => {
      lab.store.clear();
      const found: (readonly [string, string])[] = [];
      for (const [what, headers, body] of rows)
        found.push([what, told(await hand.send({ by, headers, body }))]);
      expect(found).toEqual(rows.map(([what, , , answer]) => [what, answer]));
      const good = rows.filter(([what, , , answer]) => /^200|^grpc 0/.test(answer) && !EMPTY.test(what));
      expect(lab.stored({ backend: "loki" }).map(({ tenant }) => tenant)).toEqual(
        good.map(() => "tenant-mx"),
      );
    },
    60_000,
  );

  it.each([
    ["gzip", "zstd"],
    ["zstd", "gzip"],
  ])(
    "over gRPC with two packings, %s and %s, are refused: the collector would take one of them",
    async (...packings) => {
      lab.store.clear();
      const session = connect(`https://${lab.urls.otlpGrpc}`, { ca: lab.ca });
      try {
        const stream = session.request({
          ":method": "POST",
          ":path": route("otlp-grpc-logs").path,
          "content-type": "application/grpc",
          te: "trailers",
          authorization: `Bearer ${await lab.token("agent-mx")}`,
          "grpc-encoding": packings,
        });
        const status = new Promise((resolve, reject) => {
          stream.on("error", reject).on("response", (headers) => {
            resolve(headers["grpc-status"]);
          });
        });
        stream.end(framed(zstdCompressSync(LOGS), { packed: 1 }));
        expect(await status).toBe("12");
      } finally {
        session.destroy();
      }
      expect(lab.stored({ backend: "loki" })).toEqual([]);
    },
    60_000,
  );
});

/** Accepted, and there is nothing in it. */
const EMPTY = /^(no body|an empty|a field)/;
