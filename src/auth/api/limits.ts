import { LRUCache } from "lru-cache";
import type { Principal } from "./ports";

/** Requests per second of one caller, and how many at once. Per replica: a first line, as Envoy's are. */
export const RATE = 20;
export const BURST = 40;
/** Callers that are remembered; who was forgotten begins anew. */
const MAXIMUM = 10_000;

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  at: number;
}

/** Whether this caller may send one more request now. */
export function callerLimit(
  now: () => number = () => performance.now(),
  maximum = MAXIMUM,
): (principal: Principal) => boolean {
  const buckets = new LRUCache<string, Bucket>({ max: maximum });
  return ({ kind, user, tenant }) => {
    const caller = `${tenant.orgId} ${kind} ${user}`;
    const at = now();
    const before = buckets.get(caller) ?? { tokens: BURST, at };
    const tokens = Math.min(BURST, before.tokens + ((at - before.at) / 1_000) * RATE);
    const good = tokens >= 1;
    buckets.set(caller, { tokens: good ? tokens - 1 : tokens, at });
    return good;
  };
}
