import { createHash } from "node:crypto";
import type { Signal } from "../model/names";
import type { Route } from "../model/routes";
import { snappy } from "./snappy";

/** One item of telemetry that can be found again by its mark, as a sender puts it on the wire. */
export interface Marked {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A mark is a metric's name, a log line and a span's name alike. */
const MARK = /^[a-z][a-z0-9_]{7,}$/;

/** The id of the trace whose span carries a mark: 32 hexadecimal digits. */
export const traceId = (mark: string): string => createHash("md5").update(mark).digest("hex");

/** What a sender would send to a write route of the table. Throws for routes that do not write. */
export function marked(route: Route, mark: string): Marked {
  if (!MARK.test(mark)) throw new Error(`"${mark}" is not a mark: ${String(MARK)}`);
  if (!("signal" in route.right) || route.right.verb !== "write")
    throw new Error(`${route.id} is not for writing.`);
  const { signal } = route.right;
  switch (route.upstream) {
    case "collectorGrpc":
      return {
        contentType: "application/grpc",
        headers: { te: "trailers" },
        body: framed(otlp(signal, mark)),
      };
    case "collectorHttp":
      return { contentType: "application/x-protobuf", headers: {}, body: otlp(signal, mark) };
    case "loki":
      return { contentType: "application/json", headers: {}, body: lokiPush(mark) };
    case "mimir":
      return {
        contentType: "application/x-protobuf",
        headers: { "content-encoding": "snappy", "x-prometheus-remote-write-version": "0.1.0" },
        body: snappy(remoteWrite(mark)),
      };
    case "auth":
    case "tempo":
      throw new Error(`${route.id} leads to ${route.upstream}, which takes no telemetry.`);
    default:
      return route.upstream satisfies never;
  }
}

/** A gRPC message: not compressed, its length, itself. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A field of protobuf that is text, bytes or a message, of less than 16,384 bytes. */
function field(number: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = value.length < 0x80 ? [value.length] : [(value.length & 0x7f) | 0x80, value.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}

/** A field of eight bytes, whole number or fraction. */
function fixed(number: number, value: bigint | number): Buffer {
  const field = Buffer.alloc(9);
  field[0] = (number << 3) | 1;
  if (typeof value === "bigint") field.writeBigUInt64LE(value, 1);
  else field.writeDoubleLE(value, 1);
  return field;
}

function varint(number: number, value: bigint): Buffer {
  const bytes = [number << 3];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** An export request of OTLP (opentelemetry-proto 1.x): a resource, a scope, and in it one item. */
const otlp = (signal: Signal, mark: string): Buffer => field(1, field(2, field(2, ITEMS[signal](mark))));

const ITEMS: Readonly<Record<Signal, (mark: string) => Buffer>> = {
  logs: (mark) => Buffer.concat([fixed(1, now()), field(5, field(1, mark))]),
  metrics: (mark) => Buffer.concat([field(1, mark), field(5, field(1, fixed(3, now()), fixed(4, 1)))]),
  traces: (mark) => {
    const id = Buffer.from(traceId(mark), "hex");
    const name = Buffer.concat([field(1, id), field(2, id.subarray(8)), field(5, mark)]);
    return Buffer.concat([name, fixed(7, now()), fixed(8, now() + 1_000_000n)]);
  },
};

const lokiPush = (mark: string): Buffer =>
  Buffer.from(
    JSON.stringify({ streams: [{ stream: { service_name: "lab" }, values: [[`${now()}`, mark]] }] }),
  );

/** Remote write 1.0: one series with one sample. */
const remoteWrite = (mark: string): Buffer =>
  field(
    1,
    field(1, field(1, "__name__"), field(2, mark)),
    field(2, fixed(1, 1), varint(2, BigInt(Date.now()))),
  );
