import { createHash } from "node:crypto";
import { joinPath } from "./wire";

/** What stands where a secret was. */
export const SECRET = "[secret]";
/** Longer texts are files: a plan holds their digest, so that it stays small and still shows a change. */
const INLINE = 1_024;

/**
 * A copy with sorted keys, the values at `secrets` (paths such as `uploads[0].content`) masked and long texts digested.
 * A path covers all that is below it.
 */
export function maskSecrets(value: unknown, secrets: readonly string[]): unknown {
  const masked = new Set(secrets);
  const copy = (entry: unknown, path: string): unknown => {
    if (masked.has(path)) return SECRET;
    if (typeof entry === "string") return entry.length > INLINE ? digest(entry) : entry;
    if (Array.isArray(entry)) return entry.map((item, index) => copy(item, `${path}[${index}]`));
    if (entry === null || typeof entry !== "object") return entry;
    return Object.fromEntries(
      Object.entries(entry)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, copy(item, joinPath(path, key))]),
    );
  };
  return copy(value, "");
}

const digest = (text: string): string =>
  `sha256:${createHash("sha256").update(text).digest("hex")} (${Buffer.byteLength(text)} bytes)`;
