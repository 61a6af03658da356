import { randomInt } from "node:crypto";
import { z } from "zod";
import type { ApiKey } from "../api/ports";

/** A key as it is stored: under its keyed hash, as JSON. The minute of its last use is elsewhere. */
export interface StoredKey extends Omit<ApiKey, "lastUsedAt"> {
  /** The key that ends when this one is used. */
  readonly replaces?: string;
}

const schema = z.strictObject({
  id: z.string(),
  label: z.string(),
  rights: z.array(z.string()),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().optional(),
  replacedBy: z.string().optional(),
  worksUntil: z.string().optional(),
  replaces: z.string().optional(),
});

/** Throws on anything that we have not written. */
export const parseRecord = (text: string): StoredKey => schema.parse(JSON.parse(text)) as StoredKey;

/** As its owner sees it. */
export function shownKey(stored: StoredKey, lastUsedAt: string | null): ApiKey {
  const { id, label, rights, createdBy, createdAt, expiresAt, replacedBy, worksUntil } = stored;
  return {
    ...{ id, label, rights, createdBy, createdAt },
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lastUsedAt !== null && { lastUsedAt }),
    ...(replacedBy !== undefined && { replacedBy }),
    ...(worksUntil !== undefined && { worksUntil }),
  };
}

/** Whether it works no more. @param now Unix time in milliseconds */
export function isEnded({ expiresAt, worksUntil }: StoredKey, now: number): boolean {
  return [expiresAt, worksUntil].some((end) => end !== undefined && !(Date.parse(end) > now));
}

/** Crockford's base32, in the order of ASCII. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** Characters of the time in milliseconds: enough for a thousand years. */
const TIME = 9;
const RANDOM = 7;

/** `key_` and 16 characters. Ids of later keys are greater, so that a list is in the order of their making. */
export function newId(now: number): string {
  let rest = now;
  let time = "";
  for (let place = 0; place < TIME; place++) {
    time = ALPHABET.charAt(rest % ALPHABET.length) + time;
    rest = Math.floor(rest / ALPHABET.length);
  }
  const random = Array.from({ length: RANDOM }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return `key_${time}${random}`;
}
