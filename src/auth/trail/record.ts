import { randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { orgId, type OrgId, PLATFORM_TENANT } from "../../model/names";
import { StoreUnavailable } from "../api/ports";
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditEvent, type AuditRecord } from "../api/audit";

/** Of the stream's selector, and what tells an audit record from a tenant's own logs. */
export const JOB = "audit_logs";

/** What is said of a delivery, not of the act. */
export interface Delivery {
  /** It was begun before, and may have come: readers look at ids. */
  readonly redelivered: boolean;
  /** Loki took no entry of that time any more: it stands at the time of its delivery. */
  readonly late: boolean;
}

const NANOSECONDS = 1_000_000;
/** Within one millisecond: of one process counted up, of several from another beginning. */
const FIRST = randomInt(NANOSECONDS / 2);
let last = { time: 0, count: 0 };

/**
 * Unix time in nanoseconds, 19 digits, and chance: ids sort by time, and those of one process in the order of their making.
 * @param time ISO 8601
 */
export function newId(time: string): string {
  const milliseconds = Date.parse(time);
  last = { time: milliseconds, count: milliseconds === last.time ? last.count + 1 : 0 };
  const within = (FIRST + last.count) % NANOSECONDS;
  const nanoseconds = BigInt(milliseconds) * BigInt(NANOSECONDS) + BigInt(within);
  return `${`${nanoseconds}`.padStart(19, "0")}-${randomBytes(6).toString("hex")}`;
}

const ID = /^[0-9]{19}-[0-9a-f]{12}$/;

/** Unix time in nanoseconds, as Loki takes it. */
export const nanosecondsOf = (id: string): string => id.slice(0, 19);
/** Unix time in seconds. */
export const secondsOf = (id: string): number => Number(nanosecondsOf(id)) / 1e9;

/** Keeps a copy of every record. No tenant's credential writes there, so that nobody hides a record among others. */
export const PLATFORM = orgId(PLATFORM_TENANT);

/** Whose a record is: nobody's, of a token that was not issued, is the platform's. */
export const ownerOf = ({ tenant }: Pick<AuditEvent, "tenant">): OrgId => tenant ?? PLATFORM;

/**
 * A keyed hash of a text, by a key that only this service has: a tenant may write its own logs, and with them what looks like a
 * record. Undefined while the key is not known.
 */
export type Seal = (text: string) => string | undefined;

/** The act, its keys in one order. */
const actOf = (record: AuditRecord) => ({
  id: record.id,
  time: record.time,
  action: record.action,
  tenant: record.tenant,
  user: record.user,
  outcome: record.outcome,
  request_id: record.requestId,
  target: record.target,
});

/** Nothing else that is hashed with that key begins so. */
const sealed = (record: AuditRecord, late: boolean, seal: Seal): string | undefined =>
  seal(`audit\n${JSON.stringify({ ...actOf(record), ...(late && { late }) })}`);

/** One line of JSON; undefined while it cannot be sealed. `redelivered` is not sealed: it proves nothing. */
export function lineOf(record: AuditRecord, { redelivered, late }: Delivery, seal: Seal): string | undefined {
  const proof = sealed(record, late, seal);
  if (proof === undefined) return undefined;
  return JSON.stringify({
    ...actOf(record),
    seal: proof,
    ...(late && { late }),
    ...(redelivered && { redelivered }),
  });
}

const lineSchema = z.object({
  id: z.string().regex(ID),
  time: z.iso.datetime({ offset: true }),
  action: z.enum(AUDIT_ACTIONS),
  user: z.string().optional(),
  outcome: z.enum(AUDIT_OUTCOMES),
  request_id: z.string(),
  target: z.string().optional(),
  seal: z.string().regex(/^[0-9a-f]{64}$/),
  late: z.literal(true).optional(),
  redelivered: z.literal(true).optional(),
});

/** A line, and where it stands in Loki. */
export interface Found {
  /** Unix time in nanoseconds. */
  readonly at: string;
  readonly line: string;
  /** Of its stream. */
  readonly action: string | undefined;
}

/** Undefined of a line that is no record of ours and of this tenant, or that stands elsewhere than we put it. */
export function readLine({ line, ...place }: Found, tenant: OrgId, seal: Seal): AuditRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { id, time, action, user, outcome, request_id: requestId, target, late = false } = parsed.data;
  if (action !== place.action || (!late && place.at !== nanosecondsOf(id))) return undefined;
  const record = {
    id,
    time,
    action,
    tenant,
    user,
    outcome,
    requestId,
    ...(target !== undefined && { target }),
  };
  const proof = sealed(record, late, seal);
  if (proof === undefined) throw new StoreUnavailable("The key of the audit's seals is not known.");
  return timingSafeEqual(Buffer.from(proof), Buffer.from(parsed.data.seal)) ? record : undefined;
}
