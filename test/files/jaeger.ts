import { Client, credentials } from "@grpc/grpc-js";

/** One span, as Jaeger's clients send it. */
export interface JaegerSpan {
  readonly service: string;
  readonly name: string;
}

const START = 1_700_000_000_000_000n;

/** Thrift's binary protocol: a field is its type, its number and its value; 0 ends a struct. */
const field = (type: number, id: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, id >> 8, id & 0xff]), value]);
const struct = (...fields: readonly Buffer[]): Buffer => Buffer.concat([...fields, Buffer.from([0])]);
const i64 = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
};
const i32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([i32(Buffer.byteLength(value)), Buffer.from(value)]);
const [STRUCT, LIST, I64, I32, STRING] = [12, 15, 10, 8, 11] as const;

/** A `jaeger.Batch` of one span. */
export const thriftBatch = ({ service, name }: JaegerSpan): Buffer =>
  struct(
    field(STRUCT, 1, struct(field(STRING, 1, text(service)))),
    field(
      LIST,
      2,
      Buffer.concat([
        Buffer.from([STRUCT]),
        i32(1),
        struct(
          ...[7n, 7n, 9n, 0n].map((value, at) => field(I64, at + 1, i64(value))),
          field(STRING, 5, text(name)),
          field(I32, 7, i32(1)),
          field(I64, 8, i64(START)),
          field(I64, 9, i64(1_000n)),
        ),
      ]),
    ),
  );

/** Protobuf's fields of bytes; none here is longer than 127. */
const bytes = (id: number, value: Buffer | string): Buffer => {
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([(id << 3) | 2, content.length]), content]);
};
/** A `google.protobuf.Timestamp` or `Duration` of some seconds. */
const seconds = Buffer.from([0x08, 0x64]);

/** A `jaeger.api_v2.PostSpansRequest` of one span. */
const request = ({ service, name }: JaegerSpan): Buffer => {
  const span = Buffer.concat([
    bytes(1, Buffer.alloc(16, 3)),
    bytes(2, Buffer.alloc(8, 4)),
    bytes(3, name),
    bytes(6, seconds),
    bytes(7, seconds),
  ]);
  return bytes(1, Buffer.concat([bytes(1, span), bytes(2, bytes(1, service))]));
};

/** Sends a span by Jaeger's gRPC. */
export async function postSpan(address: string, span: JaegerSpan): Promise<void> {
  const client = new Client(address, credentials.createInsecure());
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        "/jaeger.api_v2.CollectorService/PostSpans",
        request,
        (answer) => answer,
        span,
        (error) => {
          if (error === null) resolve();
          else reject(error);
        },
      );
    });
  } finally {
    client.close();
  }
}
