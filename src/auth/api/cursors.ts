import { crc32 } from "node:zlib";
import { Problem } from "./problems";

const SUM_BYTES = 4;

/**
 * A store's cursor as it is given out: with a sum over itself and the list that it is of, so that one of another list, another
 * tenant, or of nobody is refused before the store sees it. That is no secret, and need not be: each list holds one tenant's alone.
 * @param list what the cursor is of: the tenant, the kind and the filter
 */
export function sealed(list: readonly string[], next: string | undefined): string | undefined {
  if (next === undefined) return undefined;
  return Buffer.concat([sum(list, next), Buffer.from(next)]).toString("base64url");
}

/** Throws the problem `invalid_cursor`. */
export function opened(list: readonly string[], cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, "base64url");
  const next = bytes.subarray(SUM_BYTES).toString("utf8");
  // Compared as text: several texts mean the same bytes, and one of them was given out.
  if (sealed(list, next) !== cursor) throw new Problem("invalid_cursor");
  return next;
}

function sum(list: readonly string[], next: string): Buffer {
  const bytes = Buffer.alloc(SUM_BYTES);
  bytes.writeUInt32BE(crc32(JSON.stringify([...list, next])));
  return bytes;
}
