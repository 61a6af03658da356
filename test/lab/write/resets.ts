import type { Header } from "../isolation/wire";

const FRAME = { headers: 1, reset: 3, settings: 4 } as const;
const END_HEADERS = 0x4;
const CANCEL = Buffer.from([0, 0, 0, 8]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK: a length of text (RFC 7541, 5.1 with 7 bits), and the text. */
function text(content: string): Buffer {
  const bytes = Buffer.from(content, "latin1");
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** What an HTTP/2 client begins with. */
export const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(FRAME.settings, 0, 0, Buffer.alloc(0)),
]);

/** A request that is taken back at once: no client library would send it. */
export function resetStream(stream: number, fields: readonly Header[]): Buffer {
  const block = fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]));
  return Buffer.concat([
    frame(FRAME.headers, END_HEADERS, stream, Buffer.concat(block)),
    frame(FRAME.reset, 0, stream, CANCEL),
  ]);
}
