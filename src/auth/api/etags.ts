import { Problem } from "./problems";
import type { Condition } from "./ports";

/** An entity tag of the store as HTTP writes it. */
export const quoted = (etag: string): string => `"${etag}"`;

const TAG = /^(W\/)?"([\x21\x23-\x7e]{1,128})"$/;

/**
 * What a write depends on. `If-Match` takes one entity tag, `If-None-Match` only `*`: there must be nothing yet. Without any, the
 * last writer wins. A weak tag never matches (RFC 9110, strong comparison).
 */
export function conditionOf(ifMatch: string | undefined, ifNoneMatch: string | undefined): Condition {
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw wrong("if-none-match", "If-Match and If-None-Match together cannot both hold: send one of them.");
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== "*") throw wrong("if-none-match", "For a write it can only be *.");
    return { ifNoneMatch };
  }
  if (ifMatch === undefined) return {};
  const [, weak, etag] = TAG.exec(ifMatch) ?? [];
  if (etag === undefined)
    throw wrong("if-match", 'It must be one entity tag as it was given, such as "4f2a".');
  if (weak !== undefined) throw new Problem("precondition_failed");
  return { ifMatch: etag };
}

/** Whether a reader who sends this `If-None-Match` has the entry as it is. */
export const hasAlready = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(",").some((one) => {
    const tag = one.trim();
    return tag === "*" || TAG.exec(tag)?.[2] === etag;
  }) === true;

const wrong = (field: string, message: string): Problem =>
  new Problem("invalid_request", { errors: [{ in: "header", field, message }] });
