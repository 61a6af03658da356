import { LRUCache } from "lru-cache";
import type { Principal } from "./ports";

export interface Limit {
  /** Per second. */
  readonly rate: number;
  /** At once. */
  readonly burst: number;
}

/** Of one caller. Per replica, as all of these: a first line, as Envoy's are. */
export const CALLER: Limit = { rate: 20, burst: 40 };
/** Of all callers of a tenant together: what each of them does is recorded in a store that all tenants share. */
export const TENANT: Limit = { rate: 60, burst: 120 };
/** Tokens of one client or person: one lives for five minutes. */
export const TOKENS: Limit = { rate: 1, burst: 20 };
/** Callers that are remembered; who was forgotten begins anew. */
const MAXIMUM = 10_000;

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  at: number;
}

/** Whether one more may be let through for this name now. */
export function limiter(
  { rate, burst }: Limit,
  now: () => number = () => performance.now(),
  maximum = MAXIMUM,
): (name: string) => boolean {
  const buckets = new LRUCache<string, Bucket>({ max: maximum });
  return (name) => {
    const at = now();
    const before = buckets.get(name) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + ((at - before.at) / 1_000) * rate);
    const good = tokens >= 1;
    buckets.set(name, { tokens: good ? tokens - 1 : tokens, at });
    return good;
  };
}

/** Whether this caller, and his tenant, may send one more request now. */
export function callerLimit(now?: () => number, maximum?: number): (principal: Principal) => boolean {
  const [callers, tenants] = [limiter(CALLER, now, maximum), limiter(TENANT, now, maximum)];
  // The caller first: what he may not send takes nothing of his tenant's.
  return (principal) => callers(nameOf(principal)) && tenants(principal.tenant.orgId);
}

/** No part of it holds a space. */
export const nameOf = ({ kind, user, tenant }: Principal): string => `${tenant.orgId} ${kind} ${user}`;
