import type { Listener } from "../../../src/model/routes";
import { rawTls, type Edge, type Header } from "./wire";

const TIMEOUT_MS = 2_000;
/** After the last byte that came: nothing more is coming. */
const QUIET_MS = 150;

/** Writes bytes to a listener as they are, and returns all that comes back until it is silent or closed. */
export async function rawBytes(
  lab: Edge,
  listener: Listener,
  source: string,
  alpn: "h2" | "http/1.1",
  bytes: Buffer | string,
): Promise<Buffer> {
  const socket = await rawTls(lab, listener, source, alpn);
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(all);
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    const all = setTimeout(done, TIMEOUT_MS);
    let quiet: NodeJS.Timeout | undefined;
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(quiet);
      quiet = setTimeout(done, QUIET_MS);
    });
    socket.on("error", done).on("end", done).on("close", done);
    socket.write(bytes);
  });
}

/** Statuses of the answers in an HTTP/1.1 connection. */
export const statuses = (answer: Buffer): readonly number[] =>
  [...answer.toString("latin1").matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));

/** An HTTP/1.1 request as lines; the last of them is the body. */
export const lines = (...parts: readonly string[]): string => parts.join("\r\n");

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, goaway: 7 } as const;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK (RFC 7541, 6.2.2): a field that is written out and remembered nowhere. Lengths up to 16,510. */
function literal([name, value]: Header): Buffer {
  const text = (content: string): Buffer => {
    const bytes = Buffer.from(content, "latin1");
    const rest = bytes.length - 127;
    const length =
      rest < 0 ? [bytes.length] : rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** One request of HTTP/2 on a new connection, its fields exactly as given: also what no client library would send. */
export const http2Bytes = (
  headers: readonly Header[],
  body: Buffer,
  trailers: readonly Header[] = [],
): Buffer =>
  Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(FRAME.settings, 0, 0, Buffer.alloc(0)),
    frame(FRAME.headers, 0x4, 1, Buffer.concat(headers.map(literal))),
    frame(FRAME.data, trailers.length === 0 ? 0x1 : 0, 1, body),
    ...(trailers.length === 0 ? [] : [frame(FRAME.headers, 0x5, 1, Buffer.concat(trailers.map(literal)))]),
  ]);

/** Whether the peer ended the stream or the connection without an answer. */
export function http2Refused(answer: Buffer): boolean {
  const types: number[] = [];
  for (let at = 0; at + 9 <= answer.length; at += 9 + answer.readUIntBE(at, 3))
    types.push(answer[at + 3] ?? 0);
  return types.includes(FRAME.reset) || types.includes(FRAME.goaway);
}
