/** Snappy's block format (google/snappy, format_description.txt): what remote write and Loki's push come in. */

/** Larger than any body that passes the edge becomes. */
const LARGEST = 256 * 1024 ** 2;

/** Throws when it is not Snappy. */
export function unsnappy(packed: Buffer): Buffer {
  let at = 0;
  const byte = (): number => {
    const value = packed[at++];
    if (value === undefined) throw new Error("snappy: ends too early");
    return value;
  };
  const little = (bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index++) value += byte() * 256 ** index;
    return value;
  };

  let length = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    const part = byte();
    length += (part & 0x7f) * 2 ** shift;
    more = part >= 0x80;
  }
  if (length > LARGEST) throw new Error(`snappy: says it is ${length} bytes`);
  const plain = Buffer.alloc(length);
  let end = 0;
  const repeat = (count: number, offset: number): void => {
    if (offset < 1 || offset > end || end + count > length) throw new Error("snappy: copies from nowhere");
    // One by one, because a copy may reach into what it has just written.
    for (let index = 0; index < count; index++, end++) plain[end] = plain[end - offset] ?? 0;
  };
  while (at < packed.length) {
    const tag = byte();
    const kind = tag & 3;
    const size = tag >> 2;
    if (kind === 0) {
      const count = (size < 60 ? size : little(size - 59)) + 1;
      if (at + count > packed.length || end + count > length)
        throw new Error("snappy: a literal is too long");
      end += packed.copy(plain, end, at, at + count);
      at += count;
    } else if (kind === 1) repeat((size & 7) + 4, ((tag >> 5) << 8) + byte());
    else repeat(size + 1, little(kind === 2 ? 2 : 4));
  }
  if (end !== length) throw new Error(`snappy: has ${end} bytes and says ${length}`);
  return plain;
}

/** Valid Snappy that compresses nothing: for what is sent to try something. */
export function snappy(plain: Buffer): Buffer {
  const head: number[] = [];
  let rest = plain.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) + 0x80);
  head.push(rest);
  if (plain.length === 0) return Buffer.from(head);
  const literal = Buffer.alloc(5);
  literal[0] = 63 << 2;
  literal.writeUInt32LE(plain.length - 1, 1);
  return Buffer.concat([Buffer.from(head), literal, plain]);
}
